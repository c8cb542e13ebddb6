"""What is asked of reviewers and what they say. Who asks does not conclude."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.evidence import queries as evidence
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.reviews import queries
from app.facts.reviews.models import Review, ReviewCondition
from app.facts.reviews.schemas import ConcludeIn, ConditionIn, ReviewIn
from app.facts.reviews.terms import Opinion, ReviewState
from app.identity.auth.queries import name_of
from app.kernel import calendar, events
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Forbidden, Invalid


class SamePerson(Forbidden):
    code = "same_person"
    message = "送审人不得登记结论，须由另一人登记"
    english = "Who requested a review may not conclude it."


class AlreadyRequested(Conflict):
    code = "already_requested"
    message = "同一事项的此类审查正在进行"
    english = "This review is under way already."


class NotRequested(Conflict):
    code = "not_requested"
    message = "这项审查已有结论或已撤回"
    english = "This review was concluded or withdrawn."


class AlreadyWithdrawn(Conflict):
    code = "already_withdrawn"
    message = "这项审查已撤回"
    english = "This review was withdrawn before."


class NotConcluded(Conflict):
    code = "not_concluded"
    message = "这项审查没有有效的结论"
    english = "This review has no conclusion that stands."


class SameCondition(Conflict):
    code = "same_condition"
    message = "该条件已是此状态"
    english = "The condition is in this state already."


def request(db: Session, actor: Actor, code: str, body: ReviewIn) -> tuple[Project, Review]:
    """Ask for a review of a project, or of one of its agreements."""
    project = projects.open_for_change(db, actor, code, Permission.REVIEW_REQUEST, even_archived=True)
    if body.agreement is not None:
        _check_agreement(db, project, body.agreement)
    under_way = db.scalars(
        select(Review.agreement_id).where(
            Review.project_id == project.id, Review.kind == body.kind, Review.state == ReviewState.REQUESTED
        )
    )
    if body.agreement in set(under_way):
        raise AlreadyRequested
    review = Review(
        project_id=project.id, agreement_id=body.agreement, kind=body.kind, state=ReviewState.REQUESTED,
        requested_on=body.requested_on or calendar.today(), requested_at=calendar.now(), requested_by=actor.id,
        requested_by_name=name_of(db, actor), note=body.note,
    )  # fmt: skip
    db.add(review)
    projects.touch(db, project)
    db.flush()
    events.record(db, "project.review_requested", project, review=review.id, review_kind=review.kind)
    return project, review


def conclude(db: Session, actor: Actor, code: str, number: int, body: ConcludeIn) -> tuple[Project, Review]:
    """Write down what the reviewers said; another person than the one who asked does."""
    project = projects.open_for_change(db, actor, code, Permission.REVIEW_CONCLUDE, even_archived=True)
    review = queries.get(db, project.id, number)
    if review.state is not ReviewState.REQUESTED:
        raise NotRequested
    if review.requested_by == actor.id:
        raise SamePerson
    if body.concluded_on < review.requested_on:
        raise Invalid.field("concluded_on", "order", f"早于送审日期 {review.requested_on.isoformat()}")
    if (body.opinion is Opinion.CONDITIONAL) != bool(body.conditions):
        raise Invalid.field("conditions", "does_not_fit", "有条件通过须列明条件，其他结论不列条件")
    paper = None if body.evidence is None else evidence.usable(db, project.id, body.evidence, "evidence")
    review.state = ReviewState.CONCLUDED
    review.opinion = body.opinion
    review.concluded_on = body.concluded_on
    review.body = body.body
    review.person = body.person
    review.summary = body.summary
    review.evidence_id = None if paper is None else paper.id
    review.concluded_at = calendar.now()
    review.concluded_by = actor.id
    review.concluded_by_name = name_of(db, actor)
    db.add_all(ReviewCondition(project_id=project.id, review_id=review.id, text=text) for text in body.conditions)
    projects.touch(db, project)
    events.record(
        db, "project.review_concluded", project, review=review.id, review_kind=review.kind, opinion=body.opinion,
        on=body.concluded_on,
    )  # fmt: skip
    return project, review


def withdraw(db: Session, actor: Actor, code: str, number: int, reason: str) -> tuple[Project, Review]:
    """Take a request back, or a conclusion that was recorded wrongly; the latter is a reviewer's to do."""
    project = projects.open_for_change(db, actor, code, Permission.REVIEW_REQUEST, even_archived=True)
    review = queries.get(db, project.id, number)
    if review.state is ReviewState.WITHDRAWN:
        raise AlreadyWithdrawn
    if review.state is ReviewState.CONCLUDED:
        if not actor.may(Permission.REVIEW_CONCLUDE):
            raise Forbidden("撤回已有的结论由审核人办理", "A reviewer withdraws conclusions.")
        if review.requested_by == actor.id:
            raise SamePerson
    was = review.state
    review.state = ReviewState.WITHDRAWN
    review.withdrawn_reason = reason
    projects.touch(db, project)
    events.record(
        db, "project.review_withdrawn", project, reason=reason, review=review.id, review_kind=review.kind, was=was
    )
    return project, review


def judge_condition(
    db: Session, actor: Actor, code: str, number: int, condition_id: int, body: ConditionIn
) -> tuple[Project, Review]:
    """Say that a condition of a conclusion is met, or, with a reason, that it is not after all."""
    project = projects.open_for_change(db, actor, code, Permission.REVIEW_CONCLUDE, even_archived=True)
    review = queries.get(db, project.id, number)
    condition = db.get(ReviewCondition, condition_id)
    if condition is None or condition.review_id != review.id:
        raise queries.NoCondition
    if review.state is not ReviewState.CONCLUDED:
        raise NotConcluded
    if review.requested_by == actor.id:
        raise SamePerson
    if (condition.met_on is None) == (body.met_on is None):
        raise SameCondition
    if body.met_on is None and body.note is None:
        raise Invalid.field("note", "missing", "改回未落实须说明原因")
    if body.met_on is not None and review.concluded_on is not None and body.met_on < review.concluded_on:
        raise Invalid.field("met_on", "order", f"早于结论日期 {review.concluded_on.isoformat()}")
    condition.met_on = body.met_on
    condition.met_note = body.note
    condition.judged_by = actor.id
    condition.judged_by_name = name_of(db, actor)
    projects.touch(db, project)
    verb = "project.review_condition_reopened" if body.met_on is None else "project.review_condition_met"
    events.record(db, verb, project, reason=body.note, review=review.id, condition=condition.id)
    return project, review


def _check_agreement(db: Session, project: Project, number: int) -> None:
    agreement = db.get(Agreement, number)
    if agreement is None or agreement.project_id != project.id:
        raise Invalid.field("agreement", "unknown_agreement", "该项目没有这份合同或协议")
    if agreement.voided_reason is not None:
        raise Invalid.field("agreement", "voided", "这份合同或协议已作废")
