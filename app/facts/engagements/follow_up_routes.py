"""Follow-ups over HTTP. Their row version is that of the engagement they hang on."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.engagements import follow_up_queries, follow_ups
from app.facts.engagements.follow_up_queries import NoFollowUp
from app.facts.engagements.follow_up_schemas import (
    DoneIn,
    DropIn,
    FollowUpFilter,
    FollowUpIn,
    FollowUpPage,
    FollowUpPatch,
    FollowUpsOfEngagement,
    FollowUpToday,
    ResumeIn,
)
from app.facts.engagements.follow_ups import FollowUpClosed, FollowUpOpen
from app.facts.engagements.queries import NoEngagement
from app.facts.engagements.service import NotYourUnits, Voided
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("engagements")

Reader = Annotated[Read, reads(Permission.ENGAGEMENT_READ)]
Editor = Annotated[Actor, requires(Permission.ENGAGEMENT_EDIT)]
EngagementId = Annotated[int, Path(description="对接活动编号", ge=1, le=2**63 - 1, examples=[17])]
Number = Annotated[int, Path(description="对接落实编号", ge=1, le=2**63 - 1, examples=[9])]

WRITTEN = (NoFollowUp, NotYourUnits, Voided, Invalid)


@router.get("/follow-ups", summary="对接落实列表", response_model=FollowUpPage, responses=raises(Invalid))
async def list_follow_ups(read: Reader, q: Annotated[FollowUpFilter, asked(FollowUpFilter)]) -> Response:
    """What must come of engagements: by state, unit, leader, due date. An open one is overdue after its day.

    States are those of `as_of`; after `valid_until` some may have changed by themselves.
    """
    return await read.answer(follow_up_queries.page, q)


@router.get(
    "/follow-ups/{follow_up_id}", summary="对接落实", response_model=FollowUpToday, responses=raises(NoFollowUp)
)
async def get_follow_up(read: Reader, follow_up_id: Number) -> Response:
    """One follow-up as it stands today."""
    return await read.answer(follow_up_queries.detail, follow_up_id)


@router.get(
    "/engagements/{engagement_id}/follow-ups",
    summary="对接活动的落实事项",
    response_model=FollowUpsOfEngagement,
    responses=raises(NoEngagement),
)
async def list_engagement_follow_ups(read: Reader, engagement_id: EngagementId) -> Response:
    """What must come of an engagement and of the reports that were joined into it, by due date."""
    return await read.answer(follow_up_queries.of_engagement, engagement_id)


@router.post(
    "/engagements/{engagement_id}/follow-ups",
    summary="登记落实事项",
    status_code=201,
    response_model=FollowUpToday,
    responses=raises(NoEngagement, NotYourUnits, Voided, Invalid),
)
def add_follow_up(engagement_id: EngagementId, body: FollowUpIn, db: Db, actor: Editor) -> Response:
    """Agree on what must come of an engagement: what, which unit, by when. The unit's reporters are told."""
    engagement, made = follow_ups.add(db, actor, engagement_id, body)
    out = follow_up_queries.out(db, made)
    return saved(db, out, status=201, location=f"/api/v1/follow-ups/{made.id}", row_version=engagement.version)


@router.patch(
    "/follow-ups/{follow_up_id}",
    summary="修改落实事项",
    response_model=FollowUpToday,
    responses=raises(*WRITTEN, FollowUpClosed, Stale, IfMatchMissing),
)
def update_follow_up(follow_up_id: Number, body: FollowUpPatch, if_match: IfMatch, db: Db, actor: Editor) -> Response:
    """Change an open follow-up. Needs `If-Match`."""
    engagement, changed = follow_ups.change(db, actor, follow_up_id, body, if_match)
    return saved(db, follow_up_queries.out(db, changed), row_version=engagement.version)


@router.post(
    "/follow-ups/{follow_up_id}/done",
    summary="登记已落实",
    response_model=FollowUpToday,
    responses=raises(*WRITTEN, FollowUpClosed),
)
def finish_follow_up(follow_up_id: Number, body: DoneIn, db: Db, actor: Editor) -> Response:
    """Say that it was done: when, with what result, shown by which file. Also by the unit that had to do it."""
    engagement, finished = follow_ups.done(db, actor, follow_up_id, body)
    return saved(db, follow_up_queries.out(db, finished), row_version=engagement.version)


@router.post(
    "/follow-ups/{follow_up_id}/drop",
    summary="不再落实",
    response_model=FollowUpToday,
    responses=raises(*WRITTEN, FollowUpClosed),
)
def drop_follow_up(follow_up_id: Number, body: DropIn, db: Db, actor: Editor) -> Response:
    """Say that nothing more is to come of it, and why."""
    engagement, dropped = follow_ups.drop(db, actor, follow_up_id, body.reason)
    return saved(db, follow_up_queries.out(db, dropped), row_version=engagement.version)


@router.post(
    "/follow-ups/{follow_up_id}/resume",
    summary="恢复落实",
    response_model=FollowUpToday,
    responses=raises(*WRITTEN, FollowUpOpen),
)
def resume_follow_up(follow_up_id: Number, body: ResumeIn, db: Db, actor: Editor) -> Response:
    """Take a closed follow-up up again, with a reason; what had come of it stays in the history."""
    engagement, resumed = follow_ups.resume(db, actor, follow_up_id, body.reason)
    return saved(db, follow_up_queries.out(db, resumed), row_version=engagement.version)
