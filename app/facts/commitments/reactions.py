"""What clauses do when something happens to their project, or a closed period is opened again."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.facts.commitments.models import Commitment, CommitmentPayment
from app.facts.commitments.standing import refresh
from app.facts.projects.deferrals import bring_home
from app.facts.projects.models import Project
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry

FACTS = (
    *(f"project.{verb}" for verb in ("changed", "imported", "moved", "stage_corrected")),
    *(f"project.{verb}" for verb in ("terminated", "withdrawn", "resumed", "paused")),
    *(f"project.agreement_{verb}" for verb in ("corrected", "voided")),
    *(f"project.{what}_{verb}" for what in ("fund", "outcome") for verb in ("recognised", "reversed")),
    "project.funds_confirmed",
)
"""What can change how clauses stand."""


def facts_changed(db: Session, entry: Entry) -> None:
    """Bring the days that figures ask for up to date: what was reached, what ended, what was voided."""
    if entry.kind != "project.imported" or entry.subject_id in _with_clauses(db):
        refresh(db, entry.subject_id)


def _with_clauses(db: Session) -> set[int]:
    """The projects that have clauses, asked once: an import tells of thousands of projects that have none."""
    if "projects_with_clauses" not in db.info:
        db.info["projects_with_clauses"] = set(db.scalars(select(Commitment.project_id).distinct()))
    found: set[int] = db.info["projects_with_clauses"]
    return found


def period_reopened(db: Session, entry: Entry) -> None:
    """Let payments, due days and fulfilments that came too late for the period count in it after all."""
    bring_home(db, entry, CommitmentPayment, CommitmentPayment.paid_on)
    period = db.get_one(Period, entry.subject_id)
    inside = [
        (getattr(Commitment, counted) != getattr(Commitment, own))
        & getattr(Commitment, own).between(period.starts_on, period.ends_on)
        for own, counted in _COUNTED
    ]
    db.execute(
        select(Project.id)
        .where(Project.id.in_(select(Commitment.project_id).where(or_(*inside))))
        .order_by(Project.id)
        .with_for_update()
    )
    closed = hold(db)
    for clause in db.scalars(select(Commitment).where(or_(*inside)).order_by(Commitment.id)):
        for own, counted in _COUNTED:
            day, there = getattr(clause, own), getattr(clause, counted)
            if day is not None and there is not None and there != day:
                setattr(clause, counted, closed.deferral_again(day, there) or day)


_COUNTED = (("due_by", "due_counts_on"), ("fulfilled_on", "fulfilled_counts_on"))
