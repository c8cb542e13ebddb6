"""What enters the ledger of funds, and the project's total that follows from it."""

from decimal import Decimal

from sqlalchemy.orm import Session

from app.facts.funds import queries
from app.facts.funds.ledger import FUNDS
from app.facts.funds.models import FundEntry
from app.facts.funds.schemas import FundIn
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.recognition import service as entries
from app.facts.recognition.schemas import RecogniseIn, ReverseIn
from app.kernel.access import Actor
from app.kernel.errors import Invalid
from app.kernel.money import PLAUSIBLE_FEN, convert, display


def derive(db: Session, project: Project) -> None:
    """Bring the project's 到位资金 up to date: the one place that sets it."""
    db.flush()
    project.funds_fen = queries.recognised_fen(db, project.id)
    projects.touch(db, project)
    db.flush()


def declare(db: Session, actor: Actor, code: str, body: FundIn) -> tuple[Project, FundEntry]:
    """Declare money that arrived. It counts once another person has recognised it."""
    project = projects.open_for_change(db, actor, code, FUNDS.declare, even_archived=True)
    entry = FundEntry(
        project_id=project.id, arrived_on=body.arrived_on, amount_fen=_amount(body), source=body.source, kind=body.kind,
        origin_region=body.origin_region, currency=body.currency, foreign_amount=body.foreign_amount, rate=body.rate,
        rate_on=(body.rate_on or body.arrived_on) if body.rate is not None else None, split=body.split,
        note=body.note, **entries.stamp(db, actor),
    )  # fmt: skip
    entries.declare(db, FUNDS, project, entry, numbers=body.evidence, follows=body.follows)
    return project, entry


def recognise(db: Session, actor: Actor, code: str, number: int, body: RecogniseIn) -> tuple[Project, FundEntry]:
    """Let a declared entry count."""
    project, entry = entries.recognise(db, actor, FUNDS, code, number, body)
    derive(db, project)
    return project, entry


def reverse(db: Session, actor: Actor, code: str, number: int, body: ReverseIn) -> tuple[Project, FundEntry]:
    """Take a recognised entry back by one with the opposite amount."""
    project, reversal = entries.reverse(db, actor, FUNDS, code, number, body)
    derive(db, project)
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
