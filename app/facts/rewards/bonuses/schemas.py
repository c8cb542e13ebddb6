from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.rewards.bonuses.terms import BONUS_STATE_LABELS, BonusState
from app.facts.rewards.claims.schemas import Year
from app.facts.rewards.leads.schemas import Number, ProjectCode, Reason, UnitCode
from app.kernel.paging import PageQuery

Points = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,2})(\.[0-9]{1,2})?$")]
STATE = "状态：" + "、".join(f"{word.value} {label}" for word, label in BONUS_STATE_LABELS.items())
POINTS = "加分，至多两位小数，大于零"


class BonusIn(BaseModel):
    """Points that a unit should be given for a project."""

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode = Field(description="加分的单位编码", examples=["jxw"])
    year: Year = Field(description="考核年度", examples=[2026])
    points: Points = Field(description=POINTS, examples=["1.50"])
    basis: Reason = Field(description="依据（文号、条款）", examples=["考核办法第十二条（示例）"])
    evidence: Number = Field(description="项目的佐证材料号", examples=[7])


class BonusJudgeIn(BaseModel):
    """What comes of it."""

    model_config = ConfigDict(extra="forbid")

    approve: bool = Field(description="true 审定，false 不予加分", examples=[True])
    reason: Reason | None = Field(None, description="不予加分须说明理由", examples=[None])


class BonusRevokeIn(BaseModel):
    """Why points that were approved count no more."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="理由", examples=["项目退出"])


class BonusOut(BaseModel):
    """Points of a unit."""

    id: int = Field(description="加分记录号", examples=[4])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产项目"])
    unit: str = Field(description="单位编码", examples=["jxw"])
    unit_name: str = Field(description="单位名称", examples=["区经济信息委"])
    year: int = Field(description="考核年度", examples=[2026])
    points: str = Field(description=POINTS, examples=["1.50"])
    basis: str = Field(description="依据", examples=["考核办法第十二条（示例）"])
    evidence: int = Field(description="佐证材料号", examples=[7])
    state: BonusState = Field(description=STATE, examples=["approved"])
    reason: str | None = Field(description="不予加分或取消的理由", examples=[None])
    entered_at: datetime = Field(description="申报时间", examples=["2026-12-20T02:00:00Z"])
    entered_by: str = Field(description="申报人", examples=["李工"])
    judged_at: datetime | None = Field(description="审定时间", examples=["2026-12-21T02:00:00Z"])
    judged_by: str | None = Field(description="审定人", examples=["王审核"])


class BonusFilter(PageQuery):
    """Which points are asked for."""

    unit: UnitCode | None = Field(None, description="单位编码", examples=["jxw"])
    year: Year | None = Field(None, description="考核年度", examples=[2026])
    state: BonusState | None = Field(None, description=STATE, examples=["approved"])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
