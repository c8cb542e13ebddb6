"""What people are told of reviews: reviewers of what was asked for, whoever asked of what was said."""

from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.reviews.models import Review
from app.facts.reviews.terms import OPINION_LABELS, REVIEW_KIND_LABELS
from app.identity.notices import recipients, texts
from app.kernel.access import Permission
from app.kernel.events import Entry
from app.kernel.notices import others, settle, tell


def requested(db: Session, entry: Entry) -> None:
    """A conclusion waits to be written down by another person."""
    review = db.get_one(Review, entry.data["review"])
    project = db.get_one(Project, review.project_id)
    tell(
        db, others(db, recipients.who_may(db, Permission.REVIEW_CONCLUDE)), texts.REVIEW_WAITS, project,
        key=_key(review.id), project=project.name, review=REVIEW_KIND_LABELS[review.kind],
        on=review.requested_on.isoformat(),
    )  # fmt: skip


def concluded(db: Session, entry: Entry) -> None:
    """It waits no more, and whoever asked hears what was said."""
    review = db.get_one(Review, entry.data["review"])
    settle(db, _key(review.id))
    project = db.get_one(Project, review.project_id)
    assert review.opinion is not None
    tell(
        db, recipients.person(db, review.requested_by), texts.REVIEW_CONCLUDED, project,
        key=f"{texts.REVIEW_CONCLUDED.code}:{review.id}", project=project.name,
        review=REVIEW_KIND_LABELS[review.kind], opinion=OPINION_LABELS[review.opinion],
    )  # fmt: skip


def withdrawn(db: Session, entry: Entry) -> None:
    """What was taken back waits no more."""
    settle(db, _key(entry.data["review"]))


def _key(number: int) -> str:
    return f"{texts.REVIEW_WAITS.code}:{number}"
