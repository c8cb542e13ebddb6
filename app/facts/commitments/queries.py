"""Clauses as they are seen: in lists, by themselves, and who is late with how many."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.commitments.judging import spelled
from app.facts.commitments.models import Commitment, CommitmentDelivery, CommitmentPaper, CommitmentSetting
from app.facts.commitments.schemas import AsOf, BreachFilter, CommitmentFilter
from app.facts.commitments.standing import Reader, Standing, standings
from app.facts.commitments.terms import ClauseKind, ClauseState, Measure, Party
from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import Invalid, NotFound
from app.kernel.money import format_yuan
from app.kernel.replies import Answer


class NoCommitment(NotFound):
    code = "no_commitment"
    message = "没有这一条款，或您无权查看"
    english = "There is no such clause, or it is not yours to see."


HIDDEN = frozenset({ClauseState.VOID, ClauseState.REPLACED})
"""States that lists show only when they are asked for."""


def said(day: date) -> dict[str, Any]:
    """As of when an answer is, and until when."""
    return {"as_of": day, "valid_until": instant_text(calendar.midnight_after(calendar.now()))}


def answered(data: dict[str, Any], row_version: int | None = None) -> Answer:
    """An answer that is good until the day ends."""
    return Answer(data, row_version, calendar.midnight_after(calendar.now()))


# -- in lists ------------------------------------------------------------------------------------------------------


def page(connection: Connection, actor: Actor, asked: CommitmentFilter, _whose: int) -> Answer:
    """A page of the clauses that the actor may see."""
    day = asked.as_of or calendar.today()
    found = list(chosen(connection, actor, day, asked))
    ordered = sorted(found, key=lambda one: one.place)
    after = None if asked.after is None else _opened(asked.after)
    following = ordered if after is None else [one for one in ordered if one.place > after]
    items = following[: asked.limit]
    more = len(following) > asked.limit
    data: dict[str, Any] = {
        "items": rows(connection, items),
        "next": ".".join(map(str, items[-1].place)) if more else None,
    }
    if asked.count:
        data["total"] = len(ordered)
    return answered(data | said(day))


def chosen(db: Reader, actor: Actor, day: date, asked: CommitmentFilter) -> Iterable[Standing]:
    """The clauses that are asked for, as they stand."""
    conditions: list[ColumnElement[bool]] = []
    units: set[int] | None = None
    if asked.unit:
        units = set(db.execute(select(Unit.id).where(Unit.code.in_(asked.unit))).scalars())
    if asked.mine:
        own = set() if actor.unit_id is None else {actor.unit_id}
        units = own if units is None else units & own
    if units is not None:
        conditions.append(Project.id.in_(select(Commitment.project_id).where(Commitment.unit_id.in_(units))))
    if asked.project is not None:
        conditions.append(Project.code == asked.project)
    if asked.enterprise is not None:
        conditions.append(Project.enterprise_id == asked.enterprise)
    if asked.agreement is not None:
        conditions.append(Project.id.in_(select(Agreement.project_id).where(Agreement.id == asked.agreement)))
    for one in standings(db, actor, day, *conditions):
        judged = one.judged
        late = judged.days_overdue if judged.state is ClauseState.OVERDUE else 0
        if (
            (judged.state in asked.state if asked.state else judged.state not in HIDDEN)
            and (units is None or one.unit in units)
            and (asked.agreement is None or one.agreement == asked.agreement)
            and (asked.party is None or one.party is asked.party)
            and (not asked.kind or one.clause.kind in asked.kind)
            and (asked.overdue_from is None or late >= asked.overdue_from)
            and (asked.due_until is None or (judged.due_on is not None and judged.due_on <= asked.due_until))
        ):
            yield one


def of_project(connection: Connection, actor: Actor, code: str, asked: AsOf) -> Answer:
    """All clauses of a project the actor may see, those that hold no more too, in the order of their papers."""
    project = projects.get(connection, actor, code)
    day = asked.as_of or calendar.today()
    found = standings(connection, actor, day, Project.id == project.id)
    found.sort(key=lambda one: (one.signed_on, one.agreement, one.id))
    return answered({"items": rows(connection, found)} | said(day), project.version)


def _opened(cursor: str) -> tuple[int, str, int]:
    try:
        late, day, number = cursor.split(".")
        return int(late), date.fromisoformat(day).isoformat(), int(number)
    except ValueError:
        raise Invalid.field("after", "bad_cursor", "不是本列表给出的游标") from None


# -- one -----------------------------------------------------------------------------------------------------------


def detail(connection: Connection, actor: Actor, number: int, asked: AsOf) -> Answer:
    """One clause whole, under the row version of its project; 404 when the project is not the actor's to see."""
    project = connection.execute(
        select(Project.id, Project.version)
        .join(Commitment, Commitment.project_id == Project.id)
        .where(Commitment.id == number, projects.visible(actor))
    ).one_or_none()
    if project is None:
        raise NoCommitment
    return answered(_one(connection, actor, project.id, number, asked.as_of), project.version)


def out(db: Session, actor: Actor, clause: Commitment) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    return _one(db, actor, clause.project_id, clause.id, None)


def _one(db: Reader, actor: Actor, project_id: int, number: int, as_of: date | None) -> dict[str, Any]:
    day = as_of or calendar.today()
    found = [one for one in standings(db, actor, day, Project.id == project_id) if one.id == number]
    if not found:
        raise NoCommitment  # signed later than the day that is looked at, or hidden from this actor
    further = db.execute(select(Commitment.voided_reason).where(Commitment.id == number)).one()
    newer = select(Commitment.id).where(Commitment.replaces_id == number, Commitment.voided_reason.is_(None))
    successor = db.execute(newer.order_by(Commitment.id).limit(1)).scalar()
    papers = select(CommitmentPaper.evidence_id).where(CommitmentPaper.commitment_id == number)
    return (
        rows(db, found)[0]
        | {
            "replaced_by": successor,
            "voided_reason": further.voided_reason,
            "evidence": [row.evidence_id for row in db.execute(papers.order_by(CommitmentPaper.evidence_id))],
            "settings": [
                dict(row._mapping) for row in db.execute(_SETTINGS.where(CommitmentSetting.commitment_id == number))
            ],
            "deliveries": [
                dict(row._mapping) | {"area": _mu(row.area)}
                for row in db.execute(_DELIVERIES.where(CommitmentDelivery.commitment_id == number))
            ],
        }
        | said(day)
    )


_SETTINGS = select(
    CommitmentSetting.id,
    CommitmentSetting.state,
    CommitmentSetting.since,
    CommitmentSetting.until,
    CommitmentSetting.reason,
    CommitmentSetting.basis,
    CommitmentSetting.review_id.label("review"),
    CommitmentSetting.by_name.label("by"),
    CommitmentSetting.ended_reason,
    CommitmentSetting.ended_by_name.label("ended_by"),
).order_by(CommitmentSetting.id)
_DELIVERIES = select(
    CommitmentDelivery.id,
    CommitmentDelivery.on,
    CommitmentDelivery.area_mu.label("area"),
    CommitmentDelivery.percent,
    CommitmentDelivery.note,
    CommitmentDelivery.evidence_id.label("evidence"),
    CommitmentDelivery.voided_reason,
    CommitmentDelivery.by_name.label("by"),
).order_by(CommitmentDelivery.on, CommitmentDelivery.id)

_ROWS = (
    select(
        *(column for column in Commitment.__table__.c),
        Project.code.label("project_code"),
        Project.name.label("project_name"),
        Project.enterprise_id.label("enterprise"),
        Enterprise.name.label("enterprise_name"),
        Agreement.type.label("agreement_type"),
        Agreement.number.label("agreement_number"),
        Agreement.signed_on,
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
    )
    .select_from(Commitment)
    .join(Project, Project.id == Commitment.project_id)
    .join(Agreement, Agreement.id == Commitment.agreement_id)
    .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
    .outerjoin(Unit, Unit.id == Commitment.unit_id)
)


def rows(db: Reader, found: Sequence[Standing]) -> list[dict[str, Any]]:
    """These clauses as `CommitmentRow`, in their order. The actor may see them: they have been asked for so."""
    if not found:
        return []
    told: dict[int, Any] = {}
    numbers = [one.id for one in found]
    for start in range(0, len(numbers), 500):
        chunk = numbers[start : start + 500]
        told |= {row.id: row for row in db.execute(_ROWS.where(Commitment.id.in_(chunk)))}
    return [_row(told[one.id], one) for one in found]


def _row(row: Any, one: Standing) -> dict[str, Any]:
    judged, measure = one.judged, row.kind.measure
    promised = 100 if measure is Measure.PERCENT else one.clause.promised
    return {
        "id": row.id,
        "project": row.project_code,
        "project_name": row.project_name,
        "enterprise": row.enterprise,
        "enterprise_name": row.enterprise_name,
        "agreement": row.agreement_id,
        "agreement_type": row.agreement_type,
        "agreement_number": row.agreement_number,
        "signed_on": row.signed_on,
        "number": row.number,
        "text": row.text,
        "party": row.party,
        "kind": row.kind,
        "measure": measure,
        "promised": quantity(promised, measure),
        "achieved": quantity(judged.achieved, measure),
        "condition": {
            "kind": row.condition,
            "stage": row.condition_stage,
            "clause": row.condition_clause_id,
            "measure": row.condition_measure,
            "amount": None if row.condition_fen is None else format_yuan(row.condition_fen),
            "persons": row.condition_persons,
            "met_on": judged.met_on,
        },
        "due": {
            "on": row.due_on,
            "after": row.due_after,
            "count": row.due_count,
            "span": row.due_span,
            "clause": row.due_clause_id,
            "day": judged.due_on,
        },
        "unit": row.unit,
        "unit_name": row.unit_name,
        "basis": row.basis,
        "basis_from": row.basis_from,
        "basis_to": row.basis_to,
        "review": row.review_id,
        "survives_end": row.survives_end,
        "replaces": row.replaces_id,
        "note": row.note,
        "imported": row.imported,
        "state": judged.state,
        "why": list(judged.why),
        "fulfilled_on": judged.fulfilled_on,
        "days_overdue": judged.days_overdue,
        "entered_by": row.entered_by_name,
    }


def quantity(value: int | None, measure: Measure) -> dict[str, Any]:
    """A quantity as `PromiseOut`."""
    money = measure in (Measure.MONEY, Measure.MONEY_PER_MU)
    text = "" if value is None else spelled(value, measure)
    if measure is Measure.DATE:
        text = "按期达到" if value is None else "已达到" if value else "尚未达到"
    return {
        "amount": format_yuan(value) if money and value is not None else None,
        "persons": value if measure is Measure.PERSONS else None,
        "area": _mu(value) if measure is Measure.AREA else None,
        "percent": value if measure is Measure.PERCENT else None,
        "text": text,
    }


def _mu(hundredths: int | None) -> str | None:
    return None if hundredths is None else format_yuan(hundredths)


# -- who is late ---------------------------------------------------------------------------------------------------


def breaches_by_enterprise(connection: Connection, actor: Actor, asked: BreachFilter) -> Answer:
    """By the enterprise that invests today, what is late by it and towards it."""
    names = {row.id: row.name for row in connection.execute(select(Enterprise.id, Enterprise.name))}
    return _breaches(
        connection, actor, asked, lambda one: one.enterprise,
        lambda key: {"enterprise": key, "enterprise_name": names.get(key)},
    )  # fmt: skip


def breaches_by_unit(connection: Connection, actor: Actor, asked: BreachFilter) -> Answer:
    """By unit, what is late of the clauses that it answers for."""
    units = {row.id: row for row in connection.execute(select(Unit.id, Unit.code, Unit.name))}

    def told(key: int | None) -> dict[str, Any]:
        unit = units.get(key) if key is not None else None
        return {"unit": unit and unit.code, "unit_name": unit and unit.name}

    return _breaches(connection, actor, asked, lambda one: one.unit, told)


def _breaches(
    connection: Connection, actor: Actor, asked: BreachFilter, key: Callable[[Standing], int | None],
    told: Callable[[int | None], dict[str, Any]],
) -> Answer:  # fmt: skip
    day = asked.as_of or calendar.today()
    late: dict[int | None, list[Standing]] = defaultdict(list)
    for one in standings(connection, actor, day):
        judged = one.judged
        if (
            judged.state is ClauseState.OVERDUE
            and (asked.party is None or one.party is asked.party)
            and judged.days_overdue >= (asked.overdue_from or 1)
        ):
            late[key(one)].append(one)
    items = [told(of) | _summed(several) for of, several in late.items()]
    items.sort(key=lambda row: (-row["overdue"], -row["longest_days"], *map(str, row.values())))
    return answered({"items": items, "total": sum(row["overdue"] for row in items)} | said(day))


def _summed(several: list[Standing]) -> dict[str, Any]:
    days = [one.judged.days_overdue for one in several]
    owed = sum(
        max(0, (one.clause.promised or 0) - one.judged.achieved)
        for one in several
        if one.clause.kind is ClauseKind.SUBSIDY
    )
    return {
        "overdue": len(several),
        "over_90": sum(number > 90 for number in days),
        "over_365": sum(number > 365 for number in days),
        "longest_days": max(days),
        "by_enterprise": sum(one.party is Party.ENTERPRISE for one in several),
        "by_district": sum(one.party is Party.DISTRICT for one in several),
        "subsidies_due": format_yuan(owed),
        "projects": len({one.project for one in several}),
    }
