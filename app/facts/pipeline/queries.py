"""The way a project has come, as it is seen."""

from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from app.facts.pipeline.gates.queries import overrides_of
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
    items = _told(connection, project.id, _of_project, {"project": project.id})
    return Answer({"items": items, "stage": project.stage}, row_version=project.version)


def out(db: Session, move: Move) -> dict[str, Any]:
    """One move, as its list shows it."""
    return _told(db.connection(), move.project_id, _one, {"move": move.id})[0]


def _told(connection: Connection, project_id: int, statement: Statement, given: dict[str, Any]) -> list[dict[str, Any]]:
    used = {override["move"]: override for override in overrides_of(connection, project_id)}
    moves = statement.lines(connection, statement.rows(connection, given))
    return [move | {"override": used.get(move["id"])} for move in moves]
