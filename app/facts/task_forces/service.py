"""What changes a task force: forming it, who is in it, ending it. Its members see the project while they are in it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects import queries as project_queries
from app.facts.projects import secrecy
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.terms import STAGE_LABELS, Stage
from app.facts.projects.units import ids_of
from app.facts.task_forces.models import Member, Task, TaskForce
from app.facts.task_forces.queries import NoTaskForce
from app.facts.task_forces.schemas import DissolveIn, MemberIn, MembersIn, TaskForceIn, TaskForcePatch
from app.facts.task_forces.terms import TaskState
from app.identity.auth.models import User
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.identity.units.models import Unit
from app.kernel import calendar, preconditions
from app.kernel.access import Actor, Permission, Role
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.events import record


class TooEarly(Conflict):
    code = "too_early"
    message = "项目进入在谈阶段后方可组建专班"
    english = "A project gets a task force once it is being talked about."


class HasTaskForce(Conflict):
    code = "has_task_force"
    message = "该项目已有专班，须先撤销"
    english = "The project has a task force already. Dissolve it first."


class Dissolved(Conflict):
    code = "dissolved"
    message = "该专班已撤销"
    english = "This task force was dissolved."


class MemberHasTasks(Conflict):
    code = "member_has_tasks"
    message = "该单位还有未完成的任务，须先改派或取消"
    english = "The unit has tasks that are not closed. Give them to another or cancel them first."


class NotLeadUnit(Forbidden):
    code = "not_lead_unit"
    message = "专班的安排由牵头单位与招商部门调整"
    english = "The lead unit and the bureau arrange what a task force does."


class NotYourTask(Forbidden):
    code = "not_your_task"
    message = "这不是本单位负责的任务"
    english = "This is another unit's task."


# -- forming -------------------------------------------------------------------------------------------------------


def form(db: Session, actor: Actor, code: str, body: TaskForceIn) -> TaskForce:
    """Give a project its task force; one at a time, from 在谈 on."""
    project = projects.open_for_change(db, actor, code, Permission.TASK_FORCE_EDIT)
    if project.stage.order < Stage.TALK.order:
        raise TooEarly(f"项目尚在{STAGE_LABELS[project.stage]}阶段，进入在谈阶段后方可组建专班", TooEarly.english)
    if project.ended_on is not None:
        raise projects.HasEnded
    standing = select(TaskForce.id).where(TaskForce.project_id == project.id, TaskForce.dissolved_on.is_(None))
    if db.scalars(standing).first() is not None:
        raise HasTaskForce
    _check_target(body.target_on, body.formed_on)
    now = calendar.now()
    force = TaskForce(
        project_id=project.id, leader_office=body.leader_office, leader_name=body.leader_name,
        leader_id=_leader(db, body.leader), lead_unit_id=ids_of(db, [body.lead_unit], "lead_unit")[body.lead_unit],
        goal=body.goal, target_on=body.target_on, formed_on=body.formed_on,
        counts_from=hold(db).stands_from(body.formed_on), sight=project.sight, entered_at=now, entered_by=actor.id,
        entered_by_name=name_of(db, actor), changed_at=now,
    )  # fmt: skip
    db.add(force)
    db.flush()
    _put_members(db, force, body.members)
    _let_see(db, project, force)
    record(db, "project.task_force_formed", project, task_force=force.id)
    record(db, "task_force.formed", force)
    return force


def change(db: Session, actor: Actor, number: int, body: TaskForcePatch, version: int) -> TaskForce:
    """Change what is sent; `version` is the row version that was read."""
    project, force = _opened_with_project(db, actor, number)
    preconditions.expect(force.version, version)
    given: dict[str, Any] = body.model_dump(exclude_unset=True)
    if "leader" in given:
        given["leader_id"] = _leader(db, given.pop("leader"))
    if body.target_on is not None:
        _check_target(body.target_on, force.formed_on)
    if body.lead_unit is not None:
        given["lead_unit_id"] = ids_of(db, [given.pop("lead_unit")], "lead_unit")[body.lead_unit]
    for name, value in given.items():
        setattr(force, name, value)
    if db.is_modified(force):
        touch(force)
    _add_lead(db, force)
    _let_see(db, project, force)
    record(db, "task_force.changed", force)
    return force


def put_members(db: Session, actor: Actor, number: int, body: MembersIn, version: int) -> TaskForce:
    """Say exactly which units are in it, beside the lead unit. Who leaves sees the project no more on its account."""
    project, force = _opened_with_project(db, actor, number)
    preconditions.expect(force.version, version)
    _put_members(db, force, body.members)
    touch(force)
    if _let_see(db, project, force):
        record(db, "project.task_force_members_changed", project, reason=body.reason, task_force=force.id)
    record(db, "task_force.members_changed", force, reason=body.reason)
    return force


def dissolve(db: Session, actor: Actor, number: int, body: DissolveIn) -> TaskForce:
    """End it. Its tasks stay as they are, and its members see the project no more on its account."""
    project, force = _opened_with_project(db, actor, number, even_archived=True)
    if body.on < force.formed_on:
        raise Invalid.field("on", "order", f"早于组建日期 {force.formed_on}")
    until = hold(db).stands_from(body.on)
    force.dissolved_on, force.counts_until, force.dissolved_reason = body.on, until, body.reason
    force.dissolved_by, force.dissolved_by_name = actor.id, name_of(db, actor)
    for task in db.scalars(select(Task).where(Task.task_force_id == force.id, Task.late_until.is_(None))):
        task.late_until = until
    touch(force)
    secrecy.grant(db, project, source_of(force), (), ())
    force.sight = project.sight
    projects.touch(db, project)
    record(db, "project.task_force_dissolved", project, reason=body.reason, task_force=force.id)
    record(db, "task_force.dissolved", force, reason=body.reason)
    return force


def source_of(force: TaskForce) -> str:
    """Under which name a task force grants sight of its project."""
    return f"task_force:{force.id}"


def _check_target(target: date | None, formed: date) -> None:
    if target is not None and target < formed:
        raise Invalid.field("target_on", "order", f"早于组建日期 {formed}")


def _leader(db: Session, login: str | None) -> int | None:
    if login is None:
        return None
    user = db.scalars(select(User).where(User.login == login)).one_or_none()
    if user is None or not user.active:
        raise Invalid.field("leader", "unknown_user", f"没有登录名为 {login} 的在用人员")
    if Role.LEADER not in user.held:
        raise Invalid.field("leader", "no_leader", f"{login} 不是区领导")
    return user.id


def _put_members(db: Session, force: TaskForce, members: list[MemberIn]) -> None:
    numbers = ids_of(db, [member.unit for member in members], "members")
    known = {member.unit_id: member for member in db.scalars(_members_of(force))}
    wanted: dict[int, MemberIn] = {}
    for place, member in enumerate(members):
        if numbers[member.unit] in wanted:
            raise Invalid.field(f"members.{place}.unit", "twice", f"{member.unit} 列了不止一次")
        wanted[numbers[member.unit]] = member
    leaving = known.keys() - wanted.keys() - {force.lead_unit_id}
    _check_idle(db, force, leaving)
    for unit_id in leaving:
        db.delete(known[unit_id])
    for unit_id, member in wanted.items():
        row = known.get(unit_id)
        if row is None:
            row = Member(task_force_id=force.id, unit_id=unit_id)
            db.add(row)
        row.contact, row.deputy, row.duties = member.contact, member.deputy, member.duties
    db.flush()
    _add_lead(db, force)


def _members_of(force: TaskForce) -> Any:
    return select(Member).where(Member.task_force_id == force.id).order_by(Member.id)


def _add_lead(db: Session, force: TaskForce) -> None:
    db.flush()
    if force.lead_unit_id not in {member.unit_id for member in db.scalars(_members_of(force))}:
        db.add(Member(task_force_id=force.id, unit_id=force.lead_unit_id))
        db.flush()


def _check_idle(db: Session, force: TaskForce, units: Iterable[int]) -> None:
    waiting = db.execute(
        select(Unit.name, Task.title)
        .join(Unit, Unit.id == Task.unit_id)
        .where(
            Task.task_force_id == force.id,
            Task.unit_id.in_(list(units)),
            Task.state.in_([TaskState.OPEN, TaskState.STARTED]),
        )
        .order_by(Task.id)
    ).all()
    if waiting:
        said = "、".join(f"{row.name}「{row.title}」" for row in waiting[:5])
        raise MemberHasTasks(f"还有未完成的任务，须先改派或取消：{said}", MemberHasTasks.english)


def _let_see(db: Session, project: Project, force: TaskForce) -> bool:
    """Let the member units see the project, as far as its level allows; a sealed one stays with whom it names. Any
    change?"""
    before = project.sight
    secrecy.grant(db, project, source_of(force), (), [member.unit_id for member in db.scalars(_members_of(force))])
    force.sight = project.sight
    return bool(before != project.sight)


# -- opening -------------------------------------------------------------------------------------------------------


def _opened_with_project(
    db: Session, actor: Actor, number: int, *, even_archived: bool = False
) -> tuple[Project, TaskForce]:
    """Project and task force, both locked, in this order."""
    code = db.execute(
        select(Project.code)
        .join(TaskForce, TaskForce.project_id == Project.id)
        .where(TaskForce.id == number, project_queries.visible(actor))
    ).scalar_one_or_none()
    if code is None:
        raise NoTaskForce
    project = projects.open_for_change(db, actor, code, Permission.TASK_FORCE_EDIT, even_archived=even_archived)
    return project, opened(db, actor, number)


def opened(db: Session, actor: Actor, number: int) -> TaskForce:
    """The task force, locked until the commit; 404 when it is not seen, 409 when it was dissolved.

    The periods are held before it, as whoever opens one again locks what counts in it afterwards.
    """
    hold(db)
    found = db.execute(
        select(TaskForce, Project.sight)
        .join(Project, Project.id == TaskForce.project_id)
        .where(TaskForce.id == number, project_queries.visible(actor))
        .with_for_update(of=TaskForce)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NoTaskForce
    force: TaskForce = found[0]
    if force.dissolved_on is not None:
        raise Dissolved
    force.sight = found[1]
    return force


def arranges(actor: Actor, lead_unit_id: int) -> bool:
    """May the actor say what a task force does: the bureau, and the reporters of its lead unit?"""
    if actor.kind == "system" or not actor.roles.isdisjoint(projects.EDITS_ALL):
        return True
    return actor.unit_id is not None and actor.unit_id == lead_unit_id


def check_arranges(actor: Actor, force: TaskForce) -> None:
    """403 `not_lead_unit` for others."""
    if not arranges(actor, force.lead_unit_id):
        raise NotLeadUnit


def check_works(actor: Actor, lead_unit_id: int, unit_id: int) -> None:
    """403 `not_your_task` unless it is the actor's unit that does it, or the actor arranges."""
    if not arranges(actor, lead_unit_id) and actor.unit_id != unit_id:
        raise NotYourTask


def touch(force: TaskForce) -> None:
    """Something about it changed just now."""
    force.changed_at = calendar.now()
