"""How a project enters the database: its code, its record, what hangs on it from the first day."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import case, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.facts.projects import parts, queries, service, units
from app.facts.projects.models import CodeSerial, Project, ProjectAlias
from app.facts.projects.schemas import ProjectIn
from app.facts.projects.terms import Stage, Status
from app.identity.periods.closures import hold
from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid
from app.kernel.names import squash

DISTRICT = "500114"
"""Whose projects these are, for callers that have no settings at hand."""

CODE = re.compile(r"([0-9]{6}-[0-9]{4})-([0-9]{4,6})")


class CodeTaken(Conflict):
    code = "code_taken"
    message = "项目编号已被使用"
    english = "This project code is taken."


def next_code(db: Session, district: str, year: int) -> str:
    """A code nobody has had: `500114-2020-0046`. Its serial is locked until the commit, so that none is lost."""
    return next_codes(db, district, year, 1)[0]


def next_codes(db: Session, district: str, year: int, count: int) -> list[str]:
    """So many codes in a row."""
    prefix = f"{district}-{year}"
    last = _serial(db, prefix, count=count)
    return [f"{prefix}-{serial:04d}" for serial in range(last - count + 1, last + 1)]


def reserve_code(db: Session, code: str) -> None:
    """Take a code that comes with an imported project; those given later go on after it."""
    if not CODE.fullmatch(code):
        raise Invalid.field("code", "code", "项目编号形如 500114-2020-0046")
    if db.scalars(select(Project.id).where(Project.code == code)).first() is not None:
        raise CodeTaken
    pass_codes(db, [code])


def pass_codes(db: Session, codes: Iterable[str]) -> None:
    """Codes of our form are taken: those given later go on after them."""
    highest: dict[str, int] = {}
    for code in codes:
        found = CODE.fullmatch(code)
        if found:
            highest[found[1]] = max(highest.get(found[1], 0), int(found[2]))
    for prefix in sorted(highest):
        _serial(db, prefix, at_least=highest[prefix])


def _serial(db: Session, prefix: str, *, at_least: int | None = None, count: int = 1) -> int:
    """Raise the last serial of a prefix by `count`, or to `at_least`; the serial it then has."""
    insert: Any = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    last = CodeSerial.__table__.c.last
    raised = last + count if at_least is None else case((last < at_least, at_least), else_=last)
    statement = insert(CodeSerial).values(prefix=prefix, last=count if at_least is None else at_least)
    statement = statement.on_conflict_do_update(index_elements=["prefix"], set_={"last": raised}).returning(last)
    return int(db.execute(statement).scalar_one())


def create(
    db: Session,
    actor: Actor,
    body: ProjectIn,
    *,
    district: str = DISTRICT,
    code: str | None = None,
    imported: bool = False,
) -> Project:
    """A new project, as a lead. `code` and `imported` are for ledgers, which bring their own codes and history."""
    if not actor.may(Permission.PROJECT_CREATE):
        raise Forbidden
    hold(db).check_standing(body.tracked_from)
    responsible = units.ids_of(db, [body.unit], "unit")[body.unit] if body.unit is not None else None
    cooperating = list(units.ids_of(db, body.cooperating, "cooperating").values())
    if code is None:
        code = next_code(db, district, body.tracked_from.year)
    else:
        reserve_code(db, code)
    project = Project(
        code=code,
        name=body.name,
        squashed="",
        pinyin="",
        search="",
        kind=body.kind,
        stage=Stage.LEAD,
        status=Status.ACTIVE,
        confidentiality=body.confidentiality,
        sight=service.sight_from(
            body.confidentiality, cooperating if responsible is None else {*cooperating, responsible}, ()
        ),
        unit_id=responsible,
        lead_on=body.lead_on,
        tracked_from=body.tracked_from,
        imported=imported,
        changed_at=calendar.now(),
    )
    service.fill(project, body)
    service.settle_sector(db, project, body)
    db.add(project)
    db.flush()
    service.plan_stages(db, project, body.plans)
    # Nothing happens to a project before somebody hears of it: whose it is, it is from then on.
    units.assign(db, project, responsible, cooperating, min(body.lead_on, body.tracked_from))
    for place, enterprise in enumerate(body.enterprises):
        parts.take_part(db, project, enterprise, f"enterprises.{place}.enterprise_id")
    for alias in body.aliases:
        parts.name_also(db, project, alias.alias)
    service.refresh_search(db, project)
    return project


class SameName(Conflict):
    code = "same_name"
    message = "已有同名项目；确为另一项目的，请以 accept_same_name 为 true 再次提交"
    english = "There is a project of this name. If yours is another one, send it again with accept_same_name true."


def register(db: Session, actor: Actor, body: ProjectIn, *, district: str) -> tuple[Project, list[str]]:
    """A new project typed in by somebody, and what there is to say about it.

    409 `same_name` when a project has its name already, unless the sender knows: two records of one project are
    counted twice. Of two that are sent at once the later one meets the earlier: codes of a year are given in turn.
    """
    project = create(db, actor, body, district=district)
    others = namesakes(db, actor, project)
    if others and not body.accept_same_name:
        raise SameName(
            f"{others[0]}；确为另一项目的，请以 accept_same_name 为 true 再次提交",
            SameName.english,
            errors=[FieldError(field="name", code=SameName.code, message=other) for other in others],
        )
    return project, others


def namesakes(db: Session, actor: Actor, project: Project) -> list[str]:
    """Which other projects have the name of this one, as theirs or as an alias, among those the actor may see."""
    plain = squash(project.name)
    alias = select(ProjectAlias.project_id).where(ProjectAlias.squashed == plain)
    rows = db.execute(
        select(Project.code, Project.name)
        .where(or_(Project.squashed == plain, Project.id.in_(alias)), Project.id != project.id, queries.visible(actor))
        .order_by(Project.code)
        .limit(5)
    )
    return [f"与项目 {row.code}「{row.name}」同名" for row in rows]
