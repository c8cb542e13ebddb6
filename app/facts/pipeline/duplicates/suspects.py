"""Which other projects may be the same one: 重复签约 is one investment signed, and counted, twice.

Never are all names looked at one by one. Equal names, enterprises, parents and amounts are found by index; names that
are nearly equal by one scan in the database that counts how many pairs of neighbouring syllables (of characters, for
aliases) two names share, and only the few hundred that share most are measured.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.pipeline.duplicates.rules import DuplicateRule
from app.facts.pipeline.duplicates.terms import Suspicion
from app.facts.projects.models import Project, ProjectAlias, ProjectEnterprise
from app.facts.projects.terms import EnterpriseRole
from app.kernel.names import core_name, similarity, squash, syllables

MEASURED = 400
"""How many names that share most pairs are measured."""

PAIRS = 24
"""How many pairs of a long name are looked for."""

_TAIL = re.compile(r"(建设|新建|改造)?(项目|工程)$")

_FORMER = EnterpriseRole.FORMER.value


@dataclass(frozen=True, slots=True)
class Suspect:
    """Another project that may be the same one, why, and how alike the names are (0 to 100)."""

    project_id: int
    suspicions: tuple[Suspicion, ...]
    score: int | None


def suspects(db: Session | Connection, project: Any, rule: DuplicateRule) -> list[Suspect]:
    """The projects that may be the same as this one (its object or its row), the likeliest first."""
    found: dict[Suspicion, set[int]] = {}
    scores: dict[int, float] = {}
    names = _names(db, project)
    if {Suspicion.SAME_NAME, Suspicion.SIMILAR_NAME} & set(rule.asks):
        found[Suspicion.SAME_NAME] = _of_the_same_name(db, names)
        scores = dict.fromkeys(found[Suspicion.SAME_NAME], 100.0)
    if Suspicion.SIMILAR_NAME in rule.asks:
        alike = _alike(db, names, rule.likeness)
        found[Suspicion.SIMILAR_NAME] = set(alike) - found[Suspicion.SAME_NAME]
        scores = alike | scores
    firms = _firms(db, project)
    found[Suspicion.SAME_USCC] = _of_firms(db, ProjectEnterprise.enterprise_id.in_(firms)) if firms else set()
    if Suspicion.SAME_PARENT in rule.asks:
        found[Suspicion.SAME_PARENT] = _of_the_same_group(db, firms) - found[Suspicion.SAME_USCC]
    if Suspicion.SAME_PLACE_AND_AMOUNT in rule.asks:
        found[Suspicion.SAME_PLACE_AND_AMOUNT] = _of_the_same_place_and_amount(db, project)
    reasons: dict[int, list[Suspicion]] = {}
    for suspicion in Suspicion:
        if suspicion in rule.asks:
            for other in found.get(suspicion, set()) - {project.id}:
                reasons.setdefault(other, []).append(suspicion)
    listed = [
        Suspect(other, tuple(why), round(scores[other]) if other in scores else None) for other, why in reasons.items()
    ]
    order = list(Suspicion)
    listed.sort(
        key=lambda one: (order.index(one.suspicions[0]), -len(one.suspicions), -(one.score or 0), one.project_id)
    )
    return listed[: rule.at_most]


# -- names ---------------------------------------------------------------------------------------------------------


def _names(db: Session | Connection, project: Any) -> list[str]:
    aliases = db.execute(
        select(ProjectAlias.alias).where(ProjectAlias.project_id == project.id).order_by(ProjectAlias.id).limit(10)
    ).scalars()
    return [project.name, *aliases]


def _of_the_same_name(db: Session | Connection, names: Iterable[str]) -> set[int]:
    spelled = {squash(name)[:200] for name in names} - {""}
    found = set(db.execute(select(Project.id).where(Project.squashed.in_(spelled))).scalars())
    return found | set(db.execute(select(ProjectAlias.project_id).where(ProjectAlias.squashed.in_(spelled))).scalars())


def _alike(db: Session | Connection, names: list[str], likeness: int) -> dict[int, float]:
    """Projects of which some name is at least so much like one of these, each with the best likeness."""
    best: dict[int, float] = {}
    for name in names:
        stem = _stem(name)
        core = core_name(stem)
        known: list[tuple[int, str]] = []
        if near := _sharing(db, Project.pinyin, Project.id, syllables(core), likeness, 8):
            known += [
                (row.id, row.name) for row in db.execute(select(Project.id, Project.name).where(Project.id.in_(near)))
            ]
        if near := _sharing(db, ProjectAlias.squashed, ProjectAlias.id, list(core), likeness, 3):
            aliases = select(ProjectAlias.project_id, ProjectAlias.alias).where(ProjectAlias.id.in_(near))
            known += [(row.project_id, row.alias) for row in db.execute(aliases)]
        for other, other_name in known:
            score = similarity(stem, _stem(other_name))
            if score >= likeness:
                best[other] = max(score, best.get(other, 0.0))
    return best


def _stem(name: str) -> str:
    """A name without the words that half of all projects end in, if three characters are left to compare."""
    short = _TAIL.sub("", name.strip())
    return short if len(short) >= 3 else name


def _sharing(
    db: Session | Connection, written: Any, key: Any, signs: list[str], likeness: int, shortest: int
) -> Sequence[int]:
    """The rows whose text shares most pairs of signs with these, or lies within them with at least so many letters."""
    pairs = list(dict.fromkeys(left + right for left, right in pairwise(signs)))[:PAIRS]
    if not pairs:
        return []
    # Of n signs an equally long name this much alike may lack a few; each that it lacks takes two pairs along.
    lost = int(len(signs) * (1 - likeness / (200 - likeness)))
    needed = max(1, len(pairs) - 2 * lost)
    held = [_holds(db, written, literal(pair, String)) for pair in pairs]
    shared: ColumnElement[int] = sum((case((one, 1), else_=0) for one in held), literal(0))
    whole = "".join(signs)
    # Whoever shares so many shares one of the first: the others, mostly words that every name ends in, need not be
    # looked for in all of them. The text and the key alone, so that an index is enough.
    enough = and_(or_(*held[: len(pairs) - needed + 1]), shared >= needed)
    within = and_(func.length(written).between(shortest, len(whole)), _holds(db, literal(whole, String), written))
    found = select(key).where(or_(enough, within)).order_by(shared.desc(), key).limit(MEASURED)
    return db.execute(found).scalars().all()


def _holds(db: Session | Connection, text: Any, part: Any) -> ColumnElement[bool]:
    """Does a text hold another? LIKE would be several times slower on SQLite."""
    bind = db.get_bind() if isinstance(db, Session) else db
    function = func.instr if bind.dialect.name == "sqlite" else func.strpos
    return function(text, part) > 0


# -- enterprises, places, amounts ----------------------------------------------------------------------------------


def _firms(db: Session | Connection, project: Any) -> set[int]:
    """The enterprises that have a part in the project; one credit code is one enterprise."""
    return set(
        db.execute(
            select(ProjectEnterprise.enterprise_id).where(
                ProjectEnterprise.project_id == project.id, ProjectEnterprise.role != _FORMER
            )
        ).scalars()
    )


def _of_firms(db: Session | Connection, condition: ColumnElement[bool]) -> set[int]:
    query = select(ProjectEnterprise.project_id).where(condition, ProjectEnterprise.role != _FORMER)
    return set(db.execute(query).scalars())


def _of_the_same_group(db: Session | Connection, firms: set[int]) -> set[int]:
    """Projects of an enterprise's parent, of its subsidiaries, and of those of the same parent."""
    if not firms:
        return set()
    parents = select(Enterprise.parent_id).where(Enterprise.id.in_(firms), Enterprise.parent_id.is_not(None))
    heads = firms | set(db.execute(parents).scalars())
    kin = set(db.execute(select(Enterprise.id).where(Enterprise.parent_id.in_(heads))).scalars()) | heads
    return _of_firms(db, ProjectEnterprise.enterprise_id.in_(kin - firms)) if kin - firms else set()


def _of_the_same_place_and_amount(db: Session | Connection, project: Any) -> set[int]:
    place = squash(project.place or "")
    amounts = {project.first_formal_fen, project.investment_fen} - {None, 0}
    if not place or not amounts:
        return set()
    rows = db.execute(
        select(Project.id, Project.place).where(
            or_(Project.contract_fen.in_(amounts), Project.investment_fen.in_(amounts)), Project.place.is_not(None)
        )
    )
    return {row.id for row in rows if squash(row.place) == place}
