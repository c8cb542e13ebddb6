from typing import Annotated

from fastapi import Path, Response

from app.facts.engagements.queries import NoEngagement
from app.facts.history import queries
from app.facts.history.schemas import HistoryOut, HistoryQuery
from app.facts.projects.queries import NoProject
from app.facts.rewards.claims.queries import NoClaim
from app.facts.rewards.leads.queries import NoLead
from app.facts.rewards.providers.queries import NoProvider
from app.facts.task_forces.queries import NoTaskForce
from app.facts.tickets.queries import NoTicket
from app.identity.auth.access import Read, reads
from app.kernel.access import Permission
from app.kernel.asking import asked
from app.kernel.errors import Invalid, raises
from app.kernel.routing import api

router = api("projects")
engagements = api("engagements")
rewards = api("rewards")
task_forces = api("task_forces")
tickets = api("tickets")

ClaimId = Annotated[int, Path(description="申报编号", ge=1, le=2**63 - 1, examples=[5])]
LeadId = Annotated[int, Path(description="线索编号", ge=1, le=2**63 - 1, examples=[12])]
ProviderId = Annotated[int, Path(description="引资人编号", ge=1, le=2**63 - 1, examples=[12])]
TaskForceId = Annotated[int, Path(description="专班编号", ge=1, le=2**63 - 1, examples=[3])]
TicketId = Annotated[int, Path(description="诉求编号", ge=1, le=2**63 - 1, examples=[17])]
EngagementId = Annotated[int, Path(description="对接活动编号", ge=1, le=2**63 - 1, examples=[17])]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]


@router.get(
    "/projects/{code}/history",
    summary="项目历史",
    response_model=HistoryOut,
    responses=raises(NoProject, Invalid),
)
async def get_project_history(
    read: Annotated[Read, reads(Permission.PROJECT_READ)], code: Code, q: Annotated[HistoryQuery, asked(HistoryQuery)]
) -> Response:
    """Everything that happened to a project, newest first: who, when, what, from what to what, why."""
    return await read.answer(queries.history, code, q)


@engagements.get(
    "/engagements/{engagement_id}/history",
    summary="对接活动历史",
    response_model=HistoryOut,
    responses=raises(NoEngagement, Invalid),
)
async def get_engagement_history(
    read: Annotated[Read, reads(Permission.ENGAGEMENT_READ)],
    engagement_id: EngagementId,
    q: Annotated[HistoryQuery, asked(HistoryQuery)],
) -> Response:
    """Everything that happened to an engagement and its follow-ups, newest first. Which projects it touches is told in
    the history of the project."""
    return await read.answer(queries.of_engagement, engagement_id, q)


@task_forces.get(
    "/task-forces/{task_force_id}/history",
    summary="专班历史",
    response_model=HistoryOut,
    responses=raises(NoTaskForce, Invalid),
)
async def get_task_force_history(
    read: Annotated[Read, reads(Permission.TASK_FORCE_READ)],
    task_force_id: TaskForceId,
    q: Annotated[HistoryQuery, asked(HistoryQuery)],
) -> Response:
    """Everything that happened to a task force, its tasks and meetings, newest first."""
    return await read.answer(queries.of_task_force, task_force_id, q)


@tickets.get(
    "/tickets/{ticket_id}/history",
    summary="诉求历史",
    response_model=HistoryOut,
    responses=raises(NoTicket, Invalid),
)
async def get_ticket_history(
    read: Annotated[Read, reads(Permission.TICKET_READ)],
    ticket_id: TicketId,
    q: Annotated[HistoryQuery, asked(HistoryQuery)],
) -> Response:
    """Everything that happened to a ticket, newest first. Who is to be called is told as changed, never by value."""
    return await read.answer(queries.of_ticket, ticket_id, q)


@rewards.get(
    "/rewards/leads/{lead_id}/history",
    summary="线索历史",
    response_model=HistoryOut,
    responses=raises(NoLead, Invalid),
)
async def get_lead_history(
    read: Annotated[Read, reads(Permission.REWARD_READ)],
    lead_id: LeadId,
    q: Annotated[HistoryQuery, asked(HistoryQuery)],
) -> Response:
    """Everything that happened to a lead, newest first. What people said of themselves is told as changed only."""
    return await read.answer(queries.of_lead, lead_id, q)


@rewards.get(
    "/lead-providers/{provider_id}/history",
    summary="引资人历史",
    response_model=HistoryOut,
    responses=raises(NoProvider, Invalid),
)
async def get_lead_provider_history(
    read: Annotated[Read, reads(Permission.REWARD_READ)],
    provider_id: ProviderId,
    q: Annotated[HistoryQuery, asked(HistoryQuery)],
) -> Response:
    """Everything that happened to a lead provider, newest first: also who saw which numbers in clear, and why.

    Names and numbers are told as changed, never by value.
    """
    return await read.answer(queries.of_provider, provider_id, q)


@rewards.get(
    "/rewards/claims/{claim_id}/history",
    summary="奖励申报历史",
    response_model=HistoryOut,
    responses=raises(NoClaim, Invalid),
)
async def get_claim_history(
    read: Annotated[Read, reads(Permission.REWARD_READ)],
    claim_id: ClaimId,
    q: Annotated[HistoryQuery, asked(HistoryQuery)],
) -> Response:
    """Everything that happened to a claim, newest first; what people said is told as changed only."""
    return await read.answer(queries.of_claim, claim_id, q)
