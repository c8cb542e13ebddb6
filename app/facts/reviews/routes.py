from typing import Annotated

from fastapi import Path, Response

from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.facts.reviews import queries, service
from app.facts.reviews.queries import NoCondition, NoReview
from app.facts.reviews.schemas import ConcludeIn, ConditionIn, ReviewIn, ReviewList, ReviewOut, WithdrawIn
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("reviews")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Requester = Annotated[Actor, requires(Permission.REVIEW_REQUEST)]
Reviewer = Annotated[Actor, requires(Permission.REVIEW_CONCLUDE)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
Number = Annotated[int, Path(description="审查号", ge=1, le=2**63 - 1, examples=[5])]
ConditionId = Annotated[int, Path(description="条件号", ge=1, le=2**63 - 1, examples=[3])]


@router.get("/projects/{code}/reviews", summary="项目的审查", response_model=ReviewList, responses=raises(NoProject))
async def list_reviews(read: Reader, code: Code) -> Response:
    """All reviews of a project with their conditions, in the order they were asked for; withdrawn ones included."""
    return await read.answer(queries.of_project, code)


@router.post(
    "/projects/{code}/reviews",
    summary="送审",
    status_code=201,
    response_model=ReviewOut,
    responses=raises(NoProject, NotYours, Invalid, service.AlreadyRequested),
)
def request_review(code: Code, body: ReviewIn, db: Db, actor: Requester) -> Response:
    """Ask for a review of a project, or of one of its agreements."""
    project, review = service.request(db, actor, code, body)
    return saved(db, queries.out(db, review), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/reviews/{review_id}/conclude",
    summary="登记审查结论",
    response_model=ReviewOut,
    responses=raises(NoProject, NotYours, NoReview, Invalid, service.NotRequested, service.SamePerson),
)
def conclude_review(code: Code, review_id: Number, body: ConcludeIn, db: Db, actor: Reviewer) -> Response:
    """Record what the reviewers said, with conditions and paper. Never by the person who requested the review.

    A conclusion is not changed afterwards: withdraw a wrong one and ask again.
    """
    project, review = service.conclude(db, actor, code, review_id, body)
    return saved(db, queries.out(db, review), row_version=project.version)


@router.post(
    "/projects/{code}/reviews/{review_id}/withdraw",
    summary="撤回审查",
    response_model=ReviewOut,
    responses=raises(NoProject, NotYours, NoReview, Invalid, service.AlreadyWithdrawn, service.SamePerson),
)
def withdraw_review(code: Code, review_id: Number, body: WithdrawIn, db: Db, actor: Requester) -> Response:
    """Take a request back; a conclusion that was recorded wrongly only as a reviewer. It stays visible."""
    project, review = service.withdraw(db, actor, code, review_id, body.reason)
    return saved(db, queries.out(db, review), row_version=project.version)


@router.put(
    "/projects/{code}/reviews/{review_id}/conditions/{condition_id}",
    summary="确认审查条件是否落实",
    response_model=ReviewOut,
    responses=raises(
        NoProject, NotYours, NoReview, NoCondition, Invalid, service.NotConcluded, service.SameCondition,
        service.SamePerson,
    ),
)  # fmt: skip
def judge_review_condition(
    code: Code, review_id: Number, condition_id: ConditionId, body: ConditionIn, db: Db, actor: Reviewer
) -> Response:
    """Say that a condition is met, and since when; or, with a reason, that it is not after all."""
    project, review = service.judge_condition(db, actor, code, review_id, condition_id, body)
    return saved(db, queries.out(db, review), row_version=project.version)
