"""What enters the ledger of outcomes."""

from datetime import date

from sqlalchemy.orm import Session

from app.facts.outcomes import queries
from app.facts.outcomes.ledger import OUTCOMES
from app.facts.outcomes.models import Outcome
from app.facts.outcomes.schemas import OutcomeIn
from app.facts.outcomes.terms import OUTCOME_KIND_LABELS, OutcomeKind
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.recognition import service as entries
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.calendar import FIRST_YEAR, Period
from app.kernel.errors import Conflict, Invalid
from app.kernel.money import PLAUSIBLE_FEN, display

_WORDS = {"month": "月（2020-08）", "year": "年（2020）"}


class PeriodTaken(Conflict):
    code = "period_taken"
    message = "该项目在这一期间已有同种成效的记录"
    english = "The project has an entry of this kind for this period already."


def declare(db: Session, actor: Actor, code: str, body: OutcomeIn) -> tuple[Project, Outcome]:
    """Declare what came about. It counts once another person has recognised it.

    A period that is done with (a month, or the year around it) takes one entry of a kind; capital is paid in on days.
    """
    project = projects.open_for_change(db, actor, code, OUTCOMES.declare, even_archived=True)
    start, end = _days(body.kind, body.period)
    _check_quantity(body)
    if body.kind.periods:
        found = queries.taken(db, project.id, body.kind, start, end)
        if found is not None:
            label = OUTCOME_KIND_LABELS[body.kind]
            raise PeriodTaken(
                f"该项目 {found.period} 已有{label}的记录（第 {found.id} 号），期间重叠；有误请先退回或冲销"
            )
    entry = Outcome(
        project_id=project.id, kind=body.kind, period=body.period, starts_on=start, happened_on=end,
        amount_fen=body.amount, persons=body.persons, note=body.note, **entries.stamp(db, actor),
    )  # fmt: skip
    entries.declare(db, OUTCOMES, project, entry, numbers=body.evidence, follows=body.follows)
    return project, entry


def _days(kind: OutcomeKind, text: str) -> tuple[date, date]:
    """The first and last day of what a declaration speaks of."""
    if kind.periods:
        try:
            period = Period.parse(text)
        except ValueError as error:
            raise Invalid.field("period", "period", str(error)) from None
        if period.kind not in kind.periods:
            wanted = "或".join(_WORDS[each] for each in kind.periods)
            raise Invalid.field("period", "wrong_period", f"{OUTCOME_KIND_LABELS[kind]}的期间为{wanted}")
        start, end = period.start, period.end
    else:
        try:
            start = end = date.fromisoformat(text)
        except ValueError:
            reason = f"{OUTCOME_KIND_LABELS[kind]}的期间为到账日（2020-09-30）"
            raise Invalid.field("period", "wrong_period", reason) from None
        if end.year < FIRST_YEAR:
            raise Invalid.field("period", "too_early", f"日期不应早于 {FIRST_YEAR} 年")
    if end > calendar.today():
        raise Invalid.field("period", "in_future", "期间尚未结束")
    return start, end


def _check_quantity(body: OutcomeIn) -> None:
    if body.kind.counts_people:
        if body.amount is not None:
            raise Invalid.field("amount", "not_money", "新增用工填人数，不填金额")
        if not body.persons:
            raise Invalid.field("persons", "missing", "须填写人数，不为零")
        return
    if body.persons is not None:
        raise Invalid.field("persons", "not_people", "人数只用于新增用工")
    if not body.amount:
        raise Invalid.field("amount", "missing", "须填写大于零的金额")
    if body.amount >= PLAUSIBLE_FEN:
        limit = display(PLAUSIBLE_FEN, digits=0)
        raise Invalid.field("amount", "implausible", f"金额应小于{limit}，请核对单位是否为元")
