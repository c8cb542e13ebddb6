from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.projects.terms import Stage, Status
from app.kernel.paging import PageQuery
from app.kernel.text import Line

UnitCode = Annotated[Line, StringConstraints(max_length=20)]
Name = Annotated[Line, StringConstraints(max_length=60)]

UNIT = "责任单位编码，可多选"
OFFICER = "项目负责人，或落实事项的责任人"


class AttentionKind(StrEnum):
    """Why a project needs attention; in the order in which they are listed."""

    LATE = "late"
    STALE = "stale"
    PAUSED = "paused"
    FOLLOW_UP = "follow_up"
    GATE = "gate"


KIND_LABELS = {
    AttentionKind.LATE: "计划逾期",
    AttentionKind.STALE: "久未更新",
    AttentionKind.PAUSED: "暂缓过久",
    AttentionKind.FOLLOW_UP: "对接落实逾期",
    AttentionKind.GATE: "关口只差一项",
}
KIND = "种类：late 计划逾期、stale 久未更新、paused 暂缓过久、follow_up 对接落实逾期、gate 下一关口只差一项"


class AttentionCountsQuery(BaseModel):
    """Of whose projects the matters are counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: tuple[UnitCode, ...] = Field((), max_length=50, description=UNIT, examples=[["jxw"]])
    officer: Name | None = Field(None, description=OFFICER, examples=["李工"])


class AttentionFilter(PageQuery):
    """Which matters are listed."""

    kind: tuple[AttentionKind, ...] = Field((), max_length=10, description=f"{KIND}；可多选", examples=[["stale"]])
    unit: tuple[UnitCode, ...] = Field((), max_length=50, description=UNIT, examples=[["jxw"]])
    officer: Name | None = Field(None, description=OFFICER, examples=["李工"])


class AttentionRow(BaseModel):
    """One matter: which project or follow-up, why, since when, whose it is."""

    kind: AttentionKind = Field(description=KIND, examples=["stale"])
    label: str = Field(description="种类名称", examples=["久未更新"])
    project: str | None = Field(description="项目编号；对接落实为 null", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称，或对接活动的主题", examples=["光伏玻纤"])
    stage: Stage | None = Field(description="项目现处阶段", examples=["talk"])
    status: Status | None = Field(description="项目状态", examples=["active"])
    unit: str | None = Field(description="责任单位编码", examples=["jxw"])
    unit_name: str | None = Field(description="责任单位", examples=["区经济信息委"])
    officer: str | None = Field(description="项目负责人，或落实事项的责任人", examples=["李工"])
    planned_stage: Stage | None = Field(
        description="逾期的计划阶段（late），或关口只差一项的下一阶段（gate）", examples=["started"]
    )
    missing: str | None = Field(description="所差的一项的代码，仅 gate", examples=[None])
    engagement: int | None = Field(description="对接活动编号，仅 follow_up", examples=[None])
    follow_up: int | None = Field(description="对接落实编号，仅 follow_up", examples=[None])
    since: date = Field(
        description="自何日起：最近一次变更或备注、计划日期、暂缓日期、落实时限", examples=["2020-08-01"]
    )
    days: int = Field(description="至今多少天", examples=[68])
    allowed: int = Field(description="规则允许多少天", examples=[30])
    why: str = Field(description="说明", examples=["在谈阶段已 68 天没有变更或备注（满 30 天提醒）"])


class AttentionPage(BaseModel):
    """A page of what needs attention: kind by kind, the longest-standing first."""

    items: list[AttentionRow] = Field(description="本页的事项")
    next: str | None = Field(None, description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")
    as_of: date = Field(description="所据日期（今天）", examples=["2020-10-08"])
    rule: str = Field(description="所据规则版本", examples=["attention/0"])


class KindCount(BaseModel):
    """Matters of one kind."""

    kind: AttentionKind = Field(description=KIND, examples=["stale"])
    label: str = Field(description="种类名称", examples=["久未更新"])
    count: int = Field(description="项数", examples=[12])


class UnitCount(BaseModel):
    """Matters of one unit."""

    unit: str | None = Field(description="责任单位编码；null 为没有责任单位", examples=["jxw"])
    unit_name: str | None = Field(description="责任单位", examples=["区经济信息委"])
    total: int = Field(description="合计项数", examples=[12])
    kinds: dict[AttentionKind, int] = Field(description="各种类的项数", examples=[{"late": 2, "stale": 9, "paused": 1}])


class OfficerCount(BaseModel):
    """Matters of one officer."""

    officer: str | None = Field(description="项目负责人；null 为没有负责人", examples=["李工"])
    total: int = Field(description="合计项数", examples=[12])
    kinds: dict[AttentionKind, int] = Field(description="各种类的项数", examples=[{"late": 2, "stale": 9, "paused": 1}])


class AttentionCounts(BaseModel):
    """How much needs attention, among what the caller may see."""

    total: int = Field(description="合计项数", examples=[37])
    kinds: list[KindCount] = Field(description="按种类")
    units: list[UnitCount] = Field(description="按责任单位，多的在前")
    officers: list[OfficerCount] = Field(description="按项目负责人，多的在前")
    as_of: date = Field(description="所据日期（今天）", examples=["2020-10-08"])
    rule: str = Field(description="所据规则版本", examples=["attention/0"])
