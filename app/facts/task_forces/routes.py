"""Task forces over HTTP."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.projects.queries import NoProject
from app.facts.projects.service import Archived, HasEnded
from app.facts.task_forces import queries, service
from app.facts.task_forces.queries import NoTaskForce
from app.facts.task_forces.schemas import (
    AsOf,
    DissolveIn,
    MembersIn,
    TaskForceFilter,
    TaskForceIn,
    TaskForceOut,
    TaskForcePage,
    TaskForcePatch,
)
from app.facts.task_forces.service import Dissolved, HasTaskForce, MemberHasTasks, TooEarly
from app.identity.auth.access import Read, entered, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("task_forces")

Reader = Annotated[Read, reads(Permission.TASK_FORCE_READ)]
Editor = Annotated[Actor, requires(Permission.TASK_FORCE_EDIT)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0049"], pattern="^[0-9A-Za-z-]{1,20}$")]
Number = Annotated[int, Path(description="专班编号", ge=1, le=2**63 - 1, examples=[3])]

CHANGED = (NoTaskForce, Dissolved, Archived, Invalid, Stale, IfMatchMissing)


@router.get("/task-forces", summary="专班列表", response_model=TaskForcePage, responses=raises(Invalid))
async def list_task_forces(read: Reader, q: Annotated[TaskForceFilter, asked(TaskForceFilter)]) -> Response:
    """Task forces, red ones first; `mine=true`: those that the caller leads, whose unit takes part, whose project is
    in the caller's charge.

    A light is the worst of the tasks'; it is that of `as_of`, and after `valid_until` may have changed by itself.
    """
    return await read.answer(queries.page, q, await whose(read, q.mine))


@router.post(
    "/projects/{code}/task-force",
    summary="组建专班",
    status_code=201,
    response_model=TaskForceOut,
    responses=raises(NoProject, Archived, HasEnded, TooEarly, HasTaskForce, Invalid),
)
def form_task_force(code: Code, body: TaskForceIn, db: Db, actor: Editor) -> Response:
    """Give a project its task force: a leader, a lead unit, member units with who answers there and who stands in.

    From the stage `talk` on, one at a time. Member units see an internal project while they take part; a sealed one
    stays with those it names.
    """
    force = service.form(db, actor, code, body)
    out = queries.out(db, actor, force)
    return saved(db, out, status=201, location=f"/api/v1/task-forces/{force.id}", row_version=force.version)


@router.get(
    "/task-forces/{task_force_id}", summary="专班", response_model=TaskForceOut, responses=raises(NoTaskForce, Invalid)
)
async def get_task_force(read: Reader, task_force_id: Number, q: Annotated[AsOf, asked(AsOf)]) -> Response:
    """A task force whole: its members, its tasks with their lights and why they are on."""
    return await read.answer(queries.detail, task_force_id, q)


@router.patch(
    "/task-forces/{task_force_id}", summary="修改专班", response_model=TaskForceOut, responses=raises(*CHANGED)
)
def update_task_force(
    task_force_id: Number, body: TaskForcePatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:  # fmt: skip
    """Change leader, lead unit, goal or target date. Needs `If-Match`. A new lead unit becomes a member."""
    force = service.change(db, actor, task_force_id, body, if_match)
    return saved(db, queries.out(db, actor, force), row_version=force.version)


@router.put(
    "/task-forces/{task_force_id}/members",
    summary="设定成员单位",
    response_model=TaskForceOut,
    responses=raises(*CHANGED, MemberHasTasks),
)
def put_members(task_force_id: Number, body: MembersIn, if_match: IfMatch, db: Db, actor: Editor) -> Response:
    """Say exactly which units take part, with contact, deputy and duties. Needs `If-Match`.

    A unit that still has tasks to do cannot leave. Whoever leaves no longer sees the project on account of it.
    """
    force = service.put_members(db, actor, task_force_id, body, if_match)
    return saved(db, queries.out(db, actor, force), row_version=force.version)


@router.post(
    "/task-forces/{task_force_id}/dissolve",
    summary="撤销专班",
    response_model=TaskForceOut,
    responses=raises(NoTaskForce, Dissolved, Invalid),
)
def dissolve_task_force(task_force_id: Number, body: DissolveIn, db: Db, actor: Editor) -> Response:
    """End a task force, with a reason. It stays to be seen; its members' sight of the project ends."""
    force = service.dissolve(db, actor, task_force_id, body)
    return saved(db, queries.out(db, actor, force), row_version=force.version)


async def whose(read: Read, mine: bool) -> int:
    """Whose answer it is: one that is asked for oneself is not kept for others who see the same."""
    return (await entered(read.request, read.permission))[0].id if mine else 0
