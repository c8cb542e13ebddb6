"""What enters the ledger of funds. Nothing in it is ever changed: a wrong entry is reversed by another."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from app.facts.funds import queries
from app.facts.funds.models import FundEntry, FundState
from app.facts.funds.schemas import FundIn, ReverseIn
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.identity.periods.closures import hold
from app.kernel import calendar, events
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Invalid
from app.kernel.money import PLAUSIBLE_FEN, convert, display


class AlreadyReversed(Conflict):
    code = "already_reversed"
    message = "这笔资金已冲销"
    english = "This entry was reversed before."


class IsReversal(Conflict):
    code = "is_reversal"
    message = "冲销行不能再冲销；如冲销有误，请重新登记该笔资金"
    english = "A reversal cannot be reversed: record the money again."


class NotRecognised(Conflict):
    code = "not_recognised"
    message = "只有已认定的资金可以冲销"
    english = "Only a recognised entry can be reversed."


def derive(db: Session, project: Project) -> None:
    """Bring the project's 到位资金 up to date: the one place that sets it."""
    db.flush()
    project.funds_fen = queries.recognised_fen(db, project.id)
    projects.touch(db, project)
    db.flush()


def create(db: Session, actor: Actor, code: str, body: FundIn) -> tuple[Project, FundEntry]:
    """Enter money that arrived."""
    project = projects.open_for_change(db, actor, code, Permission.FUND_EDIT, even_archived=True)
    entry = FundEntry(
        project_id=project.id, arrived_on=body.arrived_on, amount_fen=_amount(body), source=body.source, kind=body.kind,
        origin_region=body.origin_region, currency=body.currency, foreign_amount=body.foreign_amount, rate=body.rate,
        rate_on=(body.rate_on or body.arrived_on) if body.rate is not None else None,
        # Evidence and a second person who recognises come between these two states later.
        state=FundState.RECOGNISED, deferred_to=hold(db).deferral(body.arrived_on), note=body.note,
        entered_at=calendar.now(), entered_by=actor.id,
    )  # fmt: skip
    db.add(entry)
    derive(db, project)
    events.record(db, "project.fund_recorded", project, fund=entry.id, arrived_on=entry.arrived_on)
    return project, entry


def reverse(db: Session, actor: Actor, code: str, number: int, body: ReverseIn) -> tuple[Project, FundEntry]:
    """Take an entry back by one with the opposite amount.

    Its date is the day the money went back (`on`, today by default): what was counted in the period of the
    original stays there, and the period of the reversal loses it. Where the original was never true,
    `restate` gives the reversal the original's date, and the past period is restated: it must be open.
    """
    project = projects.open_for_change(db, actor, code, Permission.FUND_EDIT, even_archived=True)
    entry = queries.get(db, project.id, number)
    if entry.reverses_id is not None:
        raise IsReversal
    if entry.state is not FundState.RECOGNISED:
        raise NotRecognised
    if queries.is_reversed(db, entry):
        raise AlreadyReversed
    on, closed = _reversed_on(entry, body), hold(db)
    if body.restate:
        closed.check([entry.deferred_to or entry.arrived_on])
    reversal = FundEntry(
        project_id=project.id, arrived_on=on, deferred_to=entry.deferred_to if body.restate else closed.deferral(on),
        amount_fen=-entry.amount_fen, source=entry.source,
        kind=entry.kind, origin_region=entry.origin_region, currency=entry.currency,
        foreign_amount=None if entry.foreign_amount is None else f"-{entry.foreign_amount}", rate=entry.rate,
        rate_on=entry.rate_on, state=FundState.RECOGNISED, reverses_id=entry.id, reason=body.reason,
        entered_at=calendar.now(), entered_by=actor.id,
    )  # fmt: skip
    db.add(reversal)
    derive(db, project)
    events.record(
        db, "project.fund_reversed", project, reason=body.reason, fund=reversal.id, reverses=entry.id,
        arrived_on=reversal.arrived_on, restates=body.restate,
    )  # fmt: skip
    return project, reversal


def _amount(body: FundIn) -> int:
    """What the entry is worth in fen."""
    if body.currency == "CNY":
        for field in ("foreign_amount", "rate", "rate_on"):
            if getattr(body, field) is not None:
                raise Invalid.field(field, "not_foreign", "人民币资金不填此项")
        if not body.amount:
            raise Invalid.field("amount", "missing", "须填写大于零的到位金额")
        fen = body.amount
    else:
        if body.amount is not None:
            raise Invalid.field("amount", "foreign", "外币资金不填人民币金额，由外币金额和汇率折算")
        for field in ("foreign_amount", "rate"):
            if getattr(body, field) is None:
                raise Invalid.field(field, "missing", "外币资金必填")
        if body.rate_on is not None and body.rate_on > body.arrived_on:
            raise Invalid.field("rate_on", "order", f"汇率日期不能晚于到位日期 {body.arrived_on.isoformat()}")
        try:
            fen = convert(Decimal(body.foreign_amount or 0), Decimal(body.rate or 0))
        except ValueError as error:
            raise Invalid.field("foreign_amount", "implausible", str(error)) from None
        if fen == 0:
            raise Invalid.field("foreign_amount", "not_above_zero", "折算后不足一分")
    if fen >= PLAUSIBLE_FEN:
        field = "amount" if body.currency == "CNY" else "foreign_amount"
        limit = display(PLAUSIBLE_FEN, digits=0)
        raise Invalid.field(field, "implausible", f"金额应小于{limit}，请核对单位是否为元")
    return fen


def _reversed_on(entry: FundEntry, body: ReverseIn) -> date:
    if body.restate:
        if body.on is not None:
            raise Invalid.field("on", "restated", "重述原期间时不填冲销日期，冲销计入原到位日期")
        return entry.arrived_on
    on = body.on or calendar.today()
    if on < entry.arrived_on:
        raise Invalid.field("on", "order", f"冲销日期不能早于到位日期 {entry.arrived_on.isoformat()}")
    return on
