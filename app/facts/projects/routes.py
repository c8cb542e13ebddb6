from typing import Annotated

from fastapi import Path, Request, Response
from sqlalchemy.orm import Session

from app.facts.projects import detail, intake, listing, parts, secrecy, service, units
from app.facts.projects.listing import ProjectFilter
from app.facts.projects.models import Project
from app.facts.projects.outputs import ProjectOut, ProjectRow
from app.facts.projects.queries import NoProject
from app.facts.projects.schemas import (
    ArchiveIn,
    ConfidentialityIn,
    ProblemSolvedIn,
    ProjectAliasIn,
    ProjectEnterpriseIn,
    ProjectIn,
    ProjectPatch,
    ProjectStatusIn,
    ProjectUnitsIn,
    RemarkIn,
)
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("projects")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Editor = Annotated[Actor, requires(Permission.PROJECT_EDIT)]
Officer = Annotated[Actor, requires(Permission.PROJECT_CREATE)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
RecordNumber = Annotated[int, Path(description="记录号", ge=1, le=2**63 - 1, examples=[3])]

REFUSED = (NoProject, service.NotYours, service.Archived, Invalid)


def district_of(request: Request) -> str:
    district: str = request.app.state.settings.district
    return district


def _saved(
    db: Session, actor: Actor, project: Project, *, status: int = 200, namesakes: list[str] | None = None
) -> Response:
    found = detail.saved_one(db, actor, project.code, namesakes)
    location = f"/api/v1/projects/{project.code}" if status == 201 else None
    return saved(db, found, status=status, location=location, row_version=found["version"])


# -- reading -------------------------------------------------------------------------------------------------------


@router.get("/projects", summary="项目列表", response_model=page_of(ProjectRow), responses=raises(Invalid))
async def list_projects(read: Reader, q: Annotated[ProjectFilter, asked(ProjectFilter)]) -> Response:
    """Projects the caller may see."""
    return await read.answer(listing.page, q)


@router.get("/projects/{code}", summary="项目详情", response_model=ProjectOut, responses=raises(NoProject))
async def get_project(read: Reader, code: Code) -> Response:
    """Everything of the record. The ETag's first half is the row version that If-Match compares."""
    return await read.answer(detail.one, code)


# -- the record ----------------------------------------------------------------------------------------------------


@router.post(
    "/projects",
    summary="新建项目",
    response_model=ProjectOut,
    status_code=201,
    responses=raises(Invalid, intake.SameName, PeriodLocked),
)
def create_project(body: ProjectIn, request: Request, db: Db, actor: Officer) -> Response:
    """Record a new project as a lead. It gets the next code of its district and year; codes are never used twice.

    When a project the caller may see has this name, as its own or as an alias, the answer is 409 `same_name` and
    names it: nothing was saved. If it is another project, send it again with `accept_same_name`; the answer then
    names the others in `warnings`.
    """
    project, others = intake.register(db, actor, body, district=district_of(request))
    return _saved(db, actor, project, status=201, namesakes=others)


@router.patch(
    "/projects/{code}",
    summary="修改项目",
    response_model=ProjectOut,
    responses=raises(*REFUSED, Stale, IfMatchMissing),
)
def change_project(code: Code, body: ProjectPatch, if_match: IfMatch, db: Db, actor: Editor) -> Response:
    """Correct the record; null clears a field. Stage, amounts and signing follow from moves, papers and funds."""
    project = service.change(db, actor, code, body, if_match)
    return _saved(db, actor, project, namesakes=intake.namesakes(db, actor, project) if body.name else None)


@router.post(
    "/projects/{code}/status",
    summary="暂缓、终止、退出、恢复",
    response_model=ProjectOut,
    responses=raises(*REFUSED, service.SameStatus, service.HasEnded),
)
def set_project_status(code: Code, body: ProjectStatusIn, db: Db, actor: Editor) -> Response:
    """Pause, end or resume a project, with the day and the reason."""
    return _saved(db, actor, service.set_status(db, actor, code, body))


@router.post(
    "/projects/{code}/archive", summary="归档", response_model=ProjectOut, responses=raises(*REFUSED, PeriodLocked)
)
def archive_project(code: Code, body: ArchiveIn, db: Db, actor: Officer) -> Response:
    """Take a project out of live tracking. An archived project cannot be changed."""
    return _saved(db, actor, service.archive(db, actor, code, body))


@router.post(
    "/projects/{code}/unarchive",
    summary="取消归档",
    response_model=ProjectOut,
    responses=raises(NoProject, Invalid, service.NotArchived, PeriodLocked),
)
def unarchive_project(code: Code, body: ArchiveIn, db: Db, actor: Officer) -> Response:
    """Bring a project back into live tracking."""
    return _saved(db, actor, service.unarchive(db, actor, code, body))


# -- who is responsible, who may see -------------------------------------------------------------------------------


@router.put(
    "/projects/{code}/units",
    summary="责任单位与协同单位",
    response_model=ProjectOut,
    responses=raises(*REFUSED, Stale, IfMatchMissing),
)
def set_project_units(code: Code, body: ProjectUnitsIn, if_match: IfMatch, db: Db, actor: Officer) -> Response:
    """From a day on another unit is responsible, or others co-operate. What was before stays with its dates."""
    return _saved(db, actor, units.put(db, actor, code, body, if_match))


@router.put(
    "/projects/{code}/confidentiality",
    summary="密级与可见范围",
    response_model=ProjectOut,
    responses=raises(*REFUSED, secrecy.OnlyReviewersSeal, Stale, IfMatchMissing),
)
def set_project_confidentiality(
    code: Code, body: ConfidentialityIn, if_match: IfMatch, db: Db, actor: Officer
) -> Response:
    """Set the level, and exactly which persons and units see the project beyond it. Sealing takes a reviewer."""
    return _saved(db, actor, secrecy.put(db, actor, code, body, if_match))


# -- what hangs on a project ---------------------------------------------------------------------------------------


@router.post(
    "/projects/{code}/aliases",
    summary="增加别名",
    response_model=ProjectOut,
    status_code=201,
    responses=raises(*REFUSED, parts.SameAlias),
)
def add_project_alias(code: Code, body: ProjectAliasIn, db: Db, actor: Editor) -> Response:
    """Another name under which the project is found."""
    return _saved(db, actor, parts.add_alias(db, actor, code, body.alias), status=201)


@router.delete(
    "/projects/{code}/aliases/{alias_id}",
    summary="删除别名",
    response_model=ProjectOut,
    responses=raises(*REFUSED, parts.NoPart),
)
def remove_project_alias(code: Code, alias_id: RecordNumber, db: Db, actor: Editor) -> Response:
    """Take a name away again."""
    return _saved(db, actor, parts.remove_alias(db, actor, code, alias_id))


@router.post(
    "/projects/{code}/enterprises",
    summary="增加企业",
    response_model=ProjectOut,
    status_code=201,
    responses=raises(*REFUSED, parts.SamePart),
)
def add_project_enterprise(code: Code, body: ProjectEnterpriseIn, db: Db, actor: Editor) -> Response:
    """An enterprise takes a role in the project; `main` makes an investor the main one."""
    return _saved(db, actor, parts.add_enterprise(db, actor, code, body), status=201)


@router.delete(
    "/projects/{code}/enterprises/{part_id}",
    summary="移除企业",
    response_model=ProjectOut,
    responses=raises(*REFUSED, parts.NoPart),
)
def remove_project_enterprise(code: Code, part_id: RecordNumber, db: Db, actor: Editor) -> Response:
    """End an enterprise's part. When it was the main investor, the investor named next takes its place."""
    return _saved(db, actor, parts.remove_enterprise(db, actor, code, part_id))


@router.post(
    "/projects/{code}/notes",
    summary="登记备注",
    response_model=ProjectOut,
    status_code=201,
    responses=raises(*REFUSED),
)
def add_project_note(code: Code, body: RemarkIn, db: Db, actor: Editor) -> Response:
    """A dated remark."""
    return _saved(db, actor, parts.remark(db, actor, code, "note", body.text), status=201)


@router.post(
    "/projects/{code}/problems",
    summary="登记问题",
    response_model=ProjectOut,
    status_code=201,
    responses=raises(*REFUSED),
)
def raise_project_problem(code: Code, body: RemarkIn, db: Db, actor: Editor) -> Response:
    """A problem that somebody must solve."""
    return _saved(db, actor, parts.remark(db, actor, code, "problem", body.text), status=201)


@router.post(
    "/projects/{code}/problems/{problem_id}/solve",
    summary="问题已解决",
    response_model=ProjectOut,
    responses=raises(*REFUSED, parts.NoPart, parts.Solved),
)
def solve_project_problem(
    code: Code, problem_id: RecordNumber, body: ProblemSolvedIn, db: Db, actor: Editor
) -> Response:
    """Say when a problem was solved."""
    return _saved(db, actor, parts.solve(db, actor, code, problem_id, body.solved_on))
