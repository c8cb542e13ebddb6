"""Gates that are nearly complete: the next one asks for several things, and one of them is missing."""

from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, and_, null, select

from app.facts.attention.matters import OF_PROJECTS, Matter, listing, rows_of_projects
from app.facts.attention.rules import AttentionRule
from app.facts.attention.schemas import AttentionKind
from app.facts.pipeline.gates import judging
from app.facts.pipeline.gates.judging import Facts
from app.facts.pipeline.gates.presence import lacking, next_gate
from app.facts.pipeline.gates.rules import GATES, GateRule
from app.facts.projects.models import Project
from app.facts.projects.terms import Status
from app.kernel import rules

_LISTING = listing(
    AttentionKind.GATE, rows_of_projects(Project.__table__.c.changed_at, null()), Project.id, Project.changed_at
)


def near_gate(connection: Connection, rule: AttentionRule, today: date) -> Matter:
    """Projects whose next gate lacks one thing, as the gates of today judge them."""
    body = rules.in_force(connection, GATES, today).body
    return _matter(body.model_dump_json(), today, rule.near_gate_from)


@lru_cache(maxsize=8)
def _matter(written: str, today: date, at_least: int) -> Matter:
    """The same for a rule as it is written: two databases may call different ones by one number."""
    rule = GateRule.model_validate_json(written)

    def complete(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
        project = connection.execute(select(Project.__table__).where(Project.code == row["project"])).one()
        stage = next_gate(rule, project.kind, project.stage)
        asked = [] if stage is None else judging.judge(rule, Facts(connection, project), stage, today)
        item = next(iter(judging.missing(asked)), None)
        # Somebody may have handed it in since the list was asked.
        said = {"missing": None, "what": "已补齐"} if item is None else {"missing": item.code, "what": item.message}
        return row | {"planned_stage": stage, **said}

    return Matter(
        AttentionKind.GATE,
        _LISTING,
        and_(Project.status == Status.ACTIVE, Project.archived_on.is_(None), lacking(rule, today, at_least) == 1),
        lambda *_: {},
        lambda *_: 0,
        "距{planned}只差一项：{what}",
        OF_PROJECTS,
        shape=f"{sha256(written.encode()).hexdigest()} {today} {at_least}",
        complete=complete,
    )
