"""The way a project has come, as it is seen."""

from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from app.facts.pipeline.models import Move
from app.facts.projects import queries as projects
from app.kernel.access import Actor
from app.kernel.replies import Answer
from app.kernel.statements import Statement

_COLUMNS = (
    Move.id,
    Move.from_stage.label("from"),
    Move.to_stage.label("to"),
    Move.happened_on,
    Move.reason,
    Move.imported,
    Move.entered_at,
    Move.entered_by_name.label("entered_by"),
)
_of_project = Statement(select(*_COLUMNS).where(Move.project_id == bindparam("project")).order_by(Move.id))
_one = Statement(select(*_COLUMNS).where(Move.id == bindparam("move")))


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """All moves of a project the actor may see, under the project's row version."""
    project = projects.get(connection, actor, code)
    rows = _of_project.rows(connection, {"project": project.id})
    items = [dict(zip(_of_project.names, row, strict=True)) for row in _of_project.spelled(connection, rows)]
    return Answer({"items": items, "stage": project.stage}, row_version=project.version)


def out(db: Session, move: Move) -> dict[str, Any]:
    """One move, as its list shows it."""
    connection = db.connection()
    rows = _one.rows(connection, {"move": move.id})
    return dict(zip(_one.names, _one.spelled(connection, rows)[0], strict=True))
