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
from app.facts.projects.outputs import WarningCode
from app.facts.projects.rules import SCALE, is_large
from app.facts.projects.terms import STAGES, EnterpriseRole, UnitRole
from app.identity.auth.models import User
from app.identity.units.models import Unit
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.codes import check_project_code
from app.kernel.nested import nested, unnest
from app.kernel.paging import EVERYTHING, Sight
from app.kernel.replies import Answer
from app.kernel.statements import Statement

_project = Project.__table__


def _of_project(query: Any, child: Any) -> Any:
    return nested(query.where(child.project_id == Project.id), _project)


_aliases = _of_project(select(ProjectAlias.id, ProjectAlias.alias).order_by(ProjectAlias.id), ProjectAlias)

_enterprises = _of_project(
    select(
        ProjectEnterprise.id,
        ProjectEnterprise.enterprise_id,
        Enterprise.name,
        Enterprise.uscc,
        ProjectEnterprise.role,
    )
    .join(Enterprise, Enterprise.id == ProjectEnterprise.enterprise_id)
    .order_by(ProjectEnterprise.id),
    ProjectEnterprise,
)

_units = _of_project(
    select(
        Unit.code.label("unit"),
        Unit.name,
        ProjectUnit.role,
        ProjectUnit.valid_from,
        ProjectUnit.valid_to,
    )
    .join(Unit, Unit.id == ProjectUnit.unit_id)
    # Those of today first, the responsible one leading; then the past, newest first.
    .order_by(
        ProjectUnit.valid_to.is_not(None),
        case((ProjectUnit.role == UnitRole.RESPONSIBLE.value, 0), else_=1),
        ProjectUnit.valid_from.desc(),
        ProjectUnit.id,
    ),
    ProjectUnit,
)

_plans = _of_project(select(ProjectPlan.stage, ProjectPlan.planned_on), ProjectPlan)

_notes = _of_project(
    select(
        ProjectNote.kind,
        ProjectNote.solved_on,
        ProjectNote.id,
        ProjectNote.text,
        ProjectNote.at,
        ProjectNote.by_name,
    ).order_by(ProjectNote.id.desc()),
    ProjectNote,
)

_grants = _of_project(
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
    .order_by(func.coalesce(User.login, ""), func.coalesce(Unit.code, ""), ProjectGrant.id),
    ProjectGrant,
)

_record: Any = queries.named(
    *queries.ROW,
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
    # As the database keeps them; `_detail` makes of them what goes out.
    Project.first_formal_fen,
    _aliases.label("aliases"),
    _enterprises.label("enterprises"),
    _units.label("units"),
    _plans.label("plans"),
    _notes.label("notes"),
    _grants.label("grants"),
    rules.column(SCALE).label("scale"),
).where(Project.code == bindparam("code", type_=Project.code.type))
_records: dict[str, Statement] = {}


def one(connection: Connection, actor: Actor, code: str) -> Answer:
    """The project under this code, if the actor may see it; 404 otherwise."""
    found = _detail(connection, queries.sight(actor), code, with_grants=actor.sees_all)
    return Answer(found, row_version=found["version"])


def saved_one(db: Session, actor: Actor, code: str, namesakes: list[str] | None = None) -> dict[str, Any]:
    """The same within the transaction that has just changed it; a change of its name tells of others so named."""
    db.flush()
    found = _detail(db.connection(), EVERYTHING, code, with_grants=actor.sees_all)
    same = [_warning(WarningCode.SAME_NAME, text) for text in namesakes or ()]
    found["warnings"] = [*same, *found["warnings"]]
    return found


def _detail(connection: Connection, sight: Sight, code: str, *, with_grants: bool) -> dict[str, Any]:
    statement = _records.get(sight.shape)
    if statement is None:
        query = _record if sight.condition is None else _record.where(sight.condition)
        statement = _records[sight.shape] = Statement(query)
    rows = statement.rows(connection, {**sight.values, "code": code})
    if not rows:
        raise queries.NoProject
    found = statement.lines(connection, rows)[0]
    first_formal_fen = rows[0][statement.names.index("first_formal_fen")]
    del found["first_formal_fen"]
    scale = rules.ruling(rules.versions_in(SCALE, found.pop("scale")), calendar.today())
    found["large"] = is_large(first_formal_fen, scale.body)
    for name in ("aliases", "enterprises", "units", "plans", "notes", "grants"):
        found[name] = unnest(found[name])
    for part in found["enterprises"]:
        investor = part["role"] == EnterpriseRole.INVESTOR
        part["main"] = investor and part["enterprise_id"] == found["enterprise_id"]
    found["plans"].sort(key=lambda plan: STAGES.index(plan["stage"]))
    remarks, found["notes"], found["problems"] = found["notes"], [], []
    for remark in remarks:
        remark["at"] = remark["at"].replace("+00:00", "Z")
        if remark.pop("kind") == "problem":
            found["problems"].append(remark)
        else:
            del remark["solved_on"]
            found["notes"].append(remark)
    found["problems"].sort(key=lambda problem: problem["solved_on"] is not None)
    if not with_grants:
        found["grants"] = None
    found["warnings"] = _warnings(found)
    return found


def _warning(code: WarningCode, message: str) -> dict[str, str]:
    return {"code": code.value, "message": message}


def _warnings(found: dict[str, Any]) -> list[dict[str, str]]:
    warnings = []
    if found["national_code"] is not None:
        odd = check_project_code(found["national_code"], district=found["code"][:6])[1]
        warnings += [_warning(WarningCode.NATIONAL_CODE, text) for text in odd]
    if found["industry"] is None and found["sector_reason"] is None:
        warnings.append(_warning(WarningCode.NO_INDUSTRY, "尚无行业代码，产业类别按项目类型推定"))
    return warnings
