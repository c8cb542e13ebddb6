"""The gates of a project as they are seen: what each asks, what is there, who let it pass without."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from app.facts.pipeline.gates import judging
from app.facts.pipeline.gates.judging import Facts, Item
from app.facts.pipeline.gates.rules import GATES, GateRule
from app.facts.pipeline.gates.schemas import GateQuery
from app.facts.pipeline.gates.terms import StageState
from app.facts.pipeline.models import GateOverride, Move
from app.facts.projects import queries as projects
from app.facts.projects.terms import STAGE_LABELS, STAGES, Stage
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.replies import Answer
from app.kernel.rules import InForce
from app.kernel.statements import Statement

_COLUMNS = (
    GateOverride.id,
    GateOverride.stage,
    GateOverride.happened_on,
    GateOverride.state,
    GateOverride.reason,
    GateOverride.missing,
    GateOverride.rule,
    GateOverride.requested_at,
    GateOverride.requested_by_name.label("requested_by"),
    GateOverride.decided_at,
    GateOverride.decided_by_name.label("decided_by"),
    GateOverride.decision,
    GateOverride.move_id.label("move"),
)
_of_project = Statement(
    select(*_COLUMNS).where(GateOverride.project_id == bindparam("project")).order_by(GateOverride.id)
)
_one = Statement(select(*_COLUMNS).where(GateOverride.id == bindparam("override")))


def overrides_of(connection: Connection, project_id: int) -> list[dict[str, Any]]:
    """All requests to pass a closed gate of a project, in the order they were made."""
    return _of_project.lines(connection, _of_project.rows(connection, {"project": project_id}))


def out(db: Session, override: GateOverride) -> dict[str, Any]:
    """One such request, as it is listed."""
    connection = db.connection()
    return _one.lines(connection, _one.rows(connection, {"override": override.id}))[0]


def of_project(connection: Connection, actor: Actor, code: str, q: GateQuery) -> Answer:
    """All gates of a project the actor may see, under its row version; those ahead as of a day."""
    project = projects.get(connection, actor, code)
    on = q.on or calendar.today()
    versions = rules.versions(connection, GATES)
    ruling = rules.ruling(versions, on)
    view = _View(connection, project, versions, on)
    stages = [view.gate(stage) for stage in STAGES]
    waiting: list[Stage] = []
    for gate in stages:
        stage: Stage = gate["stage"]
        if gate["state"] not in (StageState.AHEAD, StageState.SKIPPED):
            continue
        gate["waits_for"] = list(waiting)
        gate["open"] = gate["missing"] == 0 and not waiting
        if gate["missing"] and gate["state"] is StageState.AHEAD and not gate["may_skip"]:
            waiting.append(stage)
    data = {
        "project": project.code,
        "kind": project.kind,
        "stage": project.stage,
        "imported": view.imported_to is not None,
        "gaps": sum(gate["missing"] for gate in stages if gate["stage"].order <= project.stage.order),
        "as_of": on,
        "rule": _named(ruling),
        "stages": stages,
    }
    return Answer(data, row_version=project.version)


def _named(ruling: InForce[GateRule]) -> str:
    return f"{GATES.code}/{ruling.number}"


class _View:
    """A project with what its gates are judged by."""

    def __init__(self, connection: Connection, project: Any, versions: list[InForce[GateRule]], on: date) -> None:
        self.project, self.versions, self.on = project, versions, on
        self.facts = Facts(connection, project)
        self.imported_to = _imported_to(connection, project)
        self.overrides = overrides_of(connection, project.id)

    def gate(self, stage: Stage) -> dict[str, Any]:
        here: Stage = self.project.stage
        happened_on: date | None = getattr(self.project, stage.column)
        day = self.on if stage.order > here.order else self._day_of(stage)
        ruling = rules.ruling(self.versions, day)
        known = stage in ruling.body.kinds[self.project.kind]
        if stage.order > here.order:
            state = StageState.AHEAD if known else StageState.SKIPPED
        elif stage is here:
            state = StageState.CURRENT
        elif happened_on is not None:
            state = StageState.REACHED
        else:
            state = StageState.PASSED_OVER if known else StageState.SKIPPED
        asked: list[Item] = []
        if state is not StageState.SKIPPED or stage.order > here.order:
            asked = judging.judge(ruling.body, self.facts, stage, day)
        if state is StageState.AHEAD:
            asked += judging.papers_needed(self.facts, stage, asked)
        passed_over = state is StageState.PASSED_OVER and stage in ruling.body.may_skip
        missing = 0 if passed_over else len(judging.missing(asked))
        return {
            "stage": stage,
            "label": STAGE_LABELS[stage],
            "state": state,
            "happened_on": happened_on,
            "may_skip": stage in ruling.body.may_skip,
            "open": missing == 0,
            "imported": self.imported_to is not None and stage.order <= self.imported_to.order,
            "judged_on": day,
            "rule": _named(ruling),
            "required": [] if passed_over else [_item(item) for item in asked],
            "missing": missing,
            "waits_for": [],
            "overrides": [one for one in self.overrides if one["stage"] == stage],
        }

    def _day_of(self, stage: Stage) -> date:
        """When a stage was reached; one that was passed over was judged on the day of the stage after it."""
        for later in STAGES[stage.order : self.project.stage.order + 1]:
            day: date | None = getattr(self.project, later.column)
            if day is not None:
                return day
        return calendar.today()


def _item(item: Item) -> dict[str, Any]:
    return {
        "code": item.code,
        "type": item.type,
        "label": item.label,
        "asked_from": item.asked_from,
        "present": item.lack is None,
        "lack": item.lack,
        "message": item.message,
        "how": item.how,
    }


def _imported_to(connection: Connection, project: Any) -> Stage | None:
    """The furthest stage that came with a ledger; None where nothing did."""
    reached = connection.execute(
        select(Move.to_stage).where(Move.project_id == project.id, Move.imported.is_(True))
    ).scalars()
    furthest = max(reached, key=lambda stage: stage.order, default=None)
    if furthest is not None or not project.imported:
        return furthest
    first = connection.execute(
        select(Move.from_stage).where(Move.project_id == project.id).order_by(Move.id).limit(1)
    ).scalar()
    return first or project.stage
