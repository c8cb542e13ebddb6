"""One claim as it is seen: its steps, its kept calculations beside what the facts give now, its payments."""

from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.budgets import queries as budgets
from app.facts.rewards.claims.calculations import Figures, asked_of, current
from app.facts.rewards.claims.machine import BEFORE_APPROVAL, allowed
from app.facts.rewards.claims.models import (
    Claim,
    ClaimCalculation,
    ClaimInstalment,
    ClaimObjection,
    ClaimShare,
    ClaimStep,
    RewardPayment,
)
from app.facts.rewards.claims.terms import ClaimState, Verb
from app.facts.rewards.leads import queries as leads
from app.facts.rewards.policies.calculation import said_condition
from app.facts.rewards.policies.policy import Condition
from app.facts.rewards.providers.models import LeadProvider
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.money import display, format_yuan
from app.kernel.replies import Answer

Reader = Connection | Session


class NoClaim(NotFound):
    code = "no_claim"
    message = "没有这项奖励申报，或您无权查看"
    english = "There is no such claim, or it is not yours to see."


def get(db: Session, actor: Actor, number: int) -> Claim:
    """The claim the actor may see; else 404."""
    found: Claim | None = sights.get(db, actor, Claim, number)
    if found is None:
        raise NoClaim
    return found


def row_of(db: Reader, actor: Actor, number: int) -> Any:
    """The claim the actor may see as a row, with what its project and unit are called; else 404."""
    row = db.execute(
        select(
            Claim.__table__, Unit.code.label("unit"), Project.code.label("project"),
            Project.name.label("project_name"),
        )
        .join(Project, Project.id == Claim.project_id)
        .outerjoin(Unit, Unit.id == Claim.unit_id)
        .where(Claim.id == number, sights.visible(actor, Claim))
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NoClaim
    return row


def detail(connection: Connection, actor: Actor, number: int) -> Answer:
    """A claim with everything, under its row version."""
    row = row_of(connection, actor, number)
    return Answer(_told(connection, actor, row), row_version=row.version)


def out(db: Session, actor: Actor, claim: Claim) -> dict[str, Any]:
    """The same of one that is being changed."""
    db.flush()
    return _told(db, actor, row_of(db, actor, claim.id))


def _told(db: Reader, actor: Actor, row: Any) -> dict[str, Any]:
    kept = newest(db, row.id)
    return {
        "id": row.id,
        "lead": row.lead_id,
        "project": row.project,
        "project_name": row.project_name,
        "unit": row.unit,
        "policy": row.policy,
        "choice": row.choice,
        "met_on": row.met_on,
        "fund": row.fund,
        "year": row.year,
        "state": row.state,
        "frozen_from": row.frozen_from,
        "held_reason": row.held_reason,
        "notice_from": row.notice_from,
        "notice_to": row.notice_to,
        "gross": format_yuan(row.gross_fen),
        "current_gross": format_yuan(row.now_fen),
        "paid": format_yuan(row.paid_fen),
        "filed_on": row.filed_on,
        "shares": [] if kept is None else [_share(share) for share in kept.body["shares"]],
        "steps": _steps(db, row.id),
        "objections": _objections(db, row.id),
        "instalments": _instalments(db, row.id),
        "payments": _payments(db, row.id),
        "papers": leads.papers_of(db, row.lead_id),
        "may": sorted(allowed(row.state, actor.permissions)),
        "warnings": _warnings(db, row),
    }


def _warnings(db: Reader, row: Any) -> list[dict[str, Any]]:
    found = []
    if row.state in BEFORE_APPROVAL:
        standing = budgets.standing(db, row.fund, row.year)
        if standing is None:
            found.append({"code": "no_budget", "message": "该资金本年度没有预算"})
        elif standing.left_fen < row.gross_fen:
            short = display(row.gross_fen - standing.left_fen, "元", 2, trim=True)
            found.append({"code": "over_budget", "message": f"超出该资金本年度预算余额 {short}"})
    if row.now_fen != row.gross_fen and row.state in BEFORE_APPROVAL | {ClaimState.APPROVED, ClaimState.PAID}:
        now, kept = (display(fen, "元", 2, trim=True) for fen in (row.now_fen, row.gross_fen))
        found.append({"code": "differs", "message": f"事实已变化：按当前事实为 {now}，所存为 {kept}"})
    if row.state in (ClaimState.NOTICED, ClaimState.APPROVED):
        shown = shown_fen(db, row.id)
        if shown is not None and row.now_fen > shown:
            what = "须重新联审、公示后方可批准" if row.state is ClaimState.NOTICED else "超出部分不予核定，已批准的照付"
            told = display(shown, "元", 2, trim=True)
            found.append({"code": "more_than_shown", "message": f"按当前事实高于公示的 {told}：{what}"})
    if leads.excluded(db, row.lead_id):
        found.append({"code": "excluded", "message": "有引资人经核查属于排除情形"})
    return found


# -- calculations --------------------------------------------------------------------------------------------------


def newest(db: Reader, number: int, *verbs: Verb) -> Any:
    """The newest calculation that was kept with a claim, or with one of these steps of it."""
    return db.execute(
        select(ClaimCalculation.__table__)
        .where(ClaimCalculation.claim_id == number, *([ClaimCalculation.verb.in_(verbs)] if verbs else []))
        .order_by(ClaimCalculation.id.desc())
        .limit(1)
    ).one_or_none()


def shown_fen(db: Reader, number: int) -> int | None:
    """The sum that the public notice of a claim tells: what was kept when it was last reviewed. None before that."""
    kept = newest(db, number, Verb.REVIEW)
    return None if kept is None else int(kept.gross_fen)


def calculations(connection: Connection, actor: Actor, number: int) -> Answer:
    """What was kept with a claim's steps beside what the facts give now; it changes by itself with the day."""
    row = row_of(connection, actor, number)
    kept = connection.execute(
        select(ClaimCalculation.__table__).where(ClaimCalculation.claim_id == number).order_by(ClaimCalculation.id)
    ).all()
    (figures,) = current(connection, asked_of(connection, [number]), calendar.today())
    last = kept[-1]  # filing keeps the first
    now = (0, 0, 0, 0) if figures is None else figures.totals
    data = {
        "kept": [
            calculation_told(each.body, each.as_of, each.rule, each.tax_rule)
            | {"verb": each.verb, "at": instant_text(each.at), "by": each.by_name}
            for each in kept
        ],
        "current": None if figures is None else told_now(figures),
        "difference": format_yuan(now[0] - last.gross_fen),
        "differs": now != (last.gross_fen, last.taxable_fen, last.withheld_fen, last.net_fen),
    }
    return Answer(data, row_version=row.version)


def told_now(figures: Figures) -> dict[str, Any]:
    """What the facts give today, as `CalculationOut`."""
    return calculation_told(figures.body(), calendar.today(), figures.rule, figures.tax_rule)


def calculation_told(body: dict[str, Any], as_of: Any, rule: str, tax_rule: str) -> dict[str, Any]:
    """A kept body as `CalculationOut`."""
    shares = [_share(share) for share in body["shares"]]
    sums = {
        name: format_yuan(sum(share[name] for share in body["shares"]))
        for name in ("gross", "taxable", "withheld", "net")
    }
    return {
        "as_of": as_of,
        "rule": rule,
        "tax_rule": tax_rule,
        **{name: body[name] for name in ("policy", "label", "basis", "option", "base")},
        "quantity": format_yuan(body["quantity"]),
        "lines": [
            {"kind": kind, "text": text, "amount": format_yuan(fen), "sum": format_yuan(sum_fen)}
            for kind, text, fen, sum_fen in body["lines"]
        ],
        **sums,
        "instalments": [
            {"label": part["label"], "condition": part["said"], "amount": format_yuan(part["fen"])}
            for part in body["instalments"]
        ],
        "shares": shares,
    }


def _share(share: dict[str, Any]) -> dict[str, Any]:
    money = {name: format_yuan(share[name]) for name in ("gross", "taxable", "withheld", "net")}
    return {"provider": share["provider"], "percent": share["percent"], "tax": share["tax"], **money}


# -- parts ---------------------------------------------------------------------------------------------------------


def _at(value: Any) -> str | None:
    return None if value is None else instant_text(value)


def _steps(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(select(ClaimStep.__table__).where(ClaimStep.claim_id == number).order_by(ClaimStep.id))
    return [
        {
            "verb": row.verb, "from_state": row.from_state, "to_state": row.to_state, "at": instant_text(row.at),
            "by": row.by_name, "paper": row.paper_id, "remarks": row.remarks,
        }
        for row in rows
    ]  # fmt: skip


def _objections(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(ClaimObjection.__table__).where(ClaimObjection.claim_id == number).order_by(ClaimObjection.id)
    )
    return [
        {
            "id": row.id, "raised_on": row.raised_on, "raised_by": row.raised_by, "text": row.text,
            "paper": row.paper_id, "entered_by": row.entered_by_name, "upheld": row.upheld, "answer": row.answer,
            "answered_at": _at(row.answered_at), "answered_by": row.answered_by_name,
        }
        for row in rows
    ]  # fmt: skip


def _instalments(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(ClaimInstalment.__table__).where(ClaimInstalment.claim_id == number).order_by(ClaimInstalment.number)
    )
    return [
        {
            "number": row.number, "label": row.label,
            "condition": said_condition(Condition.model_validate(row.condition)),
            "amount": format_yuan(row.amount_fen), "due_on": row.due_on, "paid_on": row.paid_on,
        }
        for row in rows
    ]  # fmt: skip


def _payments(db: Reader, number: int) -> list[dict[str, Any]]:
    rows = db.execute(
        select(RewardPayment.__table__, LeadProvider.name, ClaimInstalment.number)
        .join(LeadProvider, LeadProvider.id == RewardPayment.provider_id)
        .outerjoin(ClaimInstalment, ClaimInstalment.id == RewardPayment.instalment_id)
        .where(RewardPayment.claim_id == number)
        .order_by(RewardPayment.id)
    )
    return [
        {
            "id": row.id, "instalment": row.number, "provider": row.provider_id, "name": row.name,
            "paid_on": row.paid_on, "tax": row.tax, "gross": format_yuan(row.gross_fen),
            "taxable": format_yuan(row.taxable_fen), "withheld": format_yuan(row.withheld_fen),
            "net": format_yuan(row.net_fen), "paper": row.paper_id, "by": row.by_name,
        }
        for row in rows
    ]  # fmt: skip


def percents(db: Reader, number: int) -> dict[int, str]:
    """The providers' parts of a claim, in percent."""
    rows = db.execute(
        select(ClaimShare.provider_id, ClaimShare.percent).where(ClaimShare.claim_id == number).order_by(ClaimShare.id)
    )
    return {row.provider_id: row.percent for row in rows}


def open_objections(db: Reader, number: int) -> int:
    """How many objections wait for an answer."""
    return db.execute(
        select(func.count()).where(ClaimObjection.claim_id == number, ClaimObjection.upheld.is_(None))
    ).scalar_one()


def done_of(db: Session, number: int, actor: Actor, verbs: Any) -> list[Verb]:
    """Which of these steps of a claim the actor has taken, in order."""
    done = select(ClaimStep.verb).where(
        ClaimStep.claim_id == number, ClaimStep.by == actor.id, ClaimStep.verb.in_(list(verbs))
    )
    return list(dict.fromkeys(db.scalars(done.order_by(ClaimStep.id))))
