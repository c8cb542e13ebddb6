"""The one short write of an import: everything was read, checked and planned before it begins.

Rows go in by the thousand, past the ORM, so each project's event is told by hand. When something the plan relied on
has moved meanwhile, nothing is written (`Moved`) and the caller plans again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, or_, select
from sqlalchemy.orm import Session

from app.exchange.ledgers.drafts import Draft
from app.exchange.ledgers.known import PARTS, Known, Line
from app.exchange.ledgers.plan import Plan
from app.facts.enterprises.models import Enterprise
from app.facts.pipeline.models import Move
from app.facts.projects import intake
from app.facts.projects.models import Project, Restatement
from app.facts.projects.service import search_columns, sight_from
from app.identity.periods import closures
from app.kernel import bulk, events
from app.kernel.bulk import plain_text, table_of
from app.kernel.chain import Event, canonical
from app.kernel.db import Instant, instant_text
from app.kernel.events import Row
from app.kernel.names import pinyin, search_key, squash

PROJECT, ENTERPRISE = table_of(Project), table_of(Enterprise)
TABLES: dict[str, Table] = {**PARTS, "moves": table_of(Move), "restatements": table_of(Restatement)}
UNSETTLING = ("project.created", "project.imported")
"""Events about other projects after which names and codes may mean something else."""


class Moved(Exception):
    """What the plan relied on is not so any more."""


def prepare(plan: Plan) -> None:
    """What can be done before the write: everything but numbers and codes."""
    for draft in plan.accepted:
        if draft.rewritten:
            _search(plan, draft)
            draft.row["changed_at"] = plan.known.now
            draft.row["sight"] = _sight(draft)
            if draft.record is not None:
                draft.row["version"] = draft.record.row["version"] + 1


def _search(plan: Plan, draft: Draft) -> None:
    """The columns that lists search by."""
    row, record = draft.row, draft.record
    names = [line["alias"] for line in draft.added.get("aliases", ())]
    firms = draft.names
    if record is not None:
        if not (names or firms or row["name"] != record.row["name"]):
            return
        names = [line["alias"] for line in record.aliases] + names
        there = [line["enterprise_id"] for line in record.enterprises]
        firms = list(dict.fromkeys([*(plan.known.firms[one]["name"] for one in there), *firms]))
    row.update(search_columns(row["name"], sorted(names), firms, row["code"]))


def apply(db: Session, plan: Plan, number: int) -> None:
    """Write what was planned; `number` is the import's. Raises `Moved` before anything is written."""
    accepted = plan.accepted
    connection = db.connection()
    bulk.alone(connection, "ledger_import")
    if not accepted:
        return
    _check(db, connection, plan, accepted)
    firm_ids = _write_firms(db, connection, plan, accepted)
    _give_codes(db, plan.known, accepted)
    drafts = [draft for draft in accepted if draft.rewritten]
    for draft in drafts:
        for line in draft.added.get("entries", ()):
            line["import_id"] = number
    _write_projects(connection, drafts, firm_ids)
    now = instant_text(plan.known.now)
    for draft in drafts:
        row, rows = draft.row, _told_rows(draft, now)
        _tell(db, "project.imported", "project", row["id"], row["code"], row["sight"], rows, ledger_import=number)


def _check(db: Session, connection: Connection, plan: Plan, accepted: Sequence[Draft]) -> None:
    """Lock what will be changed, in the order everybody locks in; compare it with what was planned on."""
    seq, known = plan.known.seq, plan.known
    gaps = {firm_id for draft in accepted for firm_id in draft.gaps if firm_id > 0}
    linked = {firm_id for draft in accepted for firm_id in draft.firms if firm_id > 0}
    firms = bulk.hold(connection, ENTERPRISE, gaps)
    firms |= bulk.hold(connection, ENTERPRISE, linked - gaps, share=True)
    ids = [draft.record.id for draft in accepted if draft.record is not None]
    projects = bulk.hold(connection, PROJECT, ids)
    if closures.hold(db) != known.closed:
        raise Moved
    unsettled = connection.execute(
        select(Event.seq)
        .where(Event.seq > seq, or_(Event.kind.in_(UNSETTLING), Event.subject.in_(("enterprise", "unit"))))
        .limit(1)
    ).first()
    if unsettled is not None or len(firms) < len(gaps | linked) or len(projects) < len(ids):
        raise Moved
    if any(firms[firm_id].version != known.firms[firm_id]["version"] for firm_id in firms):
        raise Moved
    if any(projects[key].version != known.records[key].row["version"] for key in projects):
        raise Moved


# -- enterprises ---------------------------------------------------------------------------------------------------


def _write_firms(db: Session, connection: Connection, plan: Plan, accepted: Sequence[Draft]) -> dict[int, int]:
    """Enter new enterprises and fill gaps; temporary number → number."""
    needed = sorted({firm_id for draft in accepted for firm_id in draft.firms if firm_id < 0}, reverse=True)
    gaps: dict[int, Line] = {}
    for draft in accepted:
        for firm_id, values in draft.gaps.items():
            gaps.setdefault(firm_id, {}).update(values)
    numbers = dict(zip(needed, bulk.next_ids(connection, ENTERPRISE, len(needed)), strict=True))
    blank = dict.fromkeys(bulk.names_of(ENTERPRISE))
    lines = []
    for firm_id in needed:
        row = plan.firms.made[firm_id].row | gaps.get(firm_id, {})
        name = row["name"]
        made = {"squashed": squash(name)[:200], "pinyin": pinyin(name)[:600], "search": search_key(name), "version": 1}
        lines.append({**blank, **row, **made, "id": numbers[firm_id]})
    bulk.insert(connection, ENTERPRISE, lines)
    for line in lines:
        _tell(db, "enterprise.created", "enterprise", line["id"], str(line["id"]), None, [NEW_FIRM.row(line, "")])
    changed = {}
    for firm_id, values in gaps.items():
        if firm_id > 0:
            before = plan.known.firms[firm_id]
            changed[firm_id] = {**values, "version": before["version"] + 1}
            rows = [_updated(ENTERPRISE, firm_id, before, changed[firm_id])]
            _tell(db, "enterprise.changed", "enterprise", firm_id, str(firm_id), None, rows)
    bulk.change(connection, ENTERPRISE, changed.items())
    return numbers


# -- projects ------------------------------------------------------------------------------------------------------


def _give_codes(db: Session, known: Known, accepted: Sequence[Draft]) -> None:
    """Codes that come with the ledger are taken; the others follow in the books of their year."""
    new = [draft for draft in accepted if draft.new]
    intake.pass_codes(db, [draft.row["code"] for draft in new if draft.row["code"]])
    without: dict[int, list[Draft]] = {}
    for draft in new:
        if not draft.row["code"]:
            without.setdefault(draft.year or known.today.year, []).append(draft)
    for year in sorted(without):
        codes = intake.next_codes(db, known.district, year, len(without[year]))
        for draft, code in zip(without[year], codes, strict=True):
            draft.row["code"] = code
            draft.row["search"] += f" {search_key(code)}"


def _write_projects(connection: Connection, drafts: Sequence[Draft], firm_ids: Mapping[int, int]) -> None:
    new = [draft for draft in drafts if draft.new]
    for draft, key in zip(new, bulk.next_ids(connection, PROJECT, len(new)), strict=True):
        draft.row["id"] = key
    for draft in drafts:
        row = draft.row
        row["enterprise_id"] = firm_ids.get(row["enterprise_id"], row["enterprise_id"])
    parts = _number_parts(connection, drafts, firm_ids)
    bulk.insert(connection, PROJECT, [draft.row for draft in new])
    bulk.change(connection, PROJECT, [(draft.row["id"], _changes(draft)) for draft in drafts if not draft.new])
    for part, lines in parts.items():
        bulk.insert(connection, TABLES[part], lines)
    altered: dict[str, list[tuple[int, Line]]] = {}
    dropped: dict[str, list[int]] = {}
    for draft in drafts:
        for part, line, values in draft.altered:
            altered.setdefault(part, []).append((line["id"], values))
        for part, line in draft.dropped:
            dropped.setdefault(part, []).append(line["id"])
    for part, changes in altered.items():
        bulk.change(connection, TABLES[part], changes)
    for part, keys in dropped.items():
        bulk.remove(connection, TABLES[part], keys)


def _number_parts(
    connection: Connection, drafts: Sequence[Draft], firm_ids: Mapping[int, int]
) -> dict[str, list[Line]]:
    """Give what hangs on the projects its numbers; all new rows, by part."""
    parts: dict[str, list[Line]] = {}
    for draft in drafts:
        key = draft.row["id"]
        for part, lines in draft.added.items():
            for line in lines:
                line["project_id"] = key
            parts.setdefault(part, []).extend(lines)
    for line in parts.get("enterprises", ()):
        line["enterprise_id"] = firm_ids.get(line["enterprise_id"], line["enterprise_id"])
    for line in parts.get("units", ()):
        line.setdefault("valid_to", None)
    for part, lines in parts.items():
        for line, key in zip(lines, bulk.next_ids(connection, TABLES[part], len(lines)), strict=True):
            line["id"] = key
    return parts


def _sight(draft: Draft) -> Line:
    """Who may see it: its level, its units of today, and whoever was granted sight."""
    record = draft.record
    over = {line["id"] for part, line, _ in draft.altered if part == "units"}
    over |= {line["id"] for part, line in draft.dropped if part == "units"}
    present = [line for line in record.units if line["valid_to"] is None and line["id"] not in over] if record else []
    grants = record.grants if record else []
    units = {line["unit_id"] for line in (*present, *draft.added.get("units", ()))}
    units |= {grant["unit_id"] for grant in grants if grant["unit_id"] is not None}
    users = {grant["user_id"] for grant in grants if grant["user_id"] is not None}
    return sight_from(draft.row["confidentiality"], units, users)


def _changes(draft: Draft) -> Line:
    assert draft.record is not None
    before = draft.record.row
    return {name: value for name, value in draft.row.items() if value != before[name]}


# -- the log -------------------------------------------------------------------------------------------------------


def _tell(
    db: Session, kind: str, subject: str, key: int, name: str, sight: Any, rows: list[Row], **data: Any
) -> None:  # fmt: skip
    events.record_rows(db, kind, subject, key, name, sight, rows, **data)


@dataclass(frozen=True, slots=True)
class _Logged:
    """How the log tells of new rows of a table. Made for tens of thousands of them: the loops are C's."""

    table: str
    names: tuple[str, ...]
    values: Callable[[Line], tuple[Any, ...]]
    instants: tuple[str, ...]
    before: tuple[None, ...]

    @classmethod
    def of(cls, table: Table, hidden: Collection[str] = ()) -> "_Logged":
        names = tuple(name for name in bulk.names_of(table) if name not in hidden)
        instants = tuple(name for name in names if isinstance(table.c[name].type, Instant))
        return cls(plain_text(table.name), names, itemgetter(*names), instants, (None,) * len(names))

    def row(self, line: Line, now: str) -> Row:
        fields: dict[str, Any] = dict(zip(self.names, zip(self.before, self.values(line), strict=True), strict=True))
        for name in self.instants:
            if line[name] is not None:
                fields[name] = (None, now)
        return Row(self.table, line["id"], "insert", msgspec.Raw(canonical(fields)))


NEW_PROJECT, NEW_FIRM = _Logged.of(PROJECT, Project.__unlogged__), _Logged.of(ENTERPRISE)
NEW = {part: _Logged.of(table) for part, table in TABLES.items()}


def _updated(table: Table, key: int, before: Line, values: Line) -> Row:
    hidden = PROJECT.name == table.name
    told = (name for name in values if not hidden or name not in Project.__unlogged__)
    return Row(plain_text(table.name), key, "update", {name: [before[name], values[name]] for name in told})


def _told_rows(draft: Draft, now: str) -> list[Row]:
    """Everything that is different about a project, as the log tells it. Values are encoded with the event."""
    row, record = draft.row, draft.record
    if record is None:
        rows = [NEW_PROJECT.row(row, now)]
    else:
        rows = [_updated(PROJECT, record.id, record.row, _changes(draft))]
    for part, lines in draft.added.items():
        told = NEW[part]
        rows += [told.row(line, now) for line in lines]
    rows += [_updated(TABLES[part], line["id"], line, values) for part, line, values in draft.altered]
    for part, line in draft.dropped:
        told = NEW[part]
        rows.append(Row(told.table, line["id"], "delete", {name: [line[name], None] for name in told.names}))
    return rows
