"""What the city says it holds, compared with what it should hold: a pure function of the two."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.exchange.municipal.headings import same_text
from app.exchange.municipal.queries import differing
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.kernel.chain import canonical

Place = tuple[RecordKind, str]
"""Kind and key."""


class What(StrEnum):
    MISSING_THERE = "missing_there"
    MISSING_HERE = "missing_here"
    DIFFERENT = "different"
    OLDER = "older"
    NEWER_THERE = "newer_there"


@dataclass(frozen=True, slots=True)
class Ours:
    """A record of ours. `moving`: it is on its way, or went while the city was asked; `rejected`: the city has refused
    it, which is known. `content` is None for a tombstone."""

    id: int
    kind: RecordKind
    key: str
    project_id: int | None
    version: int
    op: Operation
    content: Mapping[str, Any] | None
    digest: str
    moving: bool = False
    rejected: bool = False


@dataclass(frozen=True, slots=True)
class Theirs:
    """A record as the city tells of it. What it does not tell is None: then it is not compared.

    `cells` is content from a file: only some fields, each as text.
    """

    kind: RecordKind
    key: str
    version: int | None = None
    op: Operation = Operation.PUT
    digest: str | None = None
    content: Mapping[str, Any] | None = None
    cells: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A record in which the two differ. `record_id` is None for one of which nothing is known here."""

    what: What
    kind: RecordKind
    key: str
    record_id: int | None
    project_id: int | None
    ours: int | None
    theirs: int | None
    fields: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences by kind and key; how many records were looked at, are on their way, are refused by the city."""

    differences: list[Difference]
    compared: int
    in_flight: int
    rejected: int

    def count(self, what: What) -> int:
        return sum(found.what is what for found in self.differences)


def compare(ours: Iterable[Ours], theirs: Iterable[Theirs]) -> Comparison:
    """Compare all of ours with all of theirs; of two of one kind and key the later version counts."""
    told = _newest(theirs)
    found: list[Difference] = []
    in_flight = rejected = compared = 0
    for mine in ours:
        compared += 1
        other = told.pop((mine.kind, mine.key), None)
        difference = _difference(mine, other)
        if difference is not None and (difference.what is What.NEWER_THERE or not (mine.moving or mine.rejected)):
            found.append(difference)
        elif mine.rejected:
            rejected += 1
        elif mine.moving:
            in_flight += 1
    for other in told.values():
        compared += 1
        if other.op is Operation.PUT:
            found.append(
                Difference(What.MISSING_HERE, other.kind, other.key, None, None, None, other.version)
            )  # fmt: skip
    found.sort(key=lambda one: (list(RecordKind).index(one.kind), one.key))
    return Comparison(found, compared, in_flight, rejected)


def _newest(theirs: Iterable[Theirs]) -> dict[Place, Theirs]:
    told: dict[Place, Theirs] = {}
    for other in theirs:
        before = told.get((other.kind, other.key))
        if before is None or (other.version or 0) >= (before.version or 0):
            told[other.kind, other.key] = other
    return told


def _difference(mine: Ours, other: Theirs | None) -> Difference | None:
    def differs(what: What, fields: list[dict[str, Any]] | None = None) -> Difference:
        version = None if other is None else other.version
        return Difference(what, mine.kind, mine.key, mine.id, mine.project_id, mine.version, version, fields or [])

    if other is not None and other.version is not None and other.version > mine.version:
        return differs(What.NEWER_THERE)
    if other is None or other.op is Operation.DELETE:
        # What the city is to drop, it may also never have had, or have forgotten.
        return None if mine.op is Operation.DELETE else differs(What.MISSING_THERE)
    if other.version is not None and other.version < mine.version:
        return differs(What.OLDER)
    if mine.op is Operation.DELETE:
        return differs(What.DIFFERENT)
    if other.cells is not None:
        wrong = [
            {"field": name, "ours": _plain(mine.content, name), "theirs": text}
            for name, text in other.cells.items()
            if not same_text(_plain(mine.content, name), text)
        ]
        return differs(What.DIFFERENT, wrong) if wrong else None
    if other.content is not None:
        wrong = differing(mine.content, other.content)
        return differs(What.DIFFERENT, wrong) if wrong else None
    if other.digest is not None and other.digest.lower() != mine.digest:
        return differs(What.DIFFERENT)
    return None


def _plain(content: Mapping[str, Any] | None, name: str) -> Any:
    return None if content is None else content.get(name)


def mirror(mine: Ours) -> Theirs:
    """What a city tells that holds exactly this."""
    return Theirs(mine.kind, mine.key, mine.version, mine.op, mine.digest, mine.content)


def digest(content: Mapping[str, Any] | None) -> str:
    """The digest of a payload, as the contract says."""
    return sha256(canonical(content)).hexdigest()
