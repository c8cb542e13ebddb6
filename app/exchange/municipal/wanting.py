"""What the city should hold, kept after the event log: one step at a time, each a transaction of its own.

A channel is new, or what it reports has changed: everything is rendered anew, in chunks. Else the next events say what
to look at again. The channel's row is locked for a step, so that of several followers one works and the others leave.

`Channel.mapping` names what is reported by; while a full load is under way it says how far that has come
(`mapping@last project`), so that whoever comes next goes on from there. `Channel.cursor` is then already the head of
the log as it was when the load began: what happens meanwhile is followed once it is done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from app.exchange.municipal import payloads, records, touched, weeks
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.mapping import Spell, digest_of, speller, text_of
from app.exchange.municipal.models import Channel
from app.exchange.municipal.records import Key, Wanted
from app.exchange.municipal.rules import REPORTED, Report
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.facts.projects.models import Project
from app.kernel import calendar, chain, rules
from app.kernel.calendar import Period
from app.kernel.chain import canonical
from app.kernel.db import Database
from app.kernel.statements import Statement

RENDERING = 1
"""Of how payloads are made from the same facts: one more renders everything anew when a release is installed."""
CHUNK = 1000
"""Projects that are rendered, and events that are read, in one transaction."""


@dataclass(frozen=True, slots=True)
class Reported:
    """By what a channel reports today; `mapping` is its name."""

    report: Report
    district: str
    mapping: str
    spell: Mapping[RecordKind, Spell]


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction has done: versions made, and whether there is more to do at once."""

    made: int
    more: bool


def follow(database: Database, connections: Connections, *, district: str) -> int:
    """Bring all channels up to the head of the log; gives the number of versions made.

    Cheap where nothing has happened. Where somebody else is at a channel it is left to him.
    """
    made, failures = 0, list[Exception]()
    for code in connections:
        try:
            made += _follow(database, code, district)
        except Exception as failure:  # the other channels go on
            failures.append(failure)
    if failures:
        raise failures[0]
    return made


def _follow(database: Database, code: str, district: str) -> int:
    made = 0
    while True:
        with database.reading() as connection:
            row = connection.execute(_channel.where(Channel.code == code)).one_or_none()
            if row is not None and _is_idle(connection, row, code, district):
                return made
        if row is None:
            _create(database, code)
        step = _step(database, code, district)
        if step is None:
            return made
        made += step.made
        if not step.more:
            return made


def reported(connection: Connection, code: str, district: str) -> Reported:
    """What a channel reports by the rule in force today."""
    rule = rules.in_force(connection, REPORTED, calendar.today())
    report = rule.body.of(code)
    said = digest_of(canonical([RENDERING, report.model_dump(mode="json")]).decode())[:16]
    return Reported(
        report, district, f"{rule.number}:{said}:{district}", {kind: speller(report, kind) for kind in RecordKind}
    )


# -- one step --------------------------------------------------------------------------------------------------

_channel = select(Channel.id, Channel.cursor, Channel.position, Channel.mapping)


def _create(database: Database, code: str) -> None:
    try:
        with database.unit_of_work() as db:
            db.add(Channel(code=code))
    except IntegrityError:
        pass  # another follower was faster


def _is_idle(connection: Connection, channel: Any, code: str, district: str) -> bool:
    by = reported(connection, code, district)
    if channel.mapping != by.mapping or channel.cursor != chain.head(connection)[0]:
        return False
    due = {week.text for week in weeks.due(connection, by.report)}
    return due == _put(records.of_weeks(connection, channel.id))


def _put(known: Mapping[Key, records.Known]) -> set[str]:
    return {key for (_, key), record in known.items() if record.op == Operation.PUT}


def _step(database: Database, code: str, district: str) -> Step | None:
    """Do the next piece; None where another follower holds the channel."""
    with database.unit_of_work() as db:
        connection = db.connection()
        # Not its key: what is written down of an exchange meanwhile names the channel.
        locked = _channel.where(Channel.code == code).with_for_update(skip_locked=True, key_share=True)
        channel = connection.execute(locked).one_or_none()
        if channel is None:
            return None
        by = reported(connection, code, district)
        if channel.mapping == by.mapping:
            return _read_on(connection, channel, by)
        return _load_on(connection, channel, by)


def _read_on(connection: Connection, channel: Any, by: Reported) -> Step:
    read = touched.read(connection, channel.cursor, CHUNK)
    position = channel.position
    ids = touched.projects(connection, read.touched)
    for start in range(0, len(ids), CHUNK):
        position = _projects(connection, channel.id, position, by, ids[start : start + CHUNK])
    days = touched.days(connection, read.touched)
    position = _weeks(connection, channel.id, position, by, None if read.touched.all_weeks else days)
    _move(connection, channel.id, cursor=read.cursor, position=position)
    return Step(position - channel.position, read.events == CHUNK)


def _load_on(connection: Connection, channel: Any, by: Reported) -> Step:
    loading, _, after = channel.mapping.partition("@")
    cursor, last = channel.cursor, int(after or 0)
    if loading != by.mapping:
        # The head before anything is rendered: what comes after it is read later, and may then be no difference.
        cursor, last = chain.head(connection)[0], 0
    ids = [number for (number,) in _next.rows(connection, {"after": last, "most": CHUNK})]
    if ids:
        position = _projects(connection, channel.id, channel.position, by, ids)
        mapping = f"{by.mapping}@{ids[-1]}"
    else:
        position = _weeks(connection, channel.id, channel.position, by, None)
        mapping = by.mapping
    _move(connection, channel.id, cursor=cursor, position=position, mapping=mapping)
    return Step(position - channel.position, True)


_next = Statement(
    select(Project.id).where(Project.id > bindparam("after")).order_by(Project.id).limit(bindparam("most"))
)


def _move(connection: Connection, channel: int, **values: Any) -> None:
    connection.execute(update(Channel).where(Channel.id == channel).values(**values))


# -- rendering -------------------------------------------------------------------------------------------------


def _projects(connection: Connection, channel: int, position: int, by: Reported, ids: Sequence[int]) -> int:
    wanted = {
        (str(kind), key): Wanted(text_of(by.spell[kind](payload)), project)
        for kind, key, project, payload in payloads.of_projects(connection, by.report, ids, by.district)
    }
    known = records.of_projects(connection, channel, ids)
    known |= {key: there for key, there in records.orphans(connection, channel).items() if key in wanted}
    return records.settle(connection, channel, position, calendar.now(), known, wanted)


def _weeks(connection: Connection, channel: int, position: int, by: Reported, days: Iterable[Any] | None) -> int:
    """The weeks of these days, or all; and those that have fallen due, or are due no more, since the last time."""
    due = {week.text: week for week in weeks.due(connection, by.report)}
    known = records.of_weeks(connection, channel)
    there = _put(known)
    again = set(due) if days is None else {Period.of(day, "week").text for day in days} | (set(due) - there)
    chosen = [week for text, week in due.items() if text in again]
    spell = by.spell[RecordKind.WEEK]
    wanted = {
        (str(RecordKind.WEEK), text): Wanted(text_of(spell(payload)))
        for text, payload in weeks.of_weeks(connection, chosen, by.district).items()
    }
    looked_at = {key: record for key, record in known.items() if key in wanted or key[1] not in due}
    return records.settle(connection, channel, position, calendar.now(), looked_at, wanted)
