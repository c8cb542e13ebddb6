"""What a paper calls units and projects; only open projects are named where it goes from hand to hand."""

from pydantic import BaseModel, Field
from sqlalchemy import Connection, select

from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.figures.sources import FROM_DAY, SOURCES, TO_DAY
from app.identity.units.queries import terms
from app.kernel.calendar import Period
from app.kernel.money import format_yuan


class UnitName(BaseModel):
    """A unit under the name it had on the last day of the period."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="单位名称（期间最后一天）", examples=["区经济信息委"])


class Named(BaseModel):
    """A project that was signed or started in the period."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["防眩光玻璃"])
    on: str = Field(description="计入日期", examples=["2020-08-18"])
    amount: str = Field(description="首份正式合同金额（元）", examples=["120000000.00"])
    unit: str | None = Field(description="责任单位", examples=["区经济信息委"])


class NamedList(BaseModel):
    """The projects behind a count: the open ones by name, the others only counted."""

    items: list[Named] = Field(description="公开项目")
    withheld: int = Field(description="另有多少个计入而不列名的项目（内部或密封）", examples=[0])


def named(connection: Connection, source: str, period: Period) -> NamedList:
    """The open projects of a source (`signings`, `starts`) by name, the others counted."""
    of = SOURCES[source]
    term = terms(period.end).subquery()
    rows = connection.execute(
        select(
            Project.code, Project.name, of.event.label("day"), of.amount.label("fen"), Project.confidentiality,
            term.c.name.label("unit"),
        )
        .select_from(of.table)
        .outerjoin(term, term.c.unit_id == Project.unit_id)
        .where(*of.where)
        .order_by(of.event, Project.code),
        {FROM_DAY.key: period.start, TO_DAY.key: period.end},
    ).all()  # fmt: skip
    open_ones = [row for row in rows if row.confidentiality is Confidentiality.OPEN]
    return NamedList(
        items=[
            Named(project=row.code, name=row.name, on=row.day.isoformat(), amount=format_yuan(row.fen), unit=row.unit)
            for row in open_ones
        ],
        withheld=len(rows) - len(open_ones),
    )
