from typing import Annotated

from fastapi import Path, Response

from app.facts.pipeline.gates import overrides
from app.facts.pipeline.gates import queries as gate_queries
from app.facts.pipeline.gates.schemas import ApproveIn, GateQuery, GatesOut, OverrideIn, OverrideOut, RefuseIn
from app.facts.pipeline.routes import Code, Reader, StagePath
from app.facts.projects.queries import NoProject
from app.facts.projects.service import Archived, NotYours
from app.identity.auth.access import requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("pipeline")

Requester = Annotated[Actor, requires(Permission.GATE_OVERRIDE)]
Decider = Annotated[Actor, requires(Permission.GATE_DECIDE)]
OverrideId = Annotated[int, Path(description="例外号", ge=1, le=2**63 - 1, examples=[4])]
DECIDED = (NoProject, Archived, overrides.NoOverride, overrides.OverrideDecided, overrides.SamePerson, Invalid)


@router.get("/projects/{code}/gates", summary="项目的关口", response_model=GatesOut, responses=raises(NoProject))
async def list_gates(read: Reader, code: Code, q: Annotated[GateQuery, asked(GateQuery)]) -> Response:
    """What each stage asks for and what of it is there: of the stages ahead, before one tries, and of those behind.

    A stage ahead is `open` when moving there would pass, the stages passed over on the way included (but for those
    that any project may skip). What came with a ledger passed no gate: what it lacks is listed all the same. Every
    override stays to be seen with what was missing.
    """
    return await read.answer(gate_queries.of_project, code, q)


@router.post(
    "/projects/{code}/gates/{stage}/overrides",
    summary="申请例外",
    status_code=201,
    response_model=OverrideOut,
    responses=raises(
        NoProject, NotYours, Archived, Invalid, overrides.ProjectEnded, overrides.NotAhead, overrides.ContractMissing,
        overrides.PaperMissing, overrides.GateOpen, overrides.OverridePending, overrides.OverrideStands,
    ),
)  # fmt: skip
def request_override(code: Code, stage: StagePath, body: OverrideIn, db: Db, actor: Requester) -> Response:
    """Ask that the project may go to a stage although its gate is closed. What is missing now is written down.

    Another person decides. An approval lets one move pass: to this stage, on this day, with nothing more missing than
    now. The formal contract itself cannot be done without.
    """
    project, override = overrides.request(db, actor, code, stage, body.happened_on, body.reason)
    return saved(db, gate_queries.out(db, override), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/gates/{stage}/overrides/{override_id}/approve",
    summary="批准例外",
    response_model=OverrideOut,
    responses=raises(*DECIDED),
)
def approve_override(
    code: Code, stage: StagePath, override_id: OverrideId, body: ApproveIn, db: Db, actor: Decider
) -> Response:
    """Let the project pass the closed gate once. Never by the person who asked."""
    project, override = overrides.decide(db, actor, code, stage, override_id, True, body.note)
    return saved(db, gate_queries.out(db, override), row_version=project.version)


@router.post(
    "/projects/{code}/gates/{stage}/overrides/{override_id}/refuse",
    summary="不批准例外",
    response_model=OverrideOut,
    responses=raises(*DECIDED),
)
def refuse_override(
    code: Code, stage: StagePath, override_id: OverrideId, body: RefuseIn, db: Db, actor: Decider
) -> Response:
    """Keep the gate closed. Never by the person who asked."""
    project, override = overrides.decide(db, actor, code, stage, override_id, False, body.reason)
    return saved(db, gate_queries.out(db, override), row_version=project.version)
