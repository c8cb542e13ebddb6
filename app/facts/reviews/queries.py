"""A project's reviews as they are seen, and what they say on a day."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session

from app.facts.projects import queries as projects
from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.terms import Opinion, ReviewKind, ReviewState
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.replies import Answer
from app.kernel.statements import Statement


class NoReview(NotFound):
    message = "该项目没有这项审查"
    english = "The project has no such review."


class NoCondition(NotFound):
    message = "该项审查没有这个条件"
    english = "The review has no such condition."


_COLUMNS = (
    Review.id,
    Review.kind,
    Review.state,
    Review.agreement_id.label("agreement"),
    Review.requested_on,
    Review.requested_at,
    Review.requested_by_name.label("requested_by"),
    Review.note,
    Review.opinion,
    Review.concluded_on,
    Review.body,
    Review.person,
    Review.summary,
    Review.evidence_id.label("evidence"),
    Review.concluded_at,
    Review.concluded_by_name.label("concluded_by"),
    Review.withdrawn_reason,
)
_of_project = Statement(select(*_COLUMNS).where(Review.project_id == bindparam("project")).order_by(Review.id))
_one = Statement(select(*_COLUMNS).where(Review.id == bindparam("review")))
_conditions = Statement(
    select(
        ReviewCondition.review_id,
        ReviewCondition.id,
        ReviewCondition.text,
        ReviewCondition.met_on,
        ReviewCondition.met_note.label("note"),
        ReviewCondition.judged_by_name.label("judged_by"),
    )
    .join(Review, Review.id == ReviewCondition.review_id)
    .where(Review.project_id == bindparam("project"))
    .order_by(ReviewCondition.id)
)


def _told(connection: Connection, project_id: int, statement: Statement, given: dict[str, Any]) -> list[dict[str, Any]]:
    conditions: dict[int, list[dict[str, Any]]] = {}
    rows = _conditions.rows(connection, {"project": project_id})
    for row in _conditions.spelled(connection, rows):
        conditions.setdefault(row[0], []).append(dict(zip(_conditions.names[1:], row[1:], strict=True)))
    reviews = []
    for line in statement.spelled(connection, statement.rows(connection, given)):
        review: dict[str, Any] = dict(zip(statement.names, line, strict=True))
        review["conditions"] = conditions.get(review["id"], [])
        review["open_conditions"] = sum(condition["met_on"] is None for condition in review["conditions"])
        reviews.append(review)
    return reviews


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """All reviews of a project the actor may see, under the project's row version."""
    project = projects.get(connection, actor, code)
    items = _told(connection, project.id, _of_project, {"project": project.id})
    return Answer({"items": items}, row_version=project.version)


def out(db: Session, review: Review) -> dict[str, Any]:
    """One review, as its list shows it."""
    return _told(db.connection(), review.project_id, _one, {"review": review.id})[0]


def get(db: Session, project_id: int, number: int) -> Review:
    """The review with this number among those of the project; else 404."""
    found = db.get(Review, number)
    if found is None or found.project_id != project_id:
        raise NoReview
    return found


# -- what others rely on -------------------------------------------------------------------------------------------


class Concluded(NamedTuple):
    """What a kind of review last said: `open_conditions` are not met yet; `evidence_id` is its paper, if any."""

    review_id: int
    opinion: Opinion
    concluded_on: date
    open_conditions: int
    evidence_id: int | None

    @property
    def clear(self) -> bool:
        """Nothing stands in the way: passed, or all its conditions are met."""
        return self.opinion is not Opinion.NOT_PASSED and self.open_conditions == 0


def concluded(
    db: Session | Connection, project_id: int, on: date, agreement_id: int | None = None
) -> dict[ReviewKind, Concluded]:
    """What each kind of review said last, by that day: the newest conclusion goes before older ones.

    Conclusions about one agreement count for that agreement only; those about the project count for all.
    """
    of_project = Review.agreement_id.is_(None)
    about = of_project if agreement_id is None else of_project | (Review.agreement_id == agreement_id)
    left = (
        select(func.count(ReviewCondition.id))
        .where(ReviewCondition.review_id == Review.id, ReviewCondition.met_on.is_(None) | (ReviewCondition.met_on > on))
        .scalar_subquery()
    )
    rows = db.execute(
        select(Review.kind, Review.id, Review.opinion, Review.concluded_on, left, Review.evidence_id)
        .where(
            Review.project_id == project_id,
            Review.state == ReviewState.CONCLUDED,
            Review.concluded_on <= on,
            about,
        )
        .order_by(Review.concluded_on, Review.id)
    ).all()
    return {kind: Concluded(*rest) for kind, *rest in rows}


def requested(db: Session | Connection, project_id: int) -> frozenset[ReviewKind]:
    """The kinds that were asked for and have no conclusion yet."""
    rows = db.execute(
        select(Review.kind).where(Review.project_id == project_id, Review.state == ReviewState.REQUESTED).distinct()
    )
    return frozenset(rows.scalars())
