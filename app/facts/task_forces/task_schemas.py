from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from app.facts.task_forces.schemas import (
    LIGHT,
    TASK_STATE,
    Input,
    Number,
    Ordered,
    PlanDay,
    ProjectCode,
    Reason,
    TaskOut,
    Text,
    Told,
    UnitCode,
    not_null,
)
from app.facts.task_forces.terms import Light, TaskState
from app.kernel.calendar import PastDay
from app.kernel.text import Line

Percent = Annotated[int, Field(ge=0, le=100)]
PROGRESS = "进度，百分数"


class NewTaskIn(Input):
    """What one unit has to bring about by a day."""

    title: Line = Field(description="任务", examples=["完成水资源论证"])
    detail: Text | None = Field(None, description="说明", examples=["含取水许可"])
    unit: UnitCode = Field(description="责任单位编码，须为成员单位", examples=["nyw"])
    planned_start: PlanDay = Field(description="计划启动日期", examples=["2026-05-01"])
    due_on: PlanDay = Field(description="完成时限，当日仍不为逾期", examples=["2026-08-01"])
    needs: list[Number] = Field(
        default_factory=list, max_length=50, description="须先完成的任务编号，同一专班的", examples=[[30]]
    )


class TaskIn(NewTaskIn):
    """The same, set by a decision or not."""

    decision: Number | None = Field(None, description="由哪项会议决定布置", examples=[None])


class TaskPatch(Input):
    """What changes of a task that is not closed; null clears what may be empty."""

    title: Line | None = Field(None, description="任务", examples=["完成水资源论证"])
    detail: Text | None = Field(None, description="说明", examples=["含取水许可"])
    unit: UnitCode | None = Field(None, description="责任单位编码，须为成员单位", examples=["nyw"])
    planned_start: PlanDay | None = Field(None, description="计划启动日期", examples=["2026-05-01"])
    due_on: PlanDay | None = Field(None, description="完成时限", examples=["2026-09-01"])
    needs: list[Number] | None = Field(None, max_length=50, description="须先完成的任务编号", examples=[[30]])
    reason: Reason | None = Field(None, description="调整原因，记入历史", examples=["用地指标批复推迟"])

    @field_validator("title", "unit", "planned_start", "due_on", "needs")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        return not_null(value)


class StartIn(Input):
    """When work on it began."""

    on: PastDay = Field(description="启动日期", examples=["2026-05-20"])


class TaskProgressIn(Input):
    """How far it has come. Work that had not begun has begun with it."""

    on: PastDay = Field(description="截至日期", examples=["2026-10-10"])
    percent: Percent = Field(description=PROGRESS, examples=[40])
    note: Text | None = Field(None, description="进展；比上次低时须说明", examples=["论证报告已送审"])


class TaskDoneIn(Input):
    """What came of it."""

    on: PastDay = Field(description="完成日期", examples=["2026-11-20"])
    result: Text = Field(description="成果", examples=["取得用水批复"])
    evidence: list[Number] = Field(
        default_factory=list, max_length=50, description="该项目的材料号，作为佐证", examples=[[7]]
    )


class TaskCancelIn(Input):
    """Why it need not be done any more."""

    reason: Reason = Field(description="取消原因", examples=["改由市级统一办理"])


class TaskReopenIn(Input):
    """Why it is open again."""

    reason: Reason = Field(description="恢复的原因", examples=["批复附有条件，须补充论证"])


class TaskPapersIn(Input):
    """Exactly these papers of the project show the result."""

    evidence: list[Number] = Field(max_length=50, description="该项目的材料号", examples=[[7]])


class LightIn(Input):
    """A light set by hand. The natural one shows beside it, and again when it has expired."""

    light: Light = Field(description=LIGHT, examples=["yellow"])
    until: PlanDay = Field(description="有效至（含），不早于今天，至多一年", examples=["2026-12-05"])
    reason: Reason = Field(description="理由", examples=["用地指标已批，正办手续"])


class TaskFilter(Ordered):
    """What the list of tasks can be asked."""

    mine: bool = Field(False, description="true：只列我单位负责的任务", examples=[True])
    task_force: Number | None = Field(None, description="专班编号", examples=[3])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0049"])
    unit: tuple[UnitCode, ...] | None = Field(None, description="责任单位编码，可多选", examples=[["nyw"]])
    state: tuple[TaskState, ...] | None = Field(None, description=f"{TASK_STATE}；可多选", examples=[["started"]])
    light: tuple[Light, ...] | None = Field(None, description=f"{LIGHT}；可多选", examples=[["red"]])
    overdue: bool | None = Field(None, description="true：逾期未完成的；false：其他的", examples=[True])


class TaskPage(Told):
    """A page of tasks, red ones first, then those due first."""

    items: list[TaskOut] = Field(description="本页的任务，红灯在先，时限早的在先")
    next: str | None = Field(None, description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")


class TaskReportOut(BaseModel):
    """How far a task had come on a day."""

    on: date = Field(description="截至日期", examples=["2026-10-10"])
    percent: int = Field(description=PROGRESS, examples=[40])
    note: str | None = Field(description="进展", examples=["论证报告已送审"])
    by: str = Field(description="填报人", examples=["演示·单位联络员"])


class TaskReports(BaseModel):
    """What was reported of a task."""

    items: list[TaskReportOut] = Field(description="各次进度，近的在先")


class UnitOverdue(BaseModel):
    """What a unit is late with."""

    unit: str = Field(description="责任单位编码", examples=["nyw"])
    unit_name: str = Field(description="责任单位", examples=["区农业农村委"])
    overdue: int = Field(description="逾期未完成的任务数", examples=[2])
    red: int = Field(description="其中红灯", examples=[1])
    longest_days: int = Field(description="逾期最久的天数", examples=[115])
    open: int = Field(description="全部未完成的任务数", examples=[4])


class OverdueOut(Told):
    """Who is late, the most tasks first."""

    items: list[UnitOverdue] = Field(description="有逾期任务的单位，逾期多的在先")
    total: int = Field(description="逾期未完成的任务数", examples=[2])
