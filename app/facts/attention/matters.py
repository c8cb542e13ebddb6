"""The kinds of matters: which projects and follow-ups they are, since when, and how that is said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, FromClause, Select, and_, bindparam, case, join, null, select

from app.facts.attention.rules import AttentionRule
from app.facts.attention.schemas import AttentionFilter, AttentionKind
from app.facts.engagements.follow_up_queries import OVERDUE, TODAY
from app.facts.engagements.models import Engagement, FollowUp
from app.facts.projects.models import Project, ProjectPlan
from app.facts.projects.terms import STAGE_LABELS, STAGES, Stage, Status
from app.identity.units.models import Unit
from app.kernel.calendar import day_of
from app.kernel.db import Instant
from app.kernel.paging import Listing, Where

NEVER_STALE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Whose:
    """Of which unit and officer the rows of a table are."""

    table: FromClause
    unit_id: ColumnElement[Any]
    officer: ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Matter:
    """One kind: its list, the condition that makes a row belong to it, and what its rows say.

    `values` binds what the rule sets; `allowed` is what it allows a row, `why` the row in words. `whose` counts rows by
    unit and officer. Of projects only those are told that the actor may see. Where the condition itself follows from a
    rule, `shape` names its version; `complete` finds out what the row of the database does not say.
    """

    kind: AttentionKind
    listing: Listing
    condition: ColumnElement[bool]
    values: Callable[[AttentionRule, date], Mapping[str, Any]]
    allowed: Callable[[AttentionRule, Any], int]
    why: str
    whose: Whose
    of_projects: bool = True
    shape: str = ""
    complete: Callable[[Connection, dict[str, Any]], dict[str, Any]] = lambda _, row: row | {"missing": None}

    def told(self, row: dict[str, Any], rule: AttentionRule, today: date) -> dict[str, Any]:
        """A row of the list, finished: days, limit and reason."""
        since = _day(row["since"])
        stage, planned = row["stage"], row["planned_stage"]
        days, allowed = (today - since).days, self.allowed(rule, Stage(stage) if stage else None)
        why = self.why.format(
            stage=STAGE_LABELS[Stage(stage)] if stage else "", days=days, allowed=allowed, since=since.isoformat(),
            planned=STAGE_LABELS[Stage(planned)] if planned else "", what=row["what"],
        )  # fmt: skip
        told = {name: value for name, value in row.items() if name != "what"}
        return told | {"since": since, "days": days, "allowed": allowed, "why": why}


def _day(value: Any) -> date:
    """A column's day: drivers give days and instants, or their text."""
    if isinstance(value, str):
        return day_of(datetime.fromisoformat(value)) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return day_of(value)
    assert isinstance(value, date)
    return value


def rows_of_projects(since: ColumnElement[Any], planned_stage: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Project.code.label("project"),
            Project.name,
            Project.stage,
            Project.status,
            Unit.code.label("unit"),
            Unit.name.label("unit_name"),
            Project.officer,
            planned_stage.label("planned_stage"),
            since.label("since"),
            null().label("engagement"),
            null().label("follow_up"),
            null().label("what"),
        )
        .select_from(Project)
        .outerjoin(Unit, Unit.id == Project.unit_id)
    )


_PROJECT, _PLAN, _FOLLOW_UP = Project.__table__, ProjectPlan.__table__, FollowUp.__table__
OF_PROJECTS = Whose(_PROJECT, _PROJECT.c.unit_id, _PROJECT.c.officer)
OF_PLANS = Whose(join(_PROJECT, _PLAN, _PLAN.c.project_id == _PROJECT.c.id), _PROJECT.c.unit_id, _PROJECT.c.officer)
OF_FOLLOW_UPS = Whose(
    join(_FOLLOW_UP, Engagement.__table__, Engagement.id == FollowUp.engagement_id), _FOLLOW_UP.c.unit_id,
    _FOLLOW_UP.c.person,
)  # fmt: skip


def _filters(whose: Whose) -> Mapping[str, Where]:
    def unit(code: ColumnElement[Any]) -> ColumnElement[bool]:
        # By its number, so that the index over units serves; the join for the name comes later.
        return whose.unit_id == select(Unit.id).where(Unit.code == code).scalar_subquery()

    return {"unit": Where(unit), "officer": Where(lambda name: whose.officer == name)}


def listing(
    kind: AttentionKind, rows: Select[*tuple[Any, ...]], key: Any, since: Any, whose: Whose = OF_PROJECTS
) -> Listing:
    return Listing(
        name=f"attention_{kind}",
        asked=AttentionFilter,
        source=rows,
        key=key,
        sorts={"since": since},
        filters=_filters(whose),
        default_sort="since",
    )


# -- nobody has touched it -----------------------------------------------------------------------------------------


def _stale_values(rule: AttentionRule, today: date) -> dict[str, Any]:
    limits = {stage: rule.untouched_since(stage, today) or NEVER_STALE for stage in STAGES}
    return {"stale_any": max(limits.values()), **{f"stale_{stage}": limit for stage, limit in limits.items()}}


_limit = case(
    {stage: bindparam(f"stale_{stage}", type_=Instant()) for stage in STAGES}, value=Project.stage, else_=null()
)  # fmt: skip

_STALE = Matter(
    AttentionKind.STALE,
    listing(
        AttentionKind.STALE, rows_of_projects(Project.__table__.c.changed_at, null()), Project.id, Project.changed_at
    ),
    and_(
        Project.status == Status.ACTIVE,
        Project.archived_on.is_(None),
        # The latest of all limits is what an index can be asked for.
        Project.changed_at < bindparam("stale_any", type_=Instant()),
        Project.changed_at < _limit,
    ),
    _stale_values,
    lambda rule, stage: rule.stale_days[stage],
    "{stage}阶段已 {days} 天没有变更或备注（满 {allowed} 天提醒）",
    OF_PROJECTS,
)

# -- a planned date has passed -------------------------------------------------------------------------------------


def _order(stage: Any) -> ColumnElement[int]:
    return case({name: name.order for name in STAGES}, value=stage)


_planned: Any = rows_of_projects(ProjectPlan.__table__.c.planned_on, ProjectPlan.__table__.c.stage)

_LATE = Matter(
    AttentionKind.LATE,
    listing(
        AttentionKind.LATE,
        _planned.join(ProjectPlan, ProjectPlan.project_id == Project.id),
        ProjectPlan.id,
        ProjectPlan.planned_on,
    ),
    and_(
        Project.status == Status.ACTIVE,
        Project.archived_on.is_(None),
        ProjectPlan.planned_on < bindparam("late_before", type_=Date()),
        _order(ProjectPlan.stage) > _order(Project.stage),
    ),
    lambda rule, today: {"late_before": rule.planned_before(today)},
    lambda rule, _stage: rule.plan_grace_days,
    "计划 {since} {planned}，现为{stage}，已逾期 {days} 天",
    OF_PLANS,
)

# -- paused without an end -----------------------------------------------------------------------------------------

_PAUSED = Matter(
    AttentionKind.PAUSED,
    listing(
        AttentionKind.PAUSED, rows_of_projects(Project.__table__.c.paused_on, null()), Project.id, Project.paused_on
    ),
    and_(
        Project.status == Status.PAUSED,
        Project.archived_on.is_(None),
        Project.paused_on <= bindparam("paused_until", type_=Date()),
    ),
    lambda rule, today: {"paused_until": rule.paused_until(today)},
    lambda rule, _stage: rule.paused_days,
    "自 {since} 起暂缓，已 {days} 天（满 {allowed} 天提醒）",
    OF_PROJECTS,
)

# -- what was to come of an engagement has not ---------------------------------------------------------------------

_overdue: Any = (
    select(
        null().label("project"),
        Engagement.title.label("name"),
        null().label("stage"),
        null().label("status"),
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        FollowUp.person.label("officer"),
        null().label("planned_stage"),
        FollowUp.due_on.label("since"),
        FollowUp.engagement_id.label("engagement"),
        FollowUp.id.label("follow_up"),
        FollowUp.what,
    )
    .select_from(OF_FOLLOW_UPS.table)
    .join(Unit, Unit.id == FollowUp.unit_id)
)

_FOLLOW_UPS = Matter(
    AttentionKind.FOLLOW_UP,
    listing(AttentionKind.FOLLOW_UP, _overdue, FollowUp.id, FollowUp.due_on, OF_FOLLOW_UPS),
    and_(OVERDUE, Engagement.voided_at.is_(None)),
    lambda _rule, today: {TODAY.key: today},
    lambda _rule, _stage: 0,
    "应于 {since} 完成，已逾期 {days} 天：{what}",
    OF_FOLLOW_UPS,
    of_projects=False,
)

MATTERS: Mapping[AttentionKind, Matter] = {
    kind: matter for kind in AttentionKind for matter in (_STALE, _LATE, _PAUSED, _FOLLOW_UPS) if matter.kind is kind
}
"""Every kind, in the order in which they are listed."""
