"""What a unit is called and how it is ranked, today and on any day; which unit a name means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.orm import Session

from app.identity.units.models import Tier, Unit, UnitAlias, UnitTerm
from app.identity.units.schemas import TermOut, UnitFilter, UnitOut, UnitPage, UnitRow
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.names import LIKE_ESCAPE, like, squash
from app.kernel.replies import Answer


class NoUnit(NotFound):
    message = "没有这个责任单位"
    english = "There is no such unit."


@dataclass(frozen=True, slots=True)
class UnitRef:
    """A unit as others refer to it; `name` is today's."""

    id: int
    code: str
    name: str


TIERS = list(Tier)


def get(db: Session, code: str, *, lock: bool = False) -> Unit:
    """The unit of that code, for a change with `lock`; 404 when there is none."""
    query = select(Unit).where(Unit.code == code)
    unit = db.scalars(query.with_for_update() if lock else query).one_or_none()
    if unit is None:
        raise NoUnit
    return unit


def ref(connection: Connection | Session, code: str) -> UnitRef | None:
    """The unit of that code, if there is one."""
    row = connection.execute(select(Unit.id, Unit.code, Unit.name).where(Unit.code == code)).one_or_none()
    return UnitRef(*row) if row else None


def index(connection: Connection | Session) -> dict[str, UnitRef]:
    """Every way to write a unit, squashed: its code, its names of all times, its short names."""
    aliases = connection.execute(select(UnitAlias.squashed, UnitAlias.unit_id)).all()
    terms = connection.execute(select(UnitTerm.name, UnitTerm.unit_id).order_by(UnitTerm.valid_from)).all()
    # The units last: whoever appears between these statements is then known, not only named.
    refs = {row.id: UnitRef(*row) for row in connection.execute(select(Unit.id, Unit.code, Unit.name))}
    found = {squash(unit.code): unit for unit in refs.values()}
    found |= {squashed: refs[unit_id] for squashed, unit_id in aliases}
    # A name of today wins over one that another unit has given up.
    found |= {squash(name): refs[unit_id] for name, unit_id in terms}
    found |= {squash(unit.name): unit for unit in refs.values()}
    return found


def resolve(connection: Connection | Session, names: Iterable[str]) -> dict[str, UnitRef]:
    """Which unit each of these names means; names that mean none are left out. For the import of ledgers."""
    known = index(connection)
    return {name: known[key] for name in names if (key := squash(name)) in known}


def terms(day: date | None = None) -> Select[int, str, Tier, date, date | None]:
    """The terms of all units, or those in force on a day: unit_id, name, tier, valid_from, valid_to."""
    query = select(UnitTerm.unit_id, UnitTerm.name, UnitTerm.tier, UnitTerm.valid_from, UnitTerm.valid_to)
    if day is None:
        return query
    return query.where(UnitTerm.valid_from <= day, (UnitTerm.valid_to.is_(None)) | (UnitTerm.valid_to >= day))


def page(connection: Connection, _actor: Actor, q: UnitFilter) -> UnitPage:
    """The units there are on the asked day."""
    day = q.as_of or calendar.today()
    term = terms(day).subquery()
    query = select(
        Unit.id, Unit.code, term.c.name, term.c.tier, Unit.kind, Unit.pinyin
    ).join(term, term.c.unit_id == Unit.id)  # fmt: skip
    if q.tier is not None:
        query = query.where(term.c.tier == q.tier)
    if q.kind is not None:
        query = query.where(Unit.kind == q.kind)
    if q.q:
        query = query.where(Unit.search.like(like(q.q), escape=LIKE_ESCAPE))
    rows = connection.execute(query).all()
    short = _aliases(connection)
    rows = sorted(rows, key=lambda row: (TIERS.index(row.tier), row.pinyin, row.id))
    return UnitPage(
        items=[
            UnitRow(code=row.code, name=row.name, tier=row.tier, kind=row.kind, aliases=short.get(row.id, []))
            for row in rows
        ]
    )  # fmt: skip


def _aliases(connection: Connection | Session, unit_id: int | None = None) -> dict[int, list[str]]:
    query = select(UnitAlias.unit_id, UnitAlias.alias).order_by(UnitAlias.id)
    found: dict[int, list[str]] = {}
    for row in connection.execute(query if unit_id is None else query.where(UnitAlias.unit_id == unit_id)):
        found.setdefault(row.unit_id, []).append(row.alias)
    return found


def one(connection: Connection, _actor: Actor, code: str) -> Answer:
    """A unit with its history."""
    unit = connection.execute(select(Unit.id, Unit.code, Unit.name, Unit.kind, Unit.version).where(Unit.code == code))
    row = unit.one_or_none()
    if row is None:
        raise NoUnit
    return Answer(_out(connection, row), row_version=row.version)


def out(db: Session, unit: Unit) -> UnitOut:
    """The same of a unit that is being changed."""
    db.flush()
    return _out(db, unit)


def _out(connection: Connection | Session, unit: Any) -> UnitOut:
    history = [
        TermOut(name=row.name, tier=row.tier, valid_from=row.valid_from, valid_to=row.valid_to)
        for row in connection.execute(
            terms().where(UnitTerm.unit_id == unit.id).order_by(UnitTerm.valid_from)
        )
    ]  # fmt: skip
    today = calendar.today()
    current = [term for term in history if term.valid_from <= today] or history[:1]
    return UnitOut(
        code=unit.code, name=current[-1].name, tier=current[-1].tier, kind=unit.kind,
        aliases=_aliases(connection, unit.id).get(unit.id, []), terms=history,
    )  # fmt: skip
