"""What the entries of a ledger rest on: their papers, what is missing, and which papers prove another entry too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.facts.evidence.models import Evidence, Reliance
from app.facts.evidence.terms import EvidenceState
from app.facts.projects.models import Project
from app.facts.projects.queries import visible
from app.facts.recognition.ledger import E, Ledger
from app.facts.recognition.models import LedgerEntry
from app.facts.recognition.rules import Demand, Lack, lacking
from app.facts.recognition.terms import EntryState
from app.kernel import rules
from app.kernel.access import Actor
from app.kernel.statements import Statement

_newer = aliased(Evidence)
_papers = Statement(
    select(
        Reliance.entry_id,
        Evidence.id,
        Evidence.kind,
        Evidence.filename,
        Evidence.dated_on,
        Evidence.state,
        _newer.id.label("replaced_by"),
    )
    .join(Evidence, Evidence.id == Reliance.evidence_id)
    .outerjoin(_newer, _newer.replaces_id == Evidence.id)
    .where(Reliance.project_id == bindparam("project"), Reliance.book == bindparam("book"))
    .order_by(Reliance.entry_id, Evidence.id)
)


Shared = tuple[int, str | None, int | None]
"""Own paper, and the project and number of another entry that rests on the same file; None when not to be told."""


@dataclass(slots=True)
class Standing:
    """What an entry rests on, what is missing by which version of the rule, and which of its papers prove others."""

    papers: list[dict[str, Any]] = field(default_factory=list)
    lacks: list[Lack] = field(default_factory=list)
    shared: list[Shared] = field(default_factory=list)
    rule: str | None = None

    def told(self) -> dict[str, Any]:
        """As lists show it."""
        return {
            "evidence": self.papers,
            "lacking": [
                {"any_of": list(lack.any_of), "waits": lack.waits, "message": lack.message} for lack in self.lacks
            ],
            "shared": [
                {"evidence": paper, "project": project, "entry": entry} for paper, project, entry in self.shared
            ],
        }


def standings(
    connection: Connection, actor: Actor, ledger: Ledger[E], project_id: int, entries: Iterable[Mapping[str, Any]]
) -> dict[int, Standing]:
    """What these entries of a project rest on; an entry is given by its columns, as its list names them.

    Rejected entries and reversals need nothing; they keep their papers.
    """
    found: dict[int, Standing] = {}
    papers = _papers.rows(connection, {"project": project_id, "book": ledger.book})
    by_entry: dict[int, list[dict[str, Any]]] = {}
    for number, *rest in _papers.spelled(connection, papers):
        by_entry.setdefault(number, []).append(dict(zip(_papers.names[1:], rest, strict=True)))
    versions: list[rules.InForce[Any]] | None = None
    live = []
    for entry in entries:
        number = entry["id"]
        standing = found[number] = Standing(by_entry.get(number, []))
        if entry["state"] != EntryState.REJECTED and entry["reverses"] is None:
            live.append(number)
            versions = versions or rules.versions(connection, ledger.rule)
            ruling = rules.ruling(versions, _day(entry[ledger.day]))
            standing.rule = f"{ledger.rule.code}/{ruling.number}"
            standing.lacks = _lacks(ledger.demand(ruling.body, entry), standing.papers)
    resting = [number for number in live if found[number].papers]
    for number, shared in _shared(connection, actor, ledger, project_id, resting) if resting else ():
        found[number].shared.append(shared)
    return found


def standing(db: Session, actor: Actor, ledger: Ledger[E], entry: E) -> Standing:
    """What one entry rests on."""
    db.flush()
    line = {name: getattr(entry, name) for name in ("id", "state", ledger.day, *ledger.asked)}
    line["reverses"] = entry.reverses_id
    return standings(db.connection(), actor, ledger, entry.project_id, [line])[entry.id]


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value  # SQLite's driver gives text


def _lacks(demand: Demand, papers: list[dict[str, Any]]) -> list[Lack]:
    there = [paper for paper in papers if paper["replaced_by"] is None]
    verified = {paper["kind"] for paper in there if paper["state"] == EvidenceState.VERIFIED}
    waiting = {paper["kind"] for paper in there if paper["state"] == EvidenceState.SUBMITTED}
    return lacking(demand, verified, waiting)


def _shared(
    connection: Connection, actor: Actor, ledger: Ledger[E], project_id: int, numbers: list[int]
) -> list[tuple[int, Shared]]:
    """Of these entries those that share a file with another, and what is shared."""
    mine, theirs = aliased(Reliance), aliased(Reliance)
    paper, other = aliased(Evidence), aliased(Evidence)
    own, entry = aliased(ledger.model), aliased(ledger.model)
    reversal, newer = aliased(ledger.model), aliased(Evidence)
    told = case((visible(actor), 1), else_=0)
    query: Select[Any] = (
        select(mine.entry_id, func.min(paper.id), theirs.entry_id, Project.code, told.label("told"))
        .select_from(mine)
        .join(own, own.id == mine.entry_id)
        .join(paper, paper.id == mine.evidence_id)
        .join(other, other.sha256 == paper.sha256)
        .join(theirs, theirs.evidence_id == other.id)
        .join(entry, entry.id == theirs.entry_id)
        .join(Project, Project.id == entry.project_id)
        .where(
            mine.project_id == project_id,
            mine.book == ledger.book,
            mine.entry_id.in_(numbers),
            theirs.book == ledger.book,
            theirs.entry_id != mine.entry_id,
            # What was put aside proves nothing here; there it may have proved what counts.
            paper.state != EvidenceState.REJECTED,
            ~exists(select(newer.id).where(newer.replaces_id == paper.id)),
            entry.state != EntryState.REJECTED,
            entry.reverses_id.is_(None),
            ~exists(select(reversal.id).where(reversal.reverses_id == entry.id)),
            ledger.rivals(own, entry),
        )
        .group_by(mine.entry_id, theirs.entry_id, Project.id)
        .order_by(mine.entry_id, theirs.entry_id)
    )
    return [
        (number, (paper_id, code, entry_id) if seen else (paper_id, None, None))
        for number, paper_id, entry_id, code, seen in connection.execute(query)
    ]


def get(db: Session, ledger: Ledger[E], project_id: int, number: int) -> E:
    """The entry with this number in the project's ledger; else 404."""
    found = db.get(ledger.model, number)
    if found is None or found.project_id != project_id:
        raise ledger.no_entry
    return found


def is_reversed(db: Session, ledger: Ledger[E], entry: LedgerEntry) -> bool:
    model: type[LedgerEntry] = ledger.model
    return db.scalars(select(model.id).where(model.reverses_id == entry.id)).first() is not None
