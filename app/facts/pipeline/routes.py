from typing import Annotated

from fastapi import Path, Response

from app.facts.agreements import counting
from app.facts.pipeline import queries, service
from app.facts.pipeline.duplicates import signing
from app.facts.pipeline.gates import overrides
from app.facts.pipeline.schemas import MoveIn, MoveList, MoveOut, StageOut, StagePatch
from app.facts.projects.queries import NoProject
from app.facts.projects.service import Archived, NotYours
from app.facts.projects.terms import Stage
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("pipeline")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Editor = Annotated[Actor, requires(Permission.PROJECT_EDIT)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
StagePath = Annotated[Stage, Path(description="阶段", examples=["started"])]


@router.post(
    "/projects/{code}/moves",
    summary="变更项目阶段",
    status_code=201,
    response_model=MoveOut,
    responses=raises(
        NoProject, NotYours, Archived, Invalid, overrides.ProjectEnded, service.AlreadyThere, service.AlreadySigned,
        overrides.ContractMissing, overrides.PaperMissing, overrides.GateClosed, signing.DuplicateSuspected,
        signing.SameProject, counting.NumberTaken, PeriodLocked,
    ),
)  # fmt: skip
def move_project(code: Code, body: MoveIn, db: Db, actor: Editor) -> Response:
    """Move a project to another stage, with the date on which that happened.

    Forward it may skip stages; back needs a reason and takes the dates of the stages that are undone away
    (agreements stand until they are voided). Signing needs a formal contract, on record or sent along as
    `agreement`, and happens on that contract's date.

    Forward, every gate on the way must be open on the day of the move (see `/gates`), or passed by an override; only
    `framework` may be skipped. Signing asks besides whether other projects are the same one (see `/duplicates`).
    """
    project, moved = service.move(db, actor, code, body)
    return saved(db, queries.out(db, moved), status=201, row_version=project.version)


@router.get("/projects/{code}/moves", summary="项目的阶段变更", response_model=MoveList, responses=raises(NoProject))
async def list_moves(read: Reader, code: Code) -> Response:
    """All moves of a project in the order they were recorded: from, to, event date, who, when, why."""
    return await read.answer(queries.of_project, code)


@router.patch(
    "/projects/{code}/stages/{stage}",
    summary="更正阶段日期",
    response_model=StageOut,
    responses=raises(
        NoProject,
        NotYours,
        Archived,
        Invalid,
        service.NotReached,
        service.DateFromPapers,
        PeriodLocked,
        Stale,
        IfMatchMissing,
    ),
)
def correct_stage_date(
    code: Code, stage: StagePath, body: StagePatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:
    """Correct when a stage was really reached, without moving; If-Match carries the project's ETag.

    The dates of `framework` and `signed` are those of the agreements: correct these instead.
    """
    project = service.correct(db, actor, code, stage, body, if_match)
    out = StageOut(stage=stage, happened_on=body.happened_on)
    return saved(db, out, row_version=project.version)
