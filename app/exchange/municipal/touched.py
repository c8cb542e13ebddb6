"""What events touch: which projects to look at again, and which days' weeks.

It may name more than has changed: what is looked at is compared, and what is the same stays. It never names less.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from app.facts.agreements.models import Agreement
from app.facts.engagements.models import Engagement
from app.facts.projects.models import Project
from app.figures.rules import INDICATORS
from app.kernel.among import among, numbers
from app.kernel.chain import Event
from app.kernel.statements import Statement

_DAYS = {
    "project": ("signed_on", "signed_deferred_to", "started_on", "started_deferred_to"),
    "agreement": ("signed_on", "deferred_to"),
    "engagement": ("starts_on", "deferred_to"),
}
"""Table → columns whose values, before and after, say in which week figures count a row."""
_COUNTED = frozenset({"agreement", "project_unit"})
_OF_PROJECT = frozenset({*_DAYS["project"], "first_formal_fen", "status", "unit_id"})
"""Tables, and columns of a project, that the figures of a week rest on. Most changes of projects are others."""
_OF_ENTERPRISE = frozenset({"name", "uscc", "ownership"})


@dataclass(slots=True)
class Touched:
    """`counted` are the projects of which something has changed that figures of a week rest on."""

    projects: set[int] = field(default_factory=set)
    counted: set[int] = field(default_factory=set)
    engagements: set[int] = field(default_factory=set)
    enterprises: set[int] = field(default_factory=set)
    units: set[int] = field(default_factory=set)
    days: set[str] = field(default_factory=set)
    all_weeks: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What so many events touch, and where the next ones begin."""

    touched: Touched
    events: int
    cursor: int


_events = Statement(
    select(Event.seq, Event.kind, Event.subject, Event.subject_id, Event.subject_key, Event.body)
    .where(Event.seq > bindparam("after"))
    .order_by(Event.seq)
    .limit(bindparam("most"))
)
_body = msgspec.json.Decoder()


def read(connection: Connection, after: int, most: int) -> Read:
    """The events after a number, at most so many."""
    touched, cursor = Touched(), after
    rows = _events.rows(connection, {"after": after, "most": most})
    for seq, kind, subject, number, key, body in rows:
        cursor = seq
        look = _LOOKS.get(subject)
        if look is not None:
            look(touched, kind, number, key, _body.decode(body)["rows"])
    return Read(touched, len(rows), cursor)


Rows = list[tuple[str, Any, str, Any]]


def _project(touched: Touched, _kind: str, number: int, _key: str, rows: Rows) -> None:
    touched.projects.add(number)
    if any(
        table in _COUNTED or (table == "project" and not _OF_PROJECT.isdisjoint(fields))
        for table, _id, _op, fields in rows
    ):
        touched.counted.add(number)
        touched.days.update(_days(rows))


def _engagement(touched: Touched, _kind: str, number: int, _key: str, rows: Rows) -> None:
    touched.engagements.add(number)
    touched.days.update(_days(rows))
    for table, _id, _op, fields in rows:
        if table == "engagement":
            touched.engagements.update(kept for kept in fields.get("joined_into_id") or () if kept is not None)


def _enterprise(touched: Touched, _kind: str, number: int, _key: str, rows: Rows) -> None:
    for table, row, _op, fields in rows:
        if table == "enterprise" and not _OF_ENTERPRISE.isdisjoint(fields):
            touched.enterprises.update((number, row))


def _unit(touched: Touched, _kind: str, number: int, _key: str, rows: Rows) -> None:
    touched.units.add(number)
    if any(table in ("unit", "unit_term") for table, *_ in rows):
        touched.all_weeks = True


def _rule(touched: Touched, kind: str, _number: int, key: str, _rows: Rows) -> None:
    # What is reported is a rule too, but comes into force without an event: whoever follows compares its versions.
    if kind == "rule.activated" and key.startswith(f"{INDICATORS.code}/"):
        touched.all_weeks = True


_LOOKS = {
    "project": _project, "engagement": _engagement, "enterprise": _enterprise, "unit": _unit, "rule_version": _rule,
}  # fmt: skip


def _days(rows: Rows) -> Iterator[str]:
    for table, _id, _op, fields in rows:
        for name in _DAYS.get(table, ()):
            yield from (day for day in fields.get(name) or () if day is not None)


# -- from what was touched to what is looked at ----------------------------------------------------------------

_of_others = Statement(
    select(Project.id).where(among(Project.enterprise_id, "enterprises") | among(Project.unit_id, "units"))
)
# Both days of each, not only the one that counts: what counted before may be the one that an event does not tell.
_project_days = Statement(
    select(*(getattr(Project, name) for name in _DAYS["project"])).where(among(Project.id, "projects"))
)
_paper_days = Statement(
    select(*(getattr(Agreement, name) for name in _DAYS["agreement"]))
    .where(among(Agreement.project_id, "projects"))
    .distinct()
)
_kept = select(Engagement.joined_into_id).where(among(Engagement.id, "engagements"))
_engagement_days = Statement(
    select(*(getattr(Engagement, name) for name in _DAYS["engagement"]))
    .where(among(Engagement.id, "engagements") | Engagement.id.in_(_kept))
    .distinct()
)


def projects(connection: Connection, touched: Touched) -> list[int]:
    """The numbers of all projects to look at again, in order."""
    found = set(touched.projects)
    if touched.enterprises or touched.units:
        asked = {"enterprises": numbers(touched.enterprises), "units": numbers(touched.units)}
        found.update(number for (number,) in _of_others.rows(connection, asked))
    return sorted(found)


def days(connection: Connection, touched: Touched) -> set[date]:
    """The days in whose weeks something may count otherwise: as it counted before, and as it counts now."""
    found: set[Any] = set(touched.days)
    if touched.counted:
        asked = {"projects": numbers(touched.counted)}
        found.update(_flat(_project_days.rows(connection, asked)), _flat(_paper_days.rows(connection, asked)))
    if touched.engagements:
        found.update(_flat(_engagement_days.rows(connection, {"engagements": numbers(touched.engagements)})))
    # SQLite's driver gives days as text, and so does the log.
    return {date.fromisoformat(day) if isinstance(day, str) else day for day in found}


def _flat(rows: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    return (day for row in rows for day in row if day is not None)
