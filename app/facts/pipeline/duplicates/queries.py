"""What is suspected to be the same project, and what was answered: to each what he may see."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session, aliased

from app.facts.enterprises.models import Enterprise
from app.facts.pipeline.duplicates.rules import DUPLICATES
from app.facts.pipeline.duplicates.suspects import Suspect, suspects
from app.facts.pipeline.models import DuplicateAnswer
from app.facts.projects import queries as projects
from app.facts.projects.models import Project
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.db import instant_text
from app.kernel.money import format_yuan
from app.kernel.replies import Answer


def newest(db: Session | Connection, project_id: int) -> dict[int, Any]:
    """The newest answer about the project and each other one: other → row."""
    rows = db.execute(
        select(DuplicateAnswer.__table__)
        .where(or_(DuplicateAnswer.project_id == project_id, DuplicateAnswer.other_id == project_id))
        .order_by(DuplicateAnswer.id)
    )
    return {row.other_id if row.project_id == project_id else row.project_id: row for row in rows}


def settles(answer: Any, suspect: Suspect) -> bool:
    """Does an answer hold for what is suspected now? Who was asked about a name was not asked about an owner."""
    return answer is not None and set(suspect.suspicions) <= set(answer.suspicions)


def seen(db: Session | Connection, actor: Actor, ids: Iterable[int]) -> dict[int, Any]:
    """Of these projects those that the actor may see, as they are shown."""
    rows = db.execute(
        select(
            Project.id, Project.code, Project.name, Project.stage, Project.status, Project.place, Project.signed_on,
            Project.contract_fen, Unit.name.label("unit_name"), Enterprise.name.label("enterprise"),
        )
        .outerjoin(Unit, Unit.id == Project.unit_id)
        .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
        .where(Project.id.in_(list(ids)), projects.visible(actor))
    )  # fmt: skip
    return {row.id: row for row in rows}


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """What may be the same as a project the actor may see, the likeliest first."""
    project = projects.get(connection, actor, code)
    ruling = rules.in_force(connection, DUPLICATES, calendar.today())
    found = suspects(connection, project, ruling.body)
    answers = newest(connection, project.id)
    same = {other for other, answer in answers.items() if answer.same}
    shown = seen(connection, actor, [one.project_id for one in found])
    given = {one["id"]: one for one in _told(connection, actor, project.id)[0]}
    items = []
    for one in found:
        row = shown.get(one.project_id)
        if row is None:
            continue
        answer = answers.get(one.project_id)
        items.append(
            {
                "project": row.code,
                "name": row.name,
                "stage": row.stage,
                "status": row.status,
                "unit_name": row.unit_name,
                "enterprise": row.enterprise,
                "place": row.place,
                "signed_on": row.signed_on,
                "contract_amount": format_yuan(row.contract_fen),
                "suspicions": one.suspicions,
                "score": one.score,
                "answered": settles(answer, one),
                "answer": None if answer is None else given[answer.id],
            }
        )
    data = {
        "items": items,
        "withheld": len(found) - len(items),
        "unanswered": sum(not settles(answers.get(one.project_id), one) for one in found),
        "same": len(same),
        "rule": f"{DUPLICATES.code}/{ruling.number}",
    }
    return Answer(data, row_version=project.version)


def answers_of(connection: Connection, actor: Actor, code: str) -> Answer:
    """All answers about a project the actor may see, whether they were given on it or on the other one."""
    project = projects.get(connection, actor, code)
    items, withheld = _told(connection, actor, project.id)
    return Answer({"items": items, "withheld": withheld}, row_version=project.version)


def out(db: Session, actor: Actor, project: Project, ids: Iterable[int]) -> dict[str, Any]:
    """The answers that were just given."""
    wanted = set(ids)
    return {"items": [one for one in _told(db, actor, project.id)[0] if one["id"] in wanted], "withheld": 0}


def _told(db: Session | Connection, actor: Actor, project_id: int) -> tuple[list[dict[str, Any]], int]:
    """The answers about a project of which the actor may see the other one, and how many there are besides."""
    on, about = aliased(Project), aliased(Project)
    rows = db.execute(
        select(DuplicateAnswer.__table__, on.code.label("on_code"), on.name.label("on_name"),
               about.code.label("about_code"), about.name.label("about_name"))
        .join(on, on.id == DuplicateAnswer.project_id)
        .join(about, about.id == DuplicateAnswer.other_id)
        .where(or_(DuplicateAnswer.project_id == project_id, DuplicateAnswer.other_id == project_id))
        .order_by(DuplicateAnswer.id)
    ).all()  # fmt: skip
    others = {row.id: row.other_id if row.project_id == project_id else row.project_id for row in rows}
    query = select(Project.id).where(Project.id.in_(set(others.values())), projects.visible(actor))
    visible = set(db.execute(query).scalars())
    items = []
    for row in rows:
        if others[row.id] not in visible:
            continue
        here = row.project_id == project_id
        items.append(
            {
                "id": row.id,
                "project": row.about_code if here else row.on_code,
                "name": row.about_name if here else row.on_name,
                "given_on": row.on_code,
                "same": row.same,
                "why": row.why,
                "suspicions": row.suspicions,
                "answered_at": instant_text(row.answered_at),
                "answered_by": row.answered_by_name,
            }
        )
    return items, len(rows) - len(items)
