"""Clauses over HTTP. Their row version is that of their project."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.agreements.service import AlreadyVoid
from app.facts.commitments import keeping, queries, service
from app.facts.commitments.inputs import (
    ClauseResumeIn,
    CommitmentIn,
    CommitmentPatch,
    CommitmentVoidIn,
    DeliveryIn,
    DeliveryVoidIn,
    SettingIn,
)
from app.facts.commitments.queries import NoCommitment
from app.facts.commitments.schemas import (
    AsOf,
    BreachFilter,
    CommitmentFilter,
    CommitmentList,
    CommitmentOut,
    CommitmentPage,
    EnterpriseBreaches,
    UnitBreaches,
)
from app.facts.commitments.terms import Setting
from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.identity.auth.access import Read, entered, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("commitments")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Editor = Annotated[Actor, requires(Permission.COMMITMENT_EDIT)]
Deliverer = Annotated[Actor, requires(Permission.COMMITMENT_DELIVER)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
CommitmentId = Annotated[int, Path(description="条款编号", ge=1, le=2**63 - 1, examples=[31])]
DeliveryId = Annotated[int, Path(description="交付记录号", ge=1, le=2**63 - 1, examples=[4])]

CHANGED = (NoCommitment, NotYours, Invalid)


@router.get("/commitments", summary="履约条款列表", response_model=CommitmentPage, responses=raises(Invalid))
async def list_commitments(read: Reader, q: Annotated[CommitmentFilter, asked(CommitmentFilter)]) -> Response:
    """Clauses of the projects that the caller may see, as they stand on `as_of`: the longest overdue first, then those
    due first. `why` says what the state follows from; after `valid_until` it may have changed by itself.
    """
    whose = (await entered(read.request, read.permission))[0].id if q.mine else 0
    return await read.answer(queries.page, q, whose)


@router.get(
    "/commitments/breaches/by-enterprise",
    summary="按企业看失约",
    response_model=EnterpriseBreaches,
    responses=raises(Invalid),
)
async def list_breaches_by_enterprise(read: Reader, q: Annotated[BreachFilter, asked(BreachFilter)]) -> Response:
    """By enterprise, how many promises by it and towards it are overdue, and for how long."""
    return await read.answer(queries.breaches_by_enterprise, q)


@router.get(
    "/commitments/breaches/by-unit",
    summary="按责任单位看失约",
    response_model=UnitBreaches,
    responses=raises(Invalid),
)
async def list_breaches_by_unit(read: Reader, q: Annotated[BreachFilter, asked(BreachFilter)]) -> Response:
    """By unit, how many of the clauses that it answers for are overdue, and for how long."""
    return await read.answer(queries.breaches_by_unit, q)


@router.get(
    "/projects/{code}/commitments",
    summary="项目的履约条款",
    response_model=CommitmentList,
    responses=raises(NoProject, Invalid),
)
async def list_project_commitments(read: Reader, code: Code, q: Annotated[AsOf, asked(AsOf)]) -> Response:
    """All clauses of a project by agreement, those that were stopped, waived, replaced or voided included."""
    return await read.answer(queries.of_project, code, q)


@router.post(
    "/projects/{code}/commitments",
    summary="登记履约条款",
    status_code=201,
    response_model=CommitmentOut,
    responses=raises(NoProject, NotYours, Invalid),
)
def add_commitment(code: Code, body: CommitmentIn, db: Db, actor: Editor) -> Response:
    """Record what an agreement promises, clause by clause. Its kind says whose promise it is and what it is counted in.

    A clause of a supplement may take the place of an older one (`replaces`): what was paid or delivered under that
    counts for it. Clauses that wait for one another are refused, naming the field.
    """
    project, clause = service.add(db, actor, code, body)
    out = queries.out(db, actor, clause)
    return saved(db, out, status=201, location=f"/api/v1/commitments/{clause.id}", row_version=project.version)


@router.get(
    "/commitments/{commitment_id}",
    summary="履约条款",
    response_model=CommitmentOut,
    responses=raises(NoCommitment, Invalid),
)
async def get_commitment(read: Reader, commitment_id: CommitmentId, q: Annotated[AsOf, asked(AsOf)]) -> Response:
    """One clause as it stands on a day, with its papers, what was delivered, and when it was stopped or waived."""
    return await read.answer(queries.detail, commitment_id, q)


@router.patch(
    "/commitments/{commitment_id}",
    summary="更正履约条款",
    response_model=CommitmentOut,
    responses=raises(*CHANGED, AlreadyVoid, service.HasPayments, Stale, IfMatchMissing),
)
def change_commitment(
    commitment_id: CommitmentId, body: CommitmentPatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:
    """Correct what was recorded of a clause; `If-Match` carries the project's ETag. What the parties agreed anew is a
    clause of a supplement instead.
    """
    project, clause = service.change(db, actor, commitment_id, body, if_match)
    return saved(db, queries.out(db, actor, clause), row_version=project.version)


@router.post(
    "/commitments/{commitment_id}/void",
    summary="作废履约条款",
    response_model=CommitmentOut,
    responses=raises(*CHANGED, AlreadyVoid, service.HasPayments, service.HasSuccessor),
)
def void_commitment(commitment_id: CommitmentId, body: CommitmentVoidIn, db: Db, actor: Editor) -> Response:
    """Mark a clause as wrongly recorded: it stays to be seen and counts nowhere."""
    project, clause = service.void(db, actor, commitment_id, body.reason)
    return saved(db, queries.out(db, actor, clause), row_version=project.version)


@router.post(
    "/commitments/{commitment_id}/stop",
    summary="停止执行条款",
    response_model=CommitmentOut,
    responses=raises(*CHANGED, keeping.NotOpen),
)
def stop_commitment(commitment_id: CommitmentId, body: SettingIn, db: Db, actor: Editor) -> Response:
    """Stop a clause, with a reason: nothing is paid under it from then on, and it stays to be seen."""
    project, clause = keeping.set_state(db, actor, commitment_id, Setting.STOPPED, body)
    return saved(db, queries.out(db, actor, clause), row_version=project.version)


@router.post(
    "/commitments/{commitment_id}/waive",
    summary="豁免条款",
    response_model=CommitmentOut,
    responses=raises(*CHANGED, keeping.NotOpen),
)
def waive_commitment(commitment_id: CommitmentId, body: SettingIn, db: Db, actor: Editor) -> Response:
    """Waive a clause, with a reason: nobody is held to it from then on, and it stays to be seen."""
    project, clause = keeping.set_state(db, actor, commitment_id, Setting.WAIVED, body)
    return saved(db, queries.out(db, actor, clause), row_version=project.version)


@router.post(
    "/commitments/{commitment_id}/resume",
    summary="恢复条款",
    response_model=CommitmentOut,
    responses=raises(*CHANGED, keeping.NotSet),
)
def resume_commitment(commitment_id: CommitmentId, body: ClauseResumeIn, db: Db, actor: Editor) -> Response:
    """Hold to a stopped or waived clause again; that it was stays to be seen."""
    project, clause = keeping.resume(db, actor, commitment_id, body)
    return saved(db, queries.out(db, actor, clause), row_version=project.version)


@router.post(
    "/commitments/{commitment_id}/deliveries",
    summary="登记条款的交付",
    status_code=201,
    response_model=CommitmentOut,
    responses=raises(*CHANGED, keeping.NotOpen, keeping.NotByHand),
)
def add_commitment_delivery(commitment_id: CommitmentId, body: DeliveryIn, db: Db, actor: Deliverer) -> Response:
    """Say what was handed over or how far it has come; also by the unit that answers for the clause.

    Investment, output, tax, jobs, start and production are read from outcomes and stages, subsidies from payments:
    nobody types them again.
    """
    project, clause = keeping.deliver(db, actor, commitment_id, body)
    return saved(db, queries.out(db, actor, clause), status=201, row_version=project.version)


@router.post(
    "/commitments/{commitment_id}/deliveries/{delivery_id}/void",
    summary="作废交付记录",
    response_model=CommitmentOut,
    responses=raises(*CHANGED, keeping.NoDelivery, AlreadyVoid),
)
def void_commitment_delivery(
    commitment_id: CommitmentId, delivery_id: DeliveryId, body: DeliveryVoidIn, db: Db, actor: Deliverer
) -> Response:
    """Mark a delivery as wrongly entered: it stays to be seen and counts nowhere."""
    project, clause = keeping.void_delivery(db, actor, commitment_id, delivery_id, body.reason)
    return saved(db, queries.out(db, actor, clause), row_version=project.version)
