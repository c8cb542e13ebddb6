"""What people are told of projects: units of what becomes theirs and what others do to it, whoever raised a problem."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project, ProjectNote, ProjectUnit
from app.facts.projects.terms import STAGE_LABELS, UNIT_ROLE_LABELS, Stage, UnitRole
from app.identity.notices import recipients, texts
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.events import Entry, Row
from app.kernel.notices import others, settle, tell

BECAME = {
    "project.paused": "暂缓",
    "project.resumed": "恢复推进",
    "project.terminated": "终止",
    "project.withdrawn": "退出",
    "project.archived": "归档",
    "project.unarchived": "取消归档",
}


def assigned(db: Session, entry: Entry) -> None:
    """A unit has become responsible for a project, or takes part in it: its reporters are told."""
    project = db.get_one(Project, entry.subject_id)
    for row in _rows(entry, ProjectUnit.__tablename__, "unit_id"):
        part = db.get(ProjectUnit, row.id)
        if part is None or part.valid_to is not None:
            continue
        unit = db.get_one(Unit, part.unit_id)
        tell(
            db, others(db, recipients.reporters_of(db, unit.id)), texts.PROJECT_ASSIGNED, project,
            project=project.name, since=part.valid_from.isoformat(), unit=unit.name,
            role=UNIT_ROLE_LABELS[UnitRole(part.role)],
        )  # fmt: skip


def moved(db: Session, entry: Entry) -> None:
    """Somebody has moved the project to another stage."""
    project = db.get_one(Project, entry.subject_id)
    tell(
        db, _concerned(db, project), texts.PROJECT_MOVED, project, project=project.name,
        before=STAGE_LABELS[Stage(entry.data["from"])], after=STAGE_LABELS[Stage(entry.data["to"])],
        on=entry.data["happened_on"],
    )  # fmt: skip


def status_changed(db: Session, entry: Entry) -> None:
    """Somebody has paused, ended, resumed or archived the project."""
    project = db.get_one(Project, entry.subject_id)
    tell(
        db, _concerned(db, project), texts.PROJECT_STATUS, project,
        project=project.name, status=BECAME[entry.kind], on=entry.data["on"],
    )  # fmt: skip


def noted(db: Session, entry: Entry) -> None:
    """Somebody has written a note."""
    project = db.get_one(Project, entry.subject_id)
    tell(db, _concerned(db, project), texts.PROJECT_NOTED, project, project=project.name)


def problem_raised(db: Session, entry: Entry) -> None:
    """A problem waits for those whose project it is."""
    project = db.get_one(Project, entry.subject_id)
    for problem in _problems(db, entry, "text"):
        tell(
            db, _concerned(db, project), texts.PROJECT_PROBLEM, project, key=_key(problem),
            project=project.name, problem=problem.text[:200],
        )  # fmt: skip


def problem_solved(db: Session, entry: Entry) -> None:
    """What waited is done, and whoever raised the problem hears of it."""
    project = db.get_one(Project, entry.subject_id)
    for problem in _problems(db, entry, "solved_on"):
        settle(db, _key(problem))
        tell(
            db, others(db, [*_of_units(db, project), *recipients.person(db, problem.by)]),
            texts.PROJECT_SOLVED, project,
            key=f"{texts.PROJECT_SOLVED.code}:{problem.id}",
            project=project.name, problem=problem.text[:200], on=entry.data["on"],
        )  # fmt: skip


def _concerned(db: Session, project: Project) -> list[Actor]:
    """Those whose project it is: reporters of its units and its officer; not whoever is acting."""
    return others(db, [*_of_units(db, project), *recipients.called(db, project.officer)])


def _of_units(db: Session, project: Project) -> list[Actor]:
    parts = select(ProjectUnit.unit_id).where(ProjectUnit.project_id == project.id, ProjectUnit.valid_to.is_(None))
    return recipients.reporters_of(db, *db.scalars(parts))


def _problems(db: Session, entry: Entry, field: str) -> list[ProjectNote]:
    found = [db.get_one(ProjectNote, row.id) for row in _rows(entry, ProjectNote.__tablename__, field)]
    return [note for note in found if note.kind == "problem"]


def _key(problem: ProjectNote) -> str:
    return f"{texts.PROJECT_PROBLEM.code}:{problem.id}"


def _rows(entry: Entry, table: str, field: str) -> Iterable[Row]:
    """The rows of a table in which the entry has given a field a value."""
    return [row for row in entry.rows if row.table == table and row.op != "delete" and field in row.fields]
