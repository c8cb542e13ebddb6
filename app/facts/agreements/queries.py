"""A project's papers as they are seen."""

from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.projects import queries as projects
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
from app.kernel.replies import Answer
from app.kernel.statements import Statement


class NoAgreement(NotFound):
    message = "该项目没有这份合同或协议"
    english = "The project has no such agreement."


_COLUMNS = (
    Agreement.id,
    Agreement.type,
    Agreement.number,
    Agreement.signed_on,
    Agreement.deferred_to,
    Agreement.amount_fen.label("amount"),
    Agreement.increment_fen.label("increment"),
    Agreement.counted_fen.label("counted_amount"),
    Agreement.first_formal,
    Agreement.parties,
    Agreement.note,
    Agreement.imported,
    Agreement.voided_reason,
)
_of_project = Statement(
    select(*_COLUMNS).where(Agreement.project_id == bindparam("project")).order_by(Agreement.signed_on, Agreement.id)
)
_one = Statement(select(*_COLUMNS).where(Agreement.id == bindparam("agreement")))


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """All papers of a project the actor may see, under the project's row version."""
    project = projects.get(connection, actor, code)
    rows = _of_project.rows(connection, {"project": project.id})
    items = [dict(zip(_of_project.names, row, strict=True)) for row in _of_project.spelled(connection, rows)]
    data = {
        "items": items,
        "signed_on": project.signed_on,
        "contract_amount": format_yuan(project.contract_fen),
        "framework_amount": format_yuan(project.framework_fen),
    }
    return Answer(data, row_version=project.version)


def out(db: Session, agreement: Agreement) -> dict[str, Any]:
    """One paper, as its list shows it."""
    connection = db.connection()
    rows = _one.rows(connection, {"agreement": agreement.id})
    return dict(zip(_one.names, _one.spelled(connection, rows)[0], strict=True))


def standing(db: Session, project_id: int) -> list[Agreement]:
    """The papers of a project that were not voided, in the order they were recorded."""
    return list(
        db.scalars(
            select(Agreement)
            .where(Agreement.project_id == project_id, Agreement.voided_reason.is_(None))
            .order_by(Agreement.id)
        )
    )


def get(db: Session, project_id: int, number: int) -> Agreement:
    """The paper with this number among those of the project; else 404."""
    found = db.get(Agreement, number)
    if found is None or found.project_id != project_id:
        raise NoAgreement
    return found
