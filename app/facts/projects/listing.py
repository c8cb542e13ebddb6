"""The list of projects: what goes out, what may be filtered and sorted."""

from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, type_coerce

from app.facts.enterprises.models import Enterprise, Ownership
from app.facts.projects import queries
from app.facts.projects.models import NEVER, SIGNED_KEY, STARTED_KEY, Project
from app.facts.projects.rules import SCALE
from app.facts.projects.schemas import Number, Short, Tag, UnitCode
from app.facts.projects.terms import Channel, Confidentiality, Kind, Sector, Stage, Status
from app.identity.units.models import Tier, Unit, UnitTerm
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.calendar import Day, Moment
from app.kernel.db import Fen, Instant
from app.kernel.money import Yuan
from app.kernel.names import LIKE_ESCAPE, like
from app.kernel.paging import Listing, PageQuery, Sight, Where
from app.kernel.text import Line

RegionPrefix = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9](?:[0-9]{2}(?:[0-9]{2})?)?$")]


class ProjectFilter(PageQuery):
    """What the list of projects can be asked; values of one field are alternatives."""

    q: Line | None = Field(
        None, description="名称、别名、企业名称或项目编号的一部分，汉字、拼音或拼音首字母", examples=["玻纤"]
    )
    stage: tuple[Stage, ...] | None = Field(None, description="阶段，可多选")
    status: tuple[Status, ...] | None = Field(None, description="状态，可多选")
    kind: tuple[Kind, ...] | None = Field(None, description="项目类型，可多选")
    sector: tuple[Sector, ...] | None = Field(None, description="产业类别，可多选")
    chain: tuple[Tag, ...] | None = Field(None, description="产业链，可多选")
    channel: tuple[Channel, ...] | None = Field(None, description="招商渠道，可多选")
    park: tuple[Short, ...] | None = Field(None, description="园区，可多选")
    unit: tuple[UnitCode, ...] | None = Field(None, description="责任单位编码，可多选")
    tier: Tier | None = Field(None, description="责任单位今日所属层级")
    enterprise_id: Number | None = Field(None, description="主要投资方的编号")
    ownership: tuple[Ownership, ...] | None = Field(None, description="主要投资方的企业性质，可多选")
    origin_region: RegionPrefix | None = Field(
        None, description="来源地代码的前 2、4 或 6 位；末尾的 00 不计，即 330000 含全省", examples=["33"]
    )
    confidentiality: tuple[Confidentiality, ...] | None = Field(None, description="密级，可多选")
    officer: Short | None = Field(None, description="项目负责人")
    signed_from: Day | None = Field(None, description="签约日期自（含）", examples=["2020-01-01"])
    signed_to: Day | None = Field(None, description="签约日期至（含）", examples=["2020-12-31"])
    started_from: Day | None = Field(None, description="开工日期自（含）", examples=["2020-01-01"])
    started_to: Day | None = Field(None, description="开工日期至（含）", examples=["2020-12-31"])
    amount_min: Yuan | None = Field(None, description="合同引资不少于，元", examples=["100000000.00"])
    amount_max: Yuan | None = Field(None, description="合同引资不多于，元", examples=["500000000.00"])
    large: bool | None = Field(None, description="是否大项目：首份正式合同金额达到现行门槛")
    archived: bool = Field(False, description="true 为只看已归档的；默认只看在库的")
    changed_since: Moment | None = Field(None, description="此刻起有修改的", examples=["2020-09-30T00:00:00Z"])


def _region(code: str) -> str:
    for level in (2, 4):
        if code[level:].strip("0") == "":
            return f"{code[:level]}%"
    return f"{code}%"


def _unit(code: ColumnElement[Any]) -> ColumnElement[bool]:
    # By its number, so that the index over units serves; the join for the name comes later.
    return Project.unit_id == select(Unit.id).where(Unit.code == code).scalar_subquery()


def _fen(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(value, Fen)


def _from(day: ColumnElement[date]) -> Where:
    return Where(lambda value: day >= value)


def _to(day: ColumnElement[date]) -> Where:
    return Where(lambda value: and_(day <= value, day > NEVER))


LISTING = Listing(
    "projects",
    ProjectFilter,
    queries.named(*queries.ROW),
    key=Project.id,  # type: ignore[arg-type]
    sorts={
        "code": Project.code,  # type: ignore[dict-item]
        "name": Project.pinyin,  # type: ignore[dict-item]
        "signed_on": SIGNED_KEY,
        "started_on": STARTED_KEY,
        "contract_amount": Project.contract_fen,  # type: ignore[dict-item]
        "funds_arrived": Project.funds_fen,  # type: ignore[dict-item]
        "changed_at": Project.changed_at,  # type: ignore[dict-item]
    },
    filters={
        "q": Where(lambda value: Project.search.like(value, escape=LIKE_ESCAPE), like),
        "stage": Where(lambda value: Project.stage == value),
        "status": Where(lambda value: Project.status == value),
        "kind": Where(lambda value: Project.kind == value),
        "sector": Where(lambda value: Project.sector == value),
        "chain": Where(lambda value: Project.chain == value),
        "channel": Where(lambda value: Project.channel == value),
        "park": Where(lambda value: Project.park == value),
        "unit": Where(_unit),
        "enterprise_id": Where(lambda value: Project.enterprise_id == value),
        "ownership": Where(lambda value: Enterprise.ownership == value),
        "origin_region": Where(lambda value: Project.origin_region.like(value), _region),
        "confidentiality": Where(lambda value: Project.confidentiality == value),
        "officer": Where(lambda value: Project.officer == value),
        "signed_from": _from(SIGNED_KEY),
        "signed_to": _to(SIGNED_KEY),
        "started_from": _from(STARTED_KEY),
        "started_to": _to(STARTED_KEY),
        "amount_min": Where(lambda value: Project.contract_fen >= _fen(value)),
        "amount_max": Where(lambda value: Project.contract_fen <= _fen(value)),
        "changed_since": Where(lambda value: Project.changed_at >= type_coerce(value, Instant)),
    },
    default_sort="-changed_at",
)


@cache
def _narrowed(
    seen: ColumnElement[bool] | None, archived: bool, large: bool | None, tier: Tier | None
) -> ColumnElement[bool]:
    """What is seen and asked for by the filters that need today or a rule; made once, its values come later."""
    conditions = [] if seen is None else [seen]
    conditions.append(Project.archived_on.is_not(None) if archived else Project.archived_on.is_(None))
    threshold = bindparam("large_from", type_=Fen)
    if large is True:
        conditions.append(Project.first_formal_fen >= threshold)
    if large is False:
        conditions.append(or_(Project.first_formal_fen.is_(None), Project.first_formal_fen < threshold))
    if tier is not None:
        today = bindparam("today", type_=UnitTerm.valid_from.type)
        conditions.append(
            Project.unit_id.in_(
                select(UnitTerm.unit_id).where(
                    UnitTerm.tier == tier,
                    UnitTerm.valid_from <= today,
                    or_(UnitTerm.valid_to.is_(None), UnitTerm.valid_to >= today),
                )
            )
        )
    return and_(*conditions)


def _scope(connection: Connection, actor: Actor, asked: ProjectFilter) -> Sight:
    """What the actor may see, narrowed by the filters that need today or a rule."""
    sight = queries.sight(actor)
    values = dict(sight.values)
    if asked.large is not None:
        values["large_from"] = rules.in_force(connection, SCALE, calendar.today()).body.large_from
    if asked.tier is not None:
        values["today"] = calendar.today()
    shape = f"{sight.shape} archived={asked.archived} large={asked.large} tier={asked.tier}"
    return Sight(shape, _narrowed(sight.condition, asked.archived, asked.large, asked.tier), values)


def page(connection: Connection, actor: Actor, asked: ProjectFilter) -> bytes:
    """A page of the projects the actor may see."""
    return LISTING.page(connection, asked, _scope(connection, actor, asked))


def codes(connection: Connection, actor: Actor, asked: ProjectFilter) -> list[str]:
    """The codes of all projects the actor may see that match, in the asked order (`code` by default); for exports."""
    scope = _scope(connection, actor, asked)
    page = asked.model_copy(update={"limit": 200, "after": None, "count": False, "sort": asked.sort or "code"})
    found: list[str] = []
    while True:
        answer = LISTING.found(connection, page, scope)
        found.extend(row["code"] for row in answer["items"])
        if answer["next"] is None:
            return found
        page = page.model_copy(update={"after": answer["next"]})
