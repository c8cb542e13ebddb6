"""What the database knows when an import is planned: a snapshot that planning asks instead of the database.

Every project by code and name, every unit and enterprise by everything it is called; of the projects that the file
speaks of, also the whole record (`load`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, not_, select
from sqlalchemy.orm import Session

from app.exchange.ledgers import edits
from app.exchange.ledgers.edits import Edits
from app.facts.agreements.models import Agreement
from app.facts.enterprises import queries as enterprises
from app.facts.enterprises.models import Enterprise
from app.facts.funds.models import FundEntry
from app.facts.projects.models import (
    Project,
    ProjectAlias,
    ProjectEnterprise,
    ProjectGrant,
    ProjectNote,
    ProjectPlan,
    ProjectUnit,
)
from app.facts.projects.queries import visible
from app.facts.projects.rules import SECTOR, SectorRule
from app.identity.auth.models import User
from app.identity.periods.closures import Closed, closed
from app.identity.units import queries as units
from app.identity.units.queries import UnitRef
from app.kernel import calendar, chain, rules
from app.kernel.access import Actor
from app.kernel.bulk import plain_text, table_of
from app.kernel.names import squash

Reader = Connection | Session
Line = dict[str, Any]

PARTS: dict[str, Table] = {
    "aliases": table_of(ProjectAlias),
    "units": table_of(ProjectUnit),
    "enterprises": table_of(ProjectEnterprise),
    "plans": table_of(ProjectPlan),
    "grants": table_of(ProjectGrant),
    "notes": table_of(ProjectNote),
    "papers": table_of(Agreement),
    "entries": table_of(FundEntry),
}
"""What hangs on a project: the name in `Record` → its table."""


@dataclass(slots=True)
class Record:
    """A project as it is: its row, and the rows that hang on it, oldest first."""

    row: Line
    aliases: list[Line] = field(default_factory=list)
    units: list[Line] = field(default_factory=list)
    enterprises: list[Line] = field(default_factory=list)
    plans: list[Line] = field(default_factory=list)
    grants: list[Line] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    papers: list[Line] = field(default_factory=list)
    entries: list[Line] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.row["id"])


@dataclass(slots=True)
class Known:
    """The snapshot. `seq` is the newest event it has seen; `hidden` are codes of projects the actor may not see."""

    actor: Actor
    actor_name: str
    seq: int
    today: date
    now: datetime
    district: str
    sector_rule: SectorRule
    units: dict[str, UnitRef]
    enterprises: enterprises.Index
    firms: dict[int, Line]
    closed: Closed
    by_code: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, list[int]] = field(default_factory=dict)
    by_alias: dict[str, list[int]] = field(default_factory=dict)
    by_former_name: dict[str, list[int]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    records: dict[int, Record] = field(default_factory=dict)
    edits: dict[int, Edits] = field(default_factory=dict)

    def firm_is(self, firm_id: int, name: str) -> bool:
        """Is the enterprise called so, by name or alias?"""
        return firm_id in self.enterprises.by_name.get(squash(name), ())


def survey(db: Reader, actor: Actor, district: str) -> Known:
    """Everything but the records."""
    # The number first: what is written while we read is told by the versions of the rows.
    seq = chain.head(db.connection() if isinstance(db, Session) else db)[0]
    today = calendar.today()
    firm = Enterprise.__table__.c
    columns = (firm.id, firm.name, firm.uscc, firm.ownership, firm.region, firm.version)
    known = Known(
        actor, _name(db, actor), seq, today, calendar.now(), district,
        rules.in_force(db, SECTOR, today).body, units.index(db), enterprises.index(db),
        {row.id: dict(row._mapping) for row in db.execute(select(*columns))}, closed(db),
    )  # fmt: skip
    mine = visible(actor)
    for row in db.execute(select(Project.id, Project.code, Project.squashed).where(mine).order_by(Project.id)):
        known.by_code[row.code] = row.id
        known.by_name.setdefault(row.squashed, []).append(row.id)
    named = select(ProjectAlias.project_id, ProjectAlias.squashed).join(Project).where(mine).order_by(ProjectAlias.id)
    for project_id, squashed in db.execute(named):
        known.by_alias.setdefault(squashed, []).append(project_id)
    if actor.kind != "system":
        known.hidden = frozenset(db.execute(select(Project.code).where(not_(mine))).scalars())
    return known


def load(db: Reader, known: Known, project_ids: Iterable[int]) -> None:
    """Bring these projects' records into the snapshot, and what was changed of them by hand."""
    found = records(db, set(project_ids) - known.records.keys())
    known.records.update(found)
    known.edits.update(edits.load(db, found.values()))


def recall(db: Reader, known: Known, names: Collection[str]) -> None:
    """Learn the names that projects had before people renamed them, if any of these (squashed) is not known.

    A project that is called by its present name besides is not meant by its former one.
    """
    if all(name in known.by_name or name in known.by_alias for name in names):
        return
    called = {project_id for name in names for project_id in known.by_name.get(name, ())}
    for code, name in edits.former_names(db):
        key, project_id = squash(name), known.by_code.get(code)
        if (
            project_id is not None
            and project_id not in called
            and key not in known.by_name
            and key not in known.by_alias
        ):
            known.by_former_name.setdefault(key, []).append(project_id)


def records(db: Reader, project_ids: Iterable[int], parts: Iterable[str] = PARTS) -> dict[int, Record]:
    """The records of these projects, with these parts. The row is read before what hangs on it."""
    found: dict[int, Record] = {}
    wanted = sorted(project_ids)
    for start in range(0, len(wanted), 500):
        ids = wanted[start : start + 500]
        found.update((row["id"], Record(row)) for row in _lines(db, Project.__table__, "id", ids))
        for name in parts:
            for row in _lines(db, PARTS[name], "project_id", ids):
                if (record := found.get(row["project_id"])) is not None:
                    getattr(record, name).append(row)
    return found


def _lines(db: Reader, table: Any, by: str, ids: Sequence[int]) -> list[Line]:
    result = db.execute(select(table).where(table.c[by].in_(ids)).order_by(table.c.id))
    keys = result.keys()
    names = [plain_text(name) for name in keys]
    return [dict(zip(names, row, strict=True)) for row in result]


def _name(db: Reader, actor: Actor) -> str:
    if actor.kind != "user":
        return actor.name
    found = db.execute(select(User.name).where(User.id == actor.id)).scalar_one_or_none()
    return found or actor.name
