"""One project with everything that hangs on it."""

from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise
from app.facts.projects import queries
from app.facts.projects.models import (
    Project,
    ProjectAlias,
    ProjectEnterprise,
    ProjectGrant,
    ProjectNote,
    ProjectPlan,
    ProjectUnit,
)
from app.facts.projects.rules import SCALE, is_large
from app.facts.projects.terms import STAGES, EnterpriseRole, UnitRole
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.codes import check_project_code
from app.kernel.db import Id
from app.kernel.paging import EVERYTHING, Sight
from app.kernel.replies import Answer
from app.kernel.statements import Statement

_record: Any = (
    select(
        Project.code,
        Project.name,
        Project.kind,
        Project.stage,
        Project.status,
        Project.confidentiality,
        Project.sector,
        Project.chain,
        Project.channel,
        Project.origin_region,
        Project.park,
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        Project.officer,
        Project.leader,
        Project.enterprise_id,
        Enterprise.name.label("enterprise"),
        Enterprise.ownership,
        Project.investment_fen.label("investment"),
        Project.contract_fen.label("contract_amount"),
        Project.funds_fen.label("funds_arrived"),
        Project.signed_on,
        Project.started_on,
        Project.changed_at,
        Project.industry,
        Project.industry_edition,
        Project.sector_reason,
        Project.place,
        Project.longitude,
        Project.latitude,
        Project.land_mu,
        Project.jobs,
        Project.output_fen.label("output"),
        Project.tax_fen.label("tax"),
        Project.national_code,
        Project.problem,
        Project.note,
        Project.lead_on,
        Project.talk_on,
        Project.framework_on,
        Project.registered_on,
        Project.approved_on,
        Project.land_on,
        Project.completed_on,
        Project.production_on,
        Project.full_capacity_on,
        Project.first_formal_fen.label("first_formal_amount"),
        Project.framework_fen.label("framework_amount"),
        Project.tracked_from,
        Project.archived_on,
        Project.paused_on,
        Project.ended_on,
        Project.imported,
        Project.version,
        # Not for the answer: they go no further than `_detail`.
        Project.id,
        Project.first_formal_fen,
    )
    .select_from(Project)
    .outerjoin(Unit, Unit.id == Project.unit_id)
    .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
    .where(Project.code == bindparam("code", type_=Project.code.type))
)
_records: dict[str, Statement] = {}

_project = bindparam("project", type_=Id)

_aliases = Statement(
    select(ProjectAlias.id, ProjectAlias.alias)
    .where(ProjectAlias.project_id == _project)
    .order_by(ProjectAlias.id)
)  # fmt: skip

_enterprises = Statement(
    select(
        ProjectEnterprise.id,
        ProjectEnterprise.enterprise_id,
        Enterprise.name,
        Enterprise.uscc,
        ProjectEnterprise.role,
    )
    .join(Enterprise, Enterprise.id == ProjectEnterprise.enterprise_id)
    .where(ProjectEnterprise.project_id == _project)
    .order_by(ProjectEnterprise.id)
)

_units = Statement(
    select(
        Unit.code.label("unit"),
        Unit.name,
        ProjectUnit.role,
        ProjectUnit.valid_from,
        ProjectUnit.valid_to,
    )
    .join(Unit, Unit.id == ProjectUnit.unit_id)
    .where(ProjectUnit.project_id == _project)
    # Those of today first, the responsible one leading; then the past, newest first.
    .order_by(
        ProjectUnit.valid_to.is_not(None),
        case((ProjectUnit.role == UnitRole.RESPONSIBLE.value, 0), else_=1),
        ProjectUnit.valid_from.desc(),
        ProjectUnit.id,
    )
)

_plans = Statement(select(ProjectPlan.stage, ProjectPlan.planned_on).where(ProjectPlan.project_id == _project))

_notes = Statement(
    select(
        ProjectNote.kind,
        ProjectNote.solved_on,
        ProjectNote.id,
        ProjectNote.text,
        ProjectNote.at,
        ProjectNote.by_name,
    )
    .where(ProjectNote.project_id == _project)
    .order_by(ProjectNote.id.desc())
)

_grants = Statement(
    select(
        User.login.label("user"),
        User.name.label("user_name"),
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        ProjectGrant.source,
    )
    .select_from(ProjectGrant)
    .outerjoin(User, User.id == ProjectGrant.user_id)
    .outerjoin(Unit, Unit.id == ProjectGrant.unit_id)
    .where(ProjectGrant.project_id == _project)
    .order_by(func.coalesce(User.login, ""), func.coalesce(Unit.code, ""), ProjectGrant.id)
)


def one(connection: Connection, actor: Actor, code: str) -> Answer:
    """The project under this code, if the actor may see it; 404 otherwise."""
    found = _detail(connection, queries.sight(actor), code, with_grants=actor.sees_all)
    return Answer(found, row_version=found["version"])


def saved_one(db: Session, actor: Actor, code: str, more_warnings: list[str] | None = None) -> dict[str, Any]:
    """The same within the transaction that has just changed it, with what the change itself has to say."""
    db.flush()
    found = _detail(db.connection(), EVERYTHING, code, with_grants=actor.sees_all)
    found["warnings"] = [*(more_warnings or []), *found["warnings"]]
    return found


def _detail(connection: Connection, sight: Sight, code: str, *, with_grants: bool) -> dict[str, Any]:
    statement = _records.get(sight.shape)
    if statement is None:
        query = _record if sight.condition is None else _record.where(sight.condition)
        statement = _records[sight.shape] = Statement(query)
    rows = statement.rows(connection, {**sight.values, "code": code})
    if not rows:
        raise queries.NoProject
    spelled = statement.spelled(connection, rows)[0]
    *_, number, first_formal_fen = rows[0]
    # The last two are for us; `strict` would not let them go.
    found: dict[str, Any] = dict(zip(statement.names[:-2], spelled, strict=False))
    found["large"] = first_formal_fen is not None and is_large(
        first_formal_fen, rules.in_force(connection, SCALE, calendar.today()).body
    )
    found["aliases"] = _children(connection, _aliases, number)
    found["enterprises"] = _children(connection, _enterprises, number)
    for part in found["enterprises"]:
        investor = part["role"] == EnterpriseRole.INVESTOR
        part["main"] = investor and part["enterprise_id"] == found["enterprise_id"]
    found["units"] = _children(connection, _units, number)
    found["plans"] = sorted(_children(connection, _plans, number), key=lambda plan: STAGES.index(plan["stage"]))
    found["notes"], found["problems"] = [], []
    for remark in _children(connection, _notes, number):
        if remark.pop("kind") == "problem":
            found["problems"].append(remark)
        else:
            del remark["solved_on"]
            found["notes"].append(remark)
    found["problems"].sort(key=lambda problem: problem["solved_on"] is not None)
    found["grants"] = _children(connection, _grants, number) if with_grants else None
    found["warnings"] = _warnings(found)
    return found


def _children(connection: Connection, statement: Statement, number: int) -> list[dict[str, Any]]:
    rows = statement.rows(connection, {"project": number})
    return [dict(zip(statement.names, row, strict=True)) for row in statement.spelled(connection, rows)]


def _warnings(found: dict[str, Any]) -> list[str]:
    warnings = []
    if found["national_code"] is not None:
        warnings += check_project_code(found["national_code"], district=found["code"][:6])[1]
    if found["industry"] is None and found["sector_reason"] is None:
        warnings.append("尚无行业代码，产业类别按项目类型推定")
    return warnings
