from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.facts.task_forces.plans import StepName
from app.facts.task_forces.schemas import Input, PlanDay, UnitCode

Units = Annotated[dict[StepName, UnitCode], Field(max_length=60)]


class PlanIn(Input):
    """The day on which all is to be done."""

    target_on: PlanDay = Field(description="目标日期：全部步骤在此日（含）前完成", examples=["2027-06-30"])
    units: Units = Field(
        default_factory=dict,
        description="步骤 → 责任单位编码；不列的按模板，或归牵头单位",
        examples=[{"项目选址": "nyw"}],
    )
    dry_run: bool = Field(False, description="true：只看结果，不写入", examples=[True])


class PlannedOut(BaseModel):
    """One step, and what became of it."""

    step: str = Field(description="步骤", examples=["用地报批与供地"])
    unit: str = Field(description="责任单位编码", examples=["nyw"])
    planned_start: date = Field(description="计划启动日期", examples=["2027-01-20"])
    due_on: date = Field(description="完成时限", examples=["2027-04-19"])
    needs: list[str] = Field(description="须先完成的步骤", examples=[["项目选址"]])
    task: int | None = Field(description="任务编号；试排时新任务为 null", examples=[31])
    action: Literal["added", "moved", "same", "kept"] = Field(
        description="added 新排、moved 改期、same 不变、kept 已启动或已完成而保持原样", examples=["added"]
    )


class PlanOut(BaseModel):
    """A plan laid backwards."""

    dry_run: bool = Field(description="是否试排", examples=[True])
    target_on: date = Field(description="目标日期", examples=["2027-06-30"])
    starts_on: date = Field(description="最早一步须启动的日期", examples=["2026-11-20"])
    late_days: int = Field(description="该日期已过去多少天；0 为来得及", examples=[4])
    rule: str = Field(description="模板所据规则的版本", examples=["task_plans/0"])
    items: list[PlannedOut] = Field(description="各步骤，启动早的在先")
