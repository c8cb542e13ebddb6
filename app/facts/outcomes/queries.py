"""A project's ledger of outcomes as it is seen, and how far its investment has come."""

from collections import Counter
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.facts.outcomes.ledger import OUTCOMES
from app.facts.outcomes.models import Outcome
from app.facts.outcomes.terms import OUTCOME_KIND_LABELS, OutcomeKind
from app.facts.projects import queries as projects
from app.facts.recognition.queries import standings
from app.facts.recognition.terms import EntryState
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.money import format_yuan, percent_text, ratio_text
from app.kernel.replies import Answer
from app.kernel.statements import Statement

_reversal, _anew = aliased(Outcome), aliased(Outcome)


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Outcome.id,
            Outcome.kind,
            Outcome.period,
            Outcome.happened_on,
            Outcome.deferred_to,
            Outcome.amount_fen.label("amount"),
            Outcome.persons,
            Outcome.state,
            Outcome.shared_reason,
            Outcome.reverses_id.label("reverses"),
            _reversal.id.label("reversed_by"),
            Outcome.follows_id.label("follows"),
            _anew.id.label("followed_by"),
            Outcome.reason,
            Outcome.note,
            Outcome.imported,
            Outcome.entered_at,
            Outcome.entered_by_name.label("entered_by"),
            Outcome.judged_at,
            Outcome.judged_by_name.label("judged_by"),
            Outcome.rule,
        )
        .outerjoin(_reversal, _reversal.reverses_id == Outcome.id)
        .outerjoin(_anew, _anew.follows_id == Outcome.id)
    )


_of_project = Statement(
    _lines().where(Outcome.project_id == bindparam("project")).order_by(Outcome.happened_on, Outcome.id)
)
_one = Statement(_lines().where(Outcome.id == bindparam("entry")))
_KIND, _STATE, _AMOUNT, _PERSONS = (_of_project.names.index(name) for name in ("kind", "state", "amount", "persons"))


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """The ledger of a project the actor may see, with totals by kind, under the project's row version."""
    project = projects.get(connection, actor, code)
    rows = _of_project.rows(connection, {"project": project.id})
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sums[row[_KIND], row[_STATE]] += row[_AMOUNT] if row[_PERSONS] is None else row[_PERSONS]
    items = _told(connection, actor, project.id, _of_project, rows)
    return Answer({"items": items, "totals": _totals(sums)}, row_version=project.version)


def _totals(sums: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    totals = []
    for kind in OutcomeKind:
        counted, declared = sums[kind, EntryState.RECOGNISED], sums[kind, EntryState.DECLARED]
        money = not kind.counts_people
        totals.append(
            {
                "kind": kind,
                "label": OUTCOME_KIND_LABELS[kind],
                "amount": format_yuan(counted) if money else None,
                "persons": None if money else counted,
                "declared_amount": format_yuan(declared) if money else None,
                "declared_persons": None if money else declared,
            }
        )
    return totals


def out(db: Session, actor: Actor, entry: Outcome) -> dict[str, Any]:
    """One line, as its list shows it."""
    connection = db.connection()
    return _told(connection, actor, entry.project_id, _one, _one.rows(connection, {"entry": entry.id}))[0]


def _told(
    connection: Connection, actor: Actor, project_id: int, statement: Statement, rows: list[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    lines = [dict(zip(statement.names, row, strict=True)) for row in statement.spelled(connection, rows)]
    resting = standings(connection, actor, OUTCOMES, project_id, lines)
    return [line | resting[line["id"]].told() for line in lines]


# -- how far the investment has come -------------------------------------------------------------------------------


def progress(connection: Connection, actor: Actor, code: str) -> Answer:
    """Recognised fixed-asset investment by month, beside the planned total, of a project the actor may see."""
    project = projects.get(connection, actor, code)
    rows = connection.execute(
        select(Outcome.happened_on, func.sum(Outcome.amount_fen))
        .where(
            Outcome.project_id == project.id,
            Outcome.kind == OutcomeKind.FIXED_ASSET_INVESTMENT,
            Outcome.state == EntryState.RECOGNISED,
        )
        .group_by(Outcome.happened_on)
    )
    by_month: Counter[str] = Counter()
    for day, fen in rows:
        by_month[Period.of(day, "month").text] += int(fen or 0)
    planned, done, months = project.investment_fen, 0, []
    for month in _months(by_month):
        done += by_month[month]
        months.append(
            {
                "month": month,
                "amount": format_yuan(by_month[month]),
                "cumulative": format_yuan(done),
                **_share(done, planned),
                "numerator": format_yuan(done),
                "denominator": _yuan(planned),
            }
        )
    said = {"investment": _yuan(planned), "done": format_yuan(done), **_share(done, planned)}
    said["text"] = f"{percent_text(done, planned)}%" if planned else None
    return Answer({**said, "months": months}, row_version=project.version)


def _months(found: Counter[str]) -> list[str]:
    if not found:
        return []
    first, last = (Period.parse(text) for text in (min(found), max(found)))
    return [part.text for part in Period.span(first.start, last.end).parts("month")]


def _share(done: int, planned: int | None) -> dict[str, Any]:
    return {"progress": ratio_text(done, planned) if planned else None}


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else format_yuan(fen)


# -- what a declaration looks at -----------------------------------------------------------------------------------


def taken(db: Session, project_id: int, kind: OutcomeKind, start: date, end: date) -> Outcome | None:
    """An entry of this kind for a period that shares a day with this one; what was rejected or reversed is none."""
    undone = select(_reversal.id).where(_reversal.reverses_id == Outcome.id).exists()
    return db.scalars(
        select(Outcome)
        .where(
            Outcome.project_id == project_id,
            Outcome.kind == kind,
            Outcome.state != EntryState.REJECTED,
            Outcome.reverses_id.is_(None),
            Outcome.starts_on <= end,
            Outcome.happened_on >= start,
            ~undone,
        )
        .order_by(Outcome.id)
    ).first()


# -- what rewards are computed from --------------------------------------------------------------------------------


def recognised(db: Connection | Session, project_ids: Collection[int], until: date) -> Counter[tuple[int, OutcomeKind]]:
    """Fen by project and kind, of what was recognised and came about (or was taken back) until a day; jobs left out."""
    rows = db.execute(
        select(Outcome.project_id, Outcome.kind, func.sum(Outcome.amount_fen))
        .where(
            Outcome.project_id.in_(project_ids),
            Outcome.state == EntryState.RECOGNISED,
            Outcome.happened_on <= until,
            Outcome.amount_fen.is_not(None),
        )
        .group_by(Outcome.project_id, Outcome.kind)
    )
    return Counter({(number, kind): int(fen or 0) for number, kind, fen in rows})
