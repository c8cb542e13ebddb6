from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.task_forces.models import Task, TaskForce
from app.facts.task_forces.service import touch
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry


def sight_changed(db: Session, entry: Entry) -> None:
    """Whoever sees a project differently sees its task forces so: the log tells them what leaves their sight."""
    forces = list(
        db.scalars(
            select(TaskForce)
            .where(TaskForce.project_id == entry.subject_id)
            .order_by(TaskForce.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    if not forces:
        return
    # A ledger writes past the session, whose project may be older.
    sight = db.execute(select(Project.sight).where(Project.id == entry.subject_id)).scalar_one()
    for force in forces:
        if force.sight != sight:
            force.sight = sight


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the tasks that were done too late for the period count in it after all."""
    period = db.get_one(Period, entry.subject_id)
    late = (
        select(Task, TaskForce)
        .join(TaskForce, TaskForce.id == Task.task_force_id)
        .where(Task.deferred_to.is_not(None), Task.done_on.between(period.starts_on, period.ends_on))
        .order_by(TaskForce.id, Task.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    closed = hold(db)
    for task, force in db.execute(late):
        assert task.done_on is not None and task.deferred_to is not None
        again = closed.deferral_again(task.done_on, task.deferred_to)
        if again != task.deferred_to:
            task.deferred_to = again
            touch(force)
