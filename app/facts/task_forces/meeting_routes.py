"""Plans and meetings over HTTP. Their row version is that of the task force."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.task_forces import meeting_queries, meetings, planning
from app.facts.task_forces.meeting_queries import NoDecision, NoMeeting
from app.facts.task_forces.meeting_schemas import (
    DecisionDoneIn,
    DecisionFilter,
    DecisionIn,
    DecisionOut,
    DecisionReopenIn,
    MeetingIn,
    MeetingList,
    MeetingOut,
    MeetingPatch,
)
from app.facts.task_forces.meetings import DecisionDone, DecisionNotMarked
from app.facts.task_forces.plan_schemas import PlanIn, PlanOut
from app.facts.task_forces.planning import NoTemplate
from app.facts.task_forces.queries import NoTaskForce
from app.facts.task_forces.routes import Number, Reader, whose
from app.facts.task_forces.service import Dissolved, NotLeadUnit
from app.facts.task_forces.task_routes import Worker
from app.identity.periods.closures import PeriodLocked
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("task_forces")

MeetingId = Annotated[int, Path(description="调度会编号", ge=1, le=2**63 - 1, examples=[5])]
DecisionId = Annotated[int, Path(description="决定编号", ge=1, le=2**63 - 1, examples=[8])]

ARRANGED = (NoTaskForce, Dissolved, NotLeadUnit, Invalid)


@router.post(
    "/task-forces/{task_force_id}/plan",
    summary="倒排工期",
    response_model=PlanOut,
    responses=raises(*ARRANGED, NoTemplate, PeriodLocked),
)
def lay_plan(task_force_id: Number, body: PlanIn, db: Db, actor: Worker) -> Response:
    """Lay the template of the project's kind backwards from a day: every step ends before what needs it begins.

    Steps become tasks. Laid again, tasks that have not begun move with the day, others stay; with `dry_run` nothing is
    written. `late_days` says how long ago the first step should have begun.
    """
    force, plan = planning.lay(db, actor, task_force_id, body)
    return saved(db, plan, row_version=force.version)


@router.get(
    "/task-forces/{task_force_id}/meetings",
    summary="专班的调度会",
    response_model=MeetingList,
    responses=raises(NoTaskForce),
)
async def list_meetings(read: Reader, task_force_id: Number) -> Response:
    """The meetings of a task force, the newest first, with what they decided and the tasks that were set."""
    return await read.answer(meeting_queries.meetings, task_force_id)


@router.post(
    "/task-forces/{task_force_id}/meetings",
    summary="登记调度会",
    status_code=201,
    response_model=MeetingOut,
    responses=raises(*ARRANGED),
)
def record_meeting(task_force_id: Number, body: MeetingIn, db: Db, actor: Worker) -> Response:
    """Enter a meeting, held or to come: minutes, decisions, and the tasks that they set."""
    force, meeting = meetings.hold(db, actor, task_force_id, body)
    out = meeting_queries.meeting_out(db, meeting)
    return saved(db, out, status=201, location=f"/api/v1/meetings/{meeting.id}", row_version=force.version)


@router.get("/meetings/{meeting_id}", summary="调度会", response_model=MeetingOut, responses=raises(NoMeeting))
async def get_meeting(read: Reader, meeting_id: MeetingId) -> Response:
    """One meeting."""
    return await read.answer(meeting_queries.meeting, meeting_id)


@router.patch(
    "/meetings/{meeting_id}",
    summary="修改调度会",
    response_model=MeetingOut,
    responses=raises(NoMeeting, *ARRANGED, Stale, IfMatchMissing),
)
def update_meeting(meeting_id: MeetingId, body: MeetingPatch, if_match: IfMatch, db: Db, actor: Worker) -> Response:
    """Change day, place, chair or minutes. Needs `If-Match`."""
    force, meeting = meetings.change(db, actor, meeting_id, body, if_match)
    return saved(db, meeting_queries.meeting_out(db, meeting), row_version=force.version)


@router.post(
    "/meetings/{meeting_id}/decisions",
    summary="登记会议决定",
    status_code=201,
    response_model=DecisionOut,
    responses=raises(NoMeeting, *ARRANGED),
)
def add_decision(meeting_id: MeetingId, body: DecisionIn, db: Db, actor: Worker) -> Response:
    """Add a decision to a meeting, with the tasks that it sets."""
    force, decision = meetings.decide(db, actor, meeting_id, body)
    return saved(db, meeting_queries.decision_out(db, decision), status=201, row_version=force.version)


@router.get("/decisions", summary="会议决定", response_model=page_of(DecisionOut), responses=raises(Invalid))
async def list_decisions(read: Reader, q: Annotated[DecisionFilter, asked(DecisionFilter)]) -> Response:
    """Decisions of task forces at work, the oldest first; `state=open`: those that were not carried out.

    A decision is done when its tasks are done (cancelled ones do not matter), or when somebody said so.
    """
    return await read.answer(meeting_queries.decisions, q, await whose(read, q.mine))


@router.post(
    "/decisions/{decision_id}/done",
    summary="登记决定已落实",
    response_model=DecisionOut,
    responses=raises(NoDecision, *ARRANGED, DecisionDone),
)
def finish_decision(decision_id: DecisionId, body: DecisionDoneIn, db: Db, actor: Worker) -> Response:
    """Say that a decision was carried out, where its tasks do not say so."""
    force, decision = meetings.done(db, actor, decision_id, body)
    return saved(db, meeting_queries.decision_out(db, decision), row_version=force.version)


@router.post(
    "/decisions/{decision_id}/reopen",
    summary="撤销决定的落实登记",
    response_model=DecisionOut,
    responses=raises(NoDecision, *ARRANGED, DecisionNotMarked),
)
def reopen_decision(decision_id: DecisionId, body: DecisionReopenIn, db: Db, actor: Worker) -> Response:
    """Take back that somebody said so, with a reason."""
    force, decision = meetings.reopen(db, actor, decision_id, body.reason)
    return saved(db, meeting_queries.decision_out(db, decision), row_version=force.version)
