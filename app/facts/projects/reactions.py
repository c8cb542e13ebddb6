"""What projects do when something happens to an enterprise, or a closed period is opened again."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.facts.enterprises import merging
from app.facts.projects import service
from app.facts.projects.models import COUNTED_STAGES, Project, ProjectEnterprise
from app.facts.projects.terms import Stage
from app.identity.periods.closures import hold
from app.identity.periods.models import Period
from app.kernel.events import Entry

# What the trace of a merge keeps of ours: parts that moved, parts both had, projects whose main investor changed.
MOVED, DOUBLE, MAIN = "project_parts", "project_parts_double", "project_main"


def enterprise_merged(db: Session, entry: Entry) -> None:
    """Let the kept enterprise take the merged one's parts in projects, and note which, so that it can be undone."""
    kept, merged = entry.data["kept_id"], entry.data["merged_id"]
    _hold(db, kept, merged)
    there = {(part.project_id, part.role) for part in _parts(db, kept)}
    moved: list[int] = []
    dropped: list[list[Any]] = []
    for part in _parts(db, merged):
        if (part.project_id, part.role) in there:
            dropped.append([part.project_id, part.role])
            db.delete(part)
        else:
            part.enterprise_id = kept
            moved.append(part.id)
    main = _replace_main(db, merged, kept, None)
    for what, of_ours in ((MOVED, moved), (DOUBLE, dropped), (MAIN, main)):
        merging.note(db, entry.data["merge_id"], what, of_ours)
    _refresh(db, kept, {project_id for project_id, _ in dropped})


def enterprise_unmerged(db: Session, entry: Entry) -> None:
    """Give the merged enterprise its parts back, as far as nobody has changed them since."""
    kept, merged = entry.data["kept_id"], entry.data["merged_id"]
    _hold(db, kept, merged)
    moved, dropped, main = (merging.noted(db, entry.data["merge_id"], what) or [] for what in (MOVED, DOUBLE, MAIN))
    projects: set[int] = set()
    for number in moved:
        part = db.get(ProjectEnterprise, number)
        if part is not None and part.enterprise_id == kept:
            part.enterprise_id = merged
            projects.add(part.project_id)
    for project_id, role in dropped:
        db.add(ProjectEnterprise(project_id=project_id, enterprise_id=merged, role=role))
        projects.add(project_id)
    _replace_main(db, kept, merged, main)
    _refresh(db, merged, projects)


def enterprise_renamed(db: Session, entry: Entry) -> None:
    """A project is found by the names of its enterprises: follow a renaming."""
    for project in _projects(db, entry.subject_id):
        service.refresh_search(db, project)


def period_reopened(db: Session, entry: Entry) -> None:
    """Let the stages whose dates came too late for the period count in it after all; signing follows its contract."""
    period = db.get_one(Period, entry.subject_id)
    closed = hold(db)
    for stage in COUNTED_STAGES:
        if stage is Stage.SIGNED:
            continue
        day, deferral = getattr(Project, stage.column), getattr(Project, f"{stage}_deferred_to")
        late = select(Project).where(deferral.is_not(None), day.between(period.starts_on, period.ends_on))
        for project in db.scalars(late.order_by(Project.id).with_for_update()):
            there = getattr(project, deferral.key)
            again = closed.deferral_again(getattr(project, day.key), there)
            if again != there:
                setattr(project, deferral.key, again)
                service.touch(db, project)


def _hold(db: Session, *enterprises: int) -> None:
    """Lock every project of these enterprises, in the order of their numbers: nobody waits in a ring."""
    part_of = select(ProjectEnterprise.project_id).where(ProjectEnterprise.enterprise_id.in_(enterprises))
    concerned = or_(Project.id.in_(part_of), Project.enterprise_id.in_(enterprises))
    db.execute(select(Project.id).where(concerned).order_by(Project.id).with_for_update())


def _parts(db: Session, enterprise_id: int) -> list[ProjectEnterprise]:
    return list(db.scalars(select(ProjectEnterprise).where(ProjectEnterprise.enterprise_id == enterprise_id)))


def _projects(db: Session, enterprise_id: int) -> list[Project]:
    part_of = select(ProjectEnterprise.project_id).where(ProjectEnterprise.enterprise_id == enterprise_id)
    return list(db.scalars(select(Project).where(Project.id.in_(part_of)).order_by(Project.id).with_for_update()))


def _replace_main(db: Session, before: int, after: int, among: Iterable[int] | None) -> list[int]:
    """Make `after` the main investor where `before` is; the numbers of those projects."""
    wanted = select(Project).where(Project.enterprise_id == before)
    if among is not None:
        wanted = wanted.where(Project.id.in_(list(among)))
    changed = list(db.scalars(wanted.order_by(Project.id).with_for_update()))
    for project in changed:
        project.enterprise_id = after
    return [project.id for project in changed]


def _refresh(db: Session, enterprise_id: int, further: set[int]) -> None:
    db.flush()
    others = db.scalars(select(Project).where(Project.id.in_(further)).order_by(Project.id).with_for_update())
    for project in {*_projects(db, enterprise_id), *others}:
        service.refresh_search(db, project)
        service.touch(db, project)
