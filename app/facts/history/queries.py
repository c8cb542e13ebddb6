"""The history of a project or an engagement, read from the event log."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, select

from app.facts.engagements.models import Engagement
from app.facts.engagements.queries import NoEngagement
from app.facts.enterprises.models import Enterprise
from app.facts.history.engagement_labels import ENGAGEMENT_COLUMNS, ENGAGEMENT_TABLES, ENGAGEMENT_VERBS
from app.facts.history.labels import COLUMNS as PROJECT_COLUMNS
from app.facts.history.labels import HIDDEN, Named, Ref
from app.facts.history.labels import TABLES as PROJECT_TABLES
from app.facts.history.labels import VERBS as PROJECT_VERBS
from app.facts.history.provider_labels import PROVIDER_COLUMNS, PROVIDER_TABLES, PROVIDER_VERBS
from app.facts.history.reward_labels import (
    CLAIM_COLUMNS,
    CLAIM_TABLES,
    CLAIM_VERBS,
    LEAD_COLUMNS,
    LEAD_TABLES,
    LEAD_VERBS,
)
from app.facts.history.schemas import HistoryQuery
from app.facts.history.task_force_labels import TASK_FORCE_COLUMNS, TASK_FORCE_TABLES, TASK_FORCE_VERBS
from app.facts.history.ticket_labels import TICKET_COLUMNS, TICKET_TABLES, TICKET_VERBS
from app.facts.projects import queries as projects
from app.facts.rewards.claims import queries as claims
from app.facts.rewards.leads import queries as leads
from app.facts.rewards.providers import queries as providers
from app.facts.task_forces import queries as task_forces
from app.facts.task_forces.schemas import AsOf
from app.facts.tickets import queries as tickets
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.chain import CHANGED, Event
from app.kernel.db import Base, Hundredths
from app.kernel.money import format_yuan
from app.kernel.paging import Listing, Sight, Where

_filters: dict[str, Where] = {}
HISTORY = Listing(
    name="history",
    asked=HistoryQuery,
    source=select(Event.seq, Event.at, Event.kind, Event.actor, Event.body),
    key=Event.__table__.c.seq,
    sorts={"seq": Event.__table__.c.seq},
    filters=_filters,
    default_sort="-seq",
)
_of_subject = and_(Event.subject == bindparam("subject_kind"), Event.subject_key == bindparam("subject_code"))

VERBS = PROJECT_VERBS | ENGAGEMENT_VERBS | LEAD_VERBS | CLAIM_VERBS | PROVIDER_VERBS | TASK_FORCE_VERBS | TICKET_VERBS
TABLES = PROJECT_TABLES | ENGAGEMENT_TABLES | LEAD_TABLES | CLAIM_TABLES | PROVIDER_TABLES | TASK_FORCE_TABLES
TABLES |= TICKET_TABLES
COLUMNS = PROJECT_COLUMNS | ENGAGEMENT_COLUMNS | LEAD_COLUMNS | CLAIM_COLUMNS | PROVIDER_COLUMNS | TASK_FORCE_COLUMNS
COLUMNS |= TICKET_COLUMNS
NAMES: dict[Ref, Any] = {Ref.UNIT: Unit, Ref.ENTERPRISE: Enterprise, Ref.USER: User}

_decode = msgspec.json.Decoder().decode


def history(connection: Connection, actor: Actor, code: str, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to a project the actor may see: who, when, what, from what to what, why."""
    return _told(connection, "project", projects.get(connection, actor, code).code, asked, with_grants=actor.sees_all)


def of_engagement(connection: Connection, _actor: Actor, number: int, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to an engagement; links to projects are in the history of the project."""
    if connection.execute(select(Engagement.id).where(Engagement.id == number)).one_or_none() is None:
        raise NoEngagement
    return _told(connection, "engagement", str(number), asked, with_grants=False)


def of_lead(connection: Connection, actor: Actor, number: int, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to a lead the actor may see."""
    leads.detail(connection, actor, number)
    return _told(connection, "lead", str(number), asked, with_grants=False)


def of_claim(connection: Connection, actor: Actor, number: int, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to a claim the actor may see."""
    claims.detail(connection, actor, number)
    return _told(connection, "claim", str(number), asked, with_grants=False)


def of_provider(connection: Connection, actor: Actor, number: int, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to a lead provider the actor may see, and who saw its numbers in clear."""
    providers.check(connection, actor, number)
    return _told(connection, "lead_provider", str(number), asked, with_grants=False)


def of_task_force(connection: Connection, actor: Actor, number: int, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to a task force the actor may see, its tasks and meetings included."""
    task_forces.detail(connection, actor, number, AsOf(as_of=None))
    return _told(connection, "task_force", str(number), asked, with_grants=False)


def of_ticket(connection: Connection, actor: Actor, number: int, asked: HistoryQuery) -> dict[str, Any]:
    """What happened to a ticket the actor may see."""
    tickets.detail(connection, actor, number)
    return _told(connection, "ticket", str(number), asked, with_grants=False)


def _told(
    connection: Connection, subject: str, key: str, asked: HistoryQuery, *, with_grants: bool
) -> dict[str, Any]:  # fmt: skip
    values = {"subject_kind": subject, "subject_code": key}
    found = HISTORY.found(connection, asked, Sight("subject", _of_subject, values))
    events = [(row, _decode(row["body"])) for row in found["items"]]
    changes = [_changes(subject, body["rows"], with_grants=with_grants) for _, body in events]
    _name_references(connection, (change for several in changes for change in several))
    people = _names_of(connection, {row["actor"] for row, _ in events})
    found["items"] = [
        {
            "seq": row["seq"],
            "at": row["at"],
            "by": row["actor"],
            "by_name": people.get(row["actor"]),
            "kind": row["kind"],
            "label": VERBS.get(row["kind"], row["kind"]),
            "reason": body["reason"],
            "changes": several,
        }
        for (row, body), several in zip(events, changes, strict=True)
    ]
    return found


def _changes(subject: str, rows: Iterable[Any], *, with_grants: bool) -> list[dict[str, Any]]:
    changes = []
    for table, key, op, fields in rows:
        if table == "project_grant" and not with_grants:
            continue
        for field, values in fields.items():
            before, after = (CHANGED, CHANGED) if values == CHANGED else values
            if field in HIDDEN or field == f"{subject}_id" or before == after != CHANGED:
                continue
            named = COLUMNS.get(table, {}).get(field, Named(field))
            changes.append(
                {
                    "record": table,
                    "record_label": TABLES.get(table, table),
                    "record_id": key if isinstance(key, int) else None,
                    "op": op,
                    "field": field,
                    "label": named.label,
                    "before": _spelled(table, field, before),
                    "after": _spelled(table, field, after),
                    "before_text": _text(table, field, named, before),
                    "after_text": _text(table, field, named, after),
                }
            )
    return changes


def _is_hundredths(table: str, field: str) -> bool:
    known = Base.metadata.tables.get(table)
    return known is not None and field in known.c and isinstance(known.c[field].type, Hundredths)


def _spelled(table: str, field: str, value: Any) -> Any:
    return format_yuan(value) if isinstance(value, int) and _is_hundredths(table, field) else value


def _text(table: str, field: str, named: Named, value: Any) -> str | None:
    if value is None:
        return None
    if value == CHANGED:
        return "已变更"
    if named.words is not None:
        return named.words.get(str(value), str(value))
    if isinstance(value, list):  # of things that say what they are
        return "；".join(str(one["message"] if isinstance(one, dict) else one) for one in value)
    return str(_spelled(table, field, value))


def _name_references(connection: Connection, changes: Iterable[dict[str, Any]]) -> None:
    """Put names where the log has the numbers of units, enterprises and users."""
    pointing = []
    wanted: dict[Ref, set[int]] = {ref: set() for ref in Ref}
    for change in changes:
        named = COLUMNS.get(change["record"], {}).get(change["field"])
        if named is not None and named.points_at is not None:
            pointing.append((change, named.points_at))
            wanted[named.points_at] |= {value for value in (change["before"], change["after"]) if value is not None}
    known: dict[Ref, dict[int, str]] = {}
    for ref, numbers in wanted.items():
        if numbers:
            model = NAMES[ref]
            rows = connection.execute(select(model.id, model.name).where(model.id.in_(numbers))).all()
            known[ref] = {row.id: row.name for row in rows}
    for change, ref in pointing:
        for side in ("before", "after"):
            if change[side] is not None:
                change[f"{side}_text"] = known[ref].get(change[side], str(change[side]))


def _names_of(connection: Connection, logins: set[str]) -> dict[str, str]:
    if not logins:
        return {}
    rows = connection.execute(select(User.login, User.name).where(User.login.in_(logins))).all()
    return {row.login: row.name for row in rows}
