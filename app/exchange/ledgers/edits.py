"""What people changed by hand since a ledger last said it, read from the event log.

A file that says what stood there before such a change is simply older than it. Everything that a ledger can change of
a project has a slot here, and each slot the changes made by hand since it came with the project or from a file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Date, Table, select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage, UnitRole
from app.identity.auth.models import User
from app.kernel import calendar
from app.kernel.bulk import table_of
from app.kernel.chain import CHANGED, Event
from app.kernel.db import Word

IMPORTED = "project.imported"
BASES = ("project.created", IMPORTED, "project.funds_confirmed", "project.funds_rejected")
"""Events that are no edits: they say how a project came, what a file said of it, and that its money was decided on."""

Slot = tuple[Any, ...]
"""What can be changed: ("project", column), ("agreement", number, column), ("project_plan", stage),
("project_alias", squashed), ("project_unit", unit) for who co-operates, ("project_enterprise", enterprise),
("fund_entry", number)."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change by hand. Of what is there or not, the values are True and None."""

    before: Any
    after: Any
    by: str
    at: datetime

    @property
    def who(self) -> str:
        """`张三于 2026-11-20`."""
        return f"{self.by}于 {calendar.day_of(self.at)}"


Edits = dict[Slot, list[Edit]]
"""The changes of each slot, the oldest first."""


class Recorded(Protocol):
    """What must be known of a project to understand its log."""

    @property
    def row(self) -> Mapping[str, Any]: ...
    @property
    def plans(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def units(self) -> Sequence[Mapping[str, Any]]: ...


def older(edits: Iterable[Edit], value: Any, alike: Callable[[Any, Any], bool]) -> bool:
    """Is this what stood there before one of these changes?"""
    return any(e.before == value or (e.before is not None and alike(e.before, value)) for e in edits)


def load(db: Connection | Session, records: Iterable[Recorded]) -> dict[int, Edits]:
    """What was changed by hand of each of these projects; those that nobody changed are left out."""
    known = {record.row["code"]: record for record in records}
    codes = sorted(known)
    histories: dict[str, list[Any]] = {}
    for start in range(0, len(codes), 500):
        some = codes[start : start + 500]
        by_hand = _events(db, some, Event.kind.not_in(BASES))
        first: dict[str, int] = {}
        for event in by_hand:
            first.setdefault(event.subject_key, event.seq)
        later = _events(db, list(first), Event.kind == IMPORTED, Event.seq > min(first.values())) if first else []
        for event in sorted([*by_hand, *later], key=lambda each: each.seq):
            histories.setdefault(event.subject_key, []).append(event)
    people = _people(db, {event.actor for history in histories.values() for event in history})
    found = {known[code].row["id"]: _edits(known[code], history, people) for code, history in histories.items()}
    return {project_id: edits for project_id, edits in found.items() if edits}


def former_names(db: Connection | Session) -> Iterator[tuple[str, str]]:
    """Every name that people have given up by renaming a project: (the project's code, the name)."""
    renamed = Event.body.like('%"name":[%')
    query = select(Event.subject_key, Event.body).where(Event.kind == "project.changed", renamed).order_by(Event.seq)
    for code, body in db.execute(query):
        for table, _, op, raw in _body(body).rows:
            if table == "project" and op == "update" and "name" in (fields := _fields(raw)):
                yield code, fields["name"][0]


_COLUMNS = (Event.seq, Event.at, Event.kind, Event.subject_key, Event.actor, Event.body)


def _events(db: Connection | Session, codes: Sequence[str], *which: Any) -> Sequence[Any]:
    query = select(*_COLUMNS).where(Event.subject_key.in_(codes), Event.subject == "project", *which)
    return db.execute(query.order_by(Event.seq)).all()


def _people(db: Connection | Session, logins: set[str]) -> dict[str, str]:
    names = {"system": "系统"}
    if logins:
        rows = db.execute(select(User.login, User.name).where(User.login.in_(logins)))
        names |= {row.login: row.name for row in rows}
    return names


class _Body(msgspec.Struct):
    """What matters here of an event's body."""

    rows: list[tuple[str, Any, str, msgspec.Raw]]


_body = msgspec.json.Decoder(_Body).decode
_fields = msgspec.json.Decoder(dict[str, Any]).decode

_Row = tuple[str, Any, str, dict[str, Any]]


def _edits(record: Recorded, history: Sequence[Any], people: Mapping[str, str]) -> Edits:
    told: list[tuple[Any, list[_Row]]] = []
    for event in history:
        rows = [(table, key, op, _fields(raw)) for table, key, op, raw in _body(event.body).rows if table in _READERS]
        told.append((event, rows))
    called = _called(record, (row for _, rows in told for row in rows))
    edits: Edits = {}
    for event, rows in told:
        by = people.get(event.actor, event.actor)
        for table, key, op, fields in rows:
            for slot, before, after in _READERS[table](called, key, op, fields):
                if event.kind == IMPORTED:  # a file has said something since
                    edits.pop(slot, None)
                else:
                    edits.setdefault(slot, []).append(Edit(before, after, by, event.at))
    return edits


# -- the log's rows as slots ---------------------------------------------------------------------------------------

_Called = dict[tuple[str, Any], Any]
"""(table, number of a row) → what its slot is called by: the log tells of a change only the columns that changed."""

_Steps = Iterator[tuple[Slot, Any, Any]]


def _called(record: Recorded, rows: Iterable[_Row]) -> _Called:
    called: _Called = {("project_plan", line["id"]): Stage(line["stage"]) for line in record.plans}
    called |= {("project_unit", line["id"]): (line["unit_id"], line["role"]) for line in record.units}
    for table, key, op, fields in rows:
        if op == "update" or not isinstance(key, int):
            continue
        whole = {name: change[1] if op == "insert" else change[0] for name, change in fields.items()}
        if table == "project_plan":
            called[table, key] = Stage(whole["stage"])
        elif table == "project_unit":
            called[table, key] = (whole["unit_id"], whole["role"])
    return called


def _typed(table: Table, name: str, value: Any) -> Any:
    """A value of the log as the database gives it."""
    kind = table.c[name].type
    if value is None:
        return None
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return kind.words(value) if isinstance(kind, Word) else value


def _changed(table: Table, fields: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, change in fields.items():
        if name in table.c and change != CHANGED:
            yield name, _typed(table, name, change[0]), _typed(table, name, change[1])


def _of_project(_: _Called, _key: Any, op: str, fields: dict[str, Any]) -> _Steps:
    if op == "update":
        for name, before, after in _changed(table_of(Project), fields):
            yield ("project", name), before, after


def _of_agreement(_: _Called, key: Any, op: str, fields: dict[str, Any]) -> _Steps:
    if op == "update":
        for name, before, after in _changed(table_of(Agreement), fields):
            yield ("agreement", key, name), before, after


def _of_plan(called: _Called, key: Any, _op: str, fields: dict[str, Any]) -> _Steps:
    stage, change = called.get(("project_plan", key)), fields.get("planned_on")
    if stage is not None and change is not None:
        before, after = (None if day is None else date.fromisoformat(day) for day in change)
        yield ("project_plan", stage), before, after


def _of_alias(_: _Called, _key: Any, op: str, fields: dict[str, Any]) -> _Steps:
    if op != "update":
        yield ("project_alias", fields["squashed"][op == "insert"]), *_there(op)


def _of_unit(called: _Called, key: Any, op: str, fields: dict[str, Any]) -> _Steps:
    unit_id, role = called.get(("project_unit", key), (None, None))
    if role != UnitRole.COOPERATING.value:
        return
    if op != "update":
        yield ("project_unit", unit_id), *_there(op)
    elif "valid_to" in fields:
        ended = fields["valid_to"][1] is not None
        yield ("project_unit", unit_id), *_there("delete" if ended else "insert")


def _of_enterprise(_: _Called, _key: Any, op: str, fields: dict[str, Any]) -> _Steps:
    if op != "update":
        yield ("project_enterprise", fields["enterprise_id"][op == "insert"]), *_there(op)


def _of_fund(_: _Called, key: Any, op: str, fields: dict[str, Any]) -> _Steps:
    if op == "insert" or "state" in fields:
        yield ("fund_entry", key), None, True


def _there(op: str) -> tuple[bool | None, bool | None]:
    return (None, True) if op == "insert" else (True, None)


_READERS: dict[str, Callable[[_Called, Any, str, dict[str, Any]], _Steps]] = {
    "project": _of_project, "agreement": _of_agreement, "project_plan": _of_plan, "project_alias": _of_alias,
    "project_unit": _of_unit, "project_enterprise": _of_enterprise, "fund_entry": _of_fund,
}  # fmt: skip
