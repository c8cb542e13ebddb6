"""Tasks over HTTP. Their row version is that of their task force."""

from typing import Annotated

from fastapi import Form, Path, Request, Response

from app.facts.evidence import schemas as paper_schemas
from app.facts.evidence.receiving import FileSent, store_of
from app.facts.evidence.service import Described, SameEvidence
from app.facts.evidence.terms import EvidenceKind
from app.facts.task_forces import task_papers, task_queries, tasks
from app.facts.task_forces.queries import NoTaskForce
from app.facts.task_forces.routes import Number, Reader, whose
from app.facts.task_forces.schemas import AsOf, TaskToday
from app.facts.task_forces.service import Dissolved, NotLeadUnit, NotYourTask
from app.facts.task_forces.task_queries import NoTask
from app.facts.task_forces.task_schemas import (
    LightIn,
    OverdueOut,
    StartIn,
    TaskCancelIn,
    TaskDoneIn,
    TaskFilter,
    TaskIn,
    TaskPage,
    TaskPapersIn,
    TaskPatch,
    TaskProgressIn,
    TaskReopenIn,
    TaskReports,
)
from app.facts.task_forces.tasks import (
    NeedsFirst,
    NoOverride,
    NotYourTaskForce,
    TaskClosed,
    TaskNotClosed,
    TaskStarted,
)
from app.identity.auth.access import requires
from app.identity.periods.closures import PeriodLocked
from app.kernel import uploads
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.calendar import PastDay
from app.kernel.db import Db, database_of
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.inspection.refusal import FileRefused, FileTooLarge
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api
from app.kernel.uploads import UploadGone, UploadIncomplete

router = api("task_forces")

Worker = Annotated[Actor, requires(Permission.TASK_EDIT)]
Judge = Annotated[Actor, requires(Permission.TASK_LIGHT)]
TaskId = Annotated[int, Path(description="任务编号", ge=1, le=2**63 - 1, examples=[31])]

WORKED = (NoTask, NoTaskForce, Dissolved, NotYourTask, TaskClosed, Invalid)
ARRANGED = (NoTask, NoTaskForce, Dissolved, NotLeadUnit, Invalid)


@router.get("/tasks", summary="任务列表", response_model=TaskPage, responses=raises(Invalid))
async def list_tasks(read: Reader, q: Annotated[TaskFilter, asked(TaskFilter)]) -> Response:
    """Tasks of task forces at work, red ones first, then those due first; `mine=true`: those of the caller's unit."""
    return await read.answer(task_queries.page, q, await whose(read, q.mine))


@router.get("/tasks/overdue", summary="各单位逾期任务", response_model=OverdueOut, responses=raises(Invalid))
async def list_overdue_units(read: Reader, q: Annotated[AsOf, asked(AsOf)]) -> Response:
    """By unit how many tasks are late, among the projects that the caller may see."""
    return await read.answer(task_queries.overdue, q)


@router.post(
    "/task-forces/{task_force_id}/tasks",
    summary="布置任务",
    status_code=201,
    response_model=TaskToday,
    responses=raises(NoTaskForce, Dissolved, NotLeadUnit, Invalid),
)
def add_task(task_force_id: Number, body: TaskIn, db: Db, actor: Worker) -> Response:
    """Give a member unit something to do by a day; by the bureau or the lead unit.

    `needs` are tasks of the same task force that must be done before; a circle is refused, naming the field.
    """
    force, task = tasks.add(db, actor, task_force_id, body)
    out = task_queries.out(db, actor, task)
    return saved(db, out, status=201, location=f"/api/v1/tasks/{task.id}", row_version=force.version)


@router.get("/tasks/{task_id}", summary="任务", response_model=TaskToday, responses=raises(NoTask, Invalid))
async def get_task(read: Reader, task_id: TaskId, q: Annotated[AsOf, asked(AsOf)]) -> Response:
    """One task as it stands on a day: its light and why, and the natural one beside a light that was set by hand."""
    return await read.answer(task_queries.detail, task_id, q)


@router.get("/tasks/{task_id}/reports", summary="任务的进度记录", response_model=TaskReports, responses=raises(NoTask))
async def list_task_reports(read: Reader, task_id: TaskId) -> Response:
    """What was reported of a task, the newest first."""
    return await read.answer(task_queries.reports, task_id)


@router.patch(
    "/tasks/{task_id}",
    summary="调整任务",
    response_model=TaskToday,
    responses=raises(*ARRANGED, TaskClosed, PeriodLocked, Stale, IfMatchMissing),
)
def update_task(task_id: TaskId, body: TaskPatch, if_match: IfMatch, db: Db, actor: Worker) -> Response:
    """Change a task that is not closed. Needs `If-Match`. When it is put off, escalation begins anew."""
    force, task = tasks.change(db, actor, task_id, body, if_match)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.post(
    "/tasks/{task_id}/start",
    summary="登记任务启动",
    response_model=TaskToday,
    responses=raises(*WORKED, TaskStarted),
)
def start_task(task_id: TaskId, body: StartIn, db: Db, actor: Worker) -> Response:
    """Say that work has begun; by the unit that does it, also of a project it sees only as a member."""
    force, task = tasks.start(db, actor, task_id, body)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.post(
    "/tasks/{task_id}/progress", summary="报任务进度", response_model=TaskToday, responses=raises(*WORKED)
)  # fmt: skip
def report_task(task_id: TaskId, body: TaskProgressIn, db: Db, actor: Worker) -> Response:
    """Say how far it has come, in percent. Less than before needs a note."""
    force, task = tasks.report(db, actor, task_id, body)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.post(
    "/tasks/{task_id}/done",
    summary="登记任务完成",
    response_model=TaskToday,
    responses=raises(*WORKED, NeedsFirst),
)
def finish_task(task_id: TaskId, body: TaskDoneIn, db: Db, actor: Worker) -> Response:
    """Say that it was done: when, with what result, shown by which papers. What it depends on must be done first."""
    force, task = tasks.done(db, actor, task_id, body)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.post(
    "/tasks/{task_id}/cancel",
    summary="取消任务",
    response_model=TaskToday,
    responses=raises(*ARRANGED, TaskClosed),
)
def cancel_task(task_id: TaskId, body: TaskCancelIn, db: Db, actor: Worker) -> Response:
    """Say that it need not be done any more, and why; by the bureau or the lead unit."""
    force, task = tasks.cancel(db, actor, task_id, body.reason)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.post(
    "/tasks/{task_id}/reopen",
    summary="恢复任务",
    response_model=TaskToday,
    responses=raises(*ARRANGED, TaskNotClosed, PeriodLocked),
)
def reopen_task(task_id: TaskId, body: TaskReopenIn, db: Db, actor: Worker) -> Response:
    """Take a closed task up again, with a reason. It has come as far as was last reported."""
    force, task = tasks.reopen(db, actor, task_id, body.reason)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.put(
    "/tasks/{task_id}/evidence",
    summary="设定任务的佐证材料",
    response_model=TaskToday,
    responses=raises(NoTask, NoTaskForce, Dissolved, NotYourTask, Invalid),
)
def put_task_evidence(task_id: TaskId, body: TaskPapersIn, db: Db, actor: Worker) -> Response:
    """Say exactly which papers among the project's evidence show what came of it."""
    force, task = tasks.put_papers(db, actor, task_id, body.evidence)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.post(
    "/tasks/{task_id}/evidence",
    summary="上传任务的佐证材料",
    status_code=201,
    response_model=TaskToday,
    responses=raises(
        NoTask, NoTaskForce, Dissolved, NotYourTask, Invalid, FileRefused, FileTooLarge, UploadGone, UploadIncomplete,
        SameEvidence,
    ),
)  # fmt: skip
def add_task_evidence(
    request: Request,
    task_id: TaskId,
    sent: FileSent,
    kind: Annotated[EvidenceKind, Form(description=paper_schemas.KIND, examples=["minutes"])],
    dated_on: Annotated[PastDay, Form(description=paper_schemas.DATED, examples=["2026-10-10"])],
    db: Db,
    actor: Worker,
    note: Annotated[paper_schemas.Note | None, Form(description="说明", examples=["论证报告"])] = None,
) -> Response:
    """Show a file as what came of the task. It becomes evidence of the project, which a second person verifies."""
    with database_of(request).reading() as connection:
        task_papers.check_may_add(connection, actor, task_id)
    received = sent.receive(request, actor)
    described = Described(kind, dated_on, note=note)
    force, task = task_papers.add(db, actor, task_id, described, received)
    if sent.upload is not None:
        uploads.discard(db, store_of(request), actor, sent.upload)
    return saved(db, task_queries.out(db, actor, task), status=201, row_version=force.version)


@router.put(
    "/tasks/{task_id}/light",
    summary="人工调整任务灯色",
    response_model=TaskToday,
    responses=raises(NoTask, NoTaskForce, Dissolved, NotYourTaskForce, TaskClosed, Invalid),
)
def set_task_light(task_id: TaskId, body: LightIn, db: Db, actor: Judge) -> Response:
    """Set a light by hand, with a reason and until a day; by the bureau or the leader of the task force.

    The natural light goes on showing beside it, and alone again once the day is over.
    """
    force, task = tasks.set_light(db, actor, task_id, body)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)


@router.delete(
    "/tasks/{task_id}/light",
    summary="撤销灯色的人工调整",
    response_model=TaskToday,
    responses=raises(NoTask, NoTaskForce, Dissolved, NotYourTaskForce, NoOverride),
)
def clear_task_light(task_id: TaskId, db: Db, actor: Judge) -> Response:
    """Let the light be the natural one again."""
    force, task = tasks.clear_light(db, actor, task_id)
    return saved(db, task_queries.out(db, actor, task), row_version=force.version)
