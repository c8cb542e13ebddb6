from dataclasses import dataclass

from sqlalchemy import Connection, select

from app.facts.attention import queries
from app.facts.attention.schemas import AttentionCountsQuery
from app.identity.notices import recipients, texts
from app.identity.units.models import Unit
from app.kernel import calendar, notices
from app.kernel.access import Actor, Role
from app.kernel.db import Database


@dataclass(frozen=True, slots=True)
class _Digest:
    person: Actor
    whose: str
    count: int
    parts: str


def digest(database: Database) -> None:
    """Weekly: tell each reporter of the unit's matters and each officer of his own; whoever has none hears nothing."""
    with database.reading() as connection:
        digests = [*_of_units(connection), *_of_officers(connection)]
    week = calendar.iso_week(calendar.today())
    with database.unit_of_work() as db:
        for told in digests:
            notices.tell(
                db, [told.person], texts.ATTENTION, None, key=f"{texts.ATTENTION.code}:{week}:{told.whose}", once=True,
                whose=told.whose, count=told.count, parts=told.parts,
            )  # fmt: skip


def _of_units(connection: Connection) -> list[_Digest]:
    codes = {row.id: row.code for row in connection.execute(select(Unit.id, Unit.code))}
    found = []
    for person in recipients.with_role(connection, Role.REPORTER):
        if person.unit_id is not None:
            asked = AttentionCountsQuery(unit=(codes[person.unit_id],))
            found += _digest(connection, person, "本单位", asked)
    return found


def _of_officers(connection: Connection) -> list[_Digest]:
    people = recipients.with_role(connection, Role.OFFICER)
    found = []
    for name in sorted(set(recipients.names(connection, people).values())):
        for person in recipients.called(connection, name):
            found += _digest(connection, person, "您负责的项目", AttentionCountsQuery(officer=name))
    return found


def _digest(connection: Connection, person: Actor, whose: str, asked: AttentionCountsQuery) -> list[_Digest]:
    counted = queries.counts(connection, person, asked)
    parts = "、".join(f"{kind['label']} {kind['count']} 项" for kind in counted["kinds"] if kind["count"])
    return [_Digest(person, whose, counted["total"], parts)] if counted["total"] else []
