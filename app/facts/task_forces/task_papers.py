"""Papers that show what came of a task: files that become evidence of its project."""

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.evidence import service as evidence
from app.facts.evidence.service import Described
from app.facts.projects.models import Project
from app.facts.task_forces import tasks
from app.facts.task_forces.models import Task, TaskForce
from app.facts.task_forces.service import check_works
from app.kernel.access import Actor
from app.kernel.files import Received


def check_may_add(connection: Connection, actor: Actor, number: int) -> None:
    """Refuse before a file is taken in what would be refused afterwards: not seen, not one's own."""
    tasks.place_of(connection, actor, number)
    unit, lead = connection.execute(
        select(Task.unit_id, TaskForce.lead_unit_id)
        .join(TaskForce, TaskForce.id == Task.task_force_id)
        .where(Task.id == number)
    ).one()
    check_works(actor, lead, unit)


def add(
    db: Session, actor: Actor, number: int, said: Described, file: Received
) -> tuple[TaskForce, Task]:  # fmt: skip
    """Show a received file as evidence of the project, and of what came of the task. A second person verifies it."""
    place = tasks.place_of(db, actor, number)
    # A project is locked before its task force.
    project = db.scalars(
        select(Project)
        .join(TaskForce, TaskForce.project_id == Project.id)
        .where(TaskForce.id == place)
        .with_for_update(of=Project)
        .execution_options(populate_existing=True)
    ).one()
    force, task = tasks.opened_task(db, actor, number)
    check_works(actor, force.lead_unit_id, task.unit_id)
    paper = evidence.show(db, actor, project, said, file)
    tasks.add_papers(db, force, task, [paper.id])
    return tasks.told(db, force, task, "papers_changed")
