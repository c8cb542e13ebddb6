"""What people are told of clauses: before they are due, when they are late, and what waits in the way of a payment."""

from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.commitments.judging import Judged
from app.facts.commitments.models import Commitment, CommitmentPayment
from app.facts.commitments.rules import COMMITMENTS, CommitmentRule
from app.facts.commitments.standing import of_project, standings
from app.facts.commitments.terms import ClauseState, PaymentState
from app.facts.projects.models import Project
from app.facts.projects.terms import Status
from app.identity.notices import recipients, texts
from app.kernel import calendar, rules
from app.kernel.access import SYSTEM, Actor, Permission, Role
from app.kernel.events import Entry
from app.kernel.money import display
from app.kernel.notices import OPEN, Notice, others, settle, tell


def projects_due(connection: Connection, day: date) -> list[int]:
    """The projects with a clause that is to be told of on a day."""
    rule = rules.in_force(connection, COMMITMENTS, day).body
    at_work = (Project.archived_on.is_(None), Project.status != Status.PAUSED)
    found = standings(connection, SYSTEM, day, *at_work)
    return sorted({one.project for one in found if _told_on(one.judged, rule, day)})


def _told_on(judged: Judged, rule: CommitmentRule, day: date) -> bool:
    if judged.due_on is None or not judged.state.is_open or judged.state is ClauseState.CONDITION_NOT_MET:
        return False
    return (judged.due_on - day).days <= rule.remind_days


def remind(db: Session, project_id: int, day: date) -> int:
    """Tell of the clauses of one project that are due soon or late, each once for every stretch of being late."""
    project = db.scalars(select(Project).where(Project.id == project_id).with_for_update()).one()
    rule = rules.in_force(db, COMMITMENTS, day).body
    judged = of_project(db, project_id, day)[2]
    told = 0
    for clause in db.scalars(select(Commitment).where(Commitment.project_id == project_id).order_by(Commitment.id)):
        one = judged[clause.id]
        if not _told_on(one, rule, day):
            continue
        late = one.state is ClauseState.OVERDUE
        kind = texts.COMMITMENT_OVERDUE if late else texts.COMMITMENT_DUE
        times = one.days_overdue // rule.remind_again if late else 0
        if late:
            settle(db, _key(texts.COMMITMENT_DUE.code, clause.id, 0))
        if times:
            settle(db, _key(kind.code, clause.id, times - 1))
        tell(
            db, _people(db, project, clause.unit_id), kind, project, key=_key(kind.code, clause.id, times),
            due=one.due_on, once=True, project=project.name, on=one.due_on, what=clause.text[:60],
        )  # fmt: skip
        told += 1
    return told


def _people(db: Session, project: Project, unit_id: int | None) -> list[Actor]:
    unit = [] if unit_id is None else recipients.reporters_of(db, unit_id)
    bureau = recipients.called(db, project.officer)
    return unit + bureau or recipients.with_role(db, Role.OFFICER)


def _key(code: str, clause: int, times: int) -> str:
    return f"{code}:{clause}:{times}"


def standing_changed(db: Session, entry: Entry) -> None:
    """A clause that is kept, stopped, waived or void waits for nobody any more."""
    number = entry.data["commitment"]
    judged = of_project(db, entry.subject_id, calendar.today())[2].get(number)
    if judged is None or judged.state.is_open:
        return
    for kind in (texts.COMMITMENT_DUE, texts.COMMITMENT_OVERDUE):
        _settle_all(db, kind.code, number)


def _settle_all(db: Session, code: str, number: int) -> None:
    found = db.scalars(select(Notice.key).where(Notice.key.startswith(f"{code}:{number}:"), OPEN).distinct())
    for key in sorted(found):
        settle(db, key)


SETTLED = tuple(f"project.commitment_{verb}" for verb in ("delivered", "stopped", "waived", "voided"))
"""Events after which a clause may wait for nobody."""


# -- payments ------------------------------------------------------------------------------------------------------

NEXT = {
    PaymentState.APPLIED: ("审核", Permission.SUBSIDY_CHECK),
    PaymentState.CHECKED: ("批准", Permission.SUBSIDY_APPROVE),
    PaymentState.APPROVED: ("拨付", Permission.SUBSIDY_PAY),
}


STEPS = tuple(
    f"project.commitment_payment_{verb}"
    for verb in ("applied", "checked", "approved", "paid", "refused", "withdrawn")
)  # fmt: skip


def payment_moved(db: Session, entry: Entry) -> None:
    """A step was taken: what waited is done, and whoever may take the next one is told."""
    payment = db.get_one(CommitmentPayment, entry.data["payment"])
    key = f"{texts.SUBSIDY_WAITS.code}:{payment.id}"
    settle(db, key)
    project = db.get_one(Project, payment.project_id)
    amount = display(payment.amount_fen, "元", 2, trim=True)
    if payment.state in NEXT:
        what, permission = NEXT[payment.state]
        barred = {payment.applied_by, payment.checked_by, payment.approved_by}
        able = [one for one in recipients.who_may(db, permission) if one.id not in barred]
        tell(
            db, others(db, able), texts.SUBSIDY_WAITS, project, key=key, project=project.name, amount=amount, what=what
        )  # fmt: skip
