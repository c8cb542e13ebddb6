from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, field_validator

from app.facts.task_forces.schemas import Input, Number, PlanDay, Reason, Short, Text, not_null
from app.facts.task_forces.task_schemas import NewTaskIn
from app.facts.task_forces.terms import DECISION_STATE_LABELS, DecisionState, TaskState
from app.kernel.calendar import PastDay
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Minutes = Annotated[Paragraph, StringConstraints(max_length=20_000)]
Time = Annotated[str, StringConstraints(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
DECISION_STATE = "状态：" + "、".join(f"{word.value} {label}" for word, label in DECISION_STATE_LABELS.items())


class DecisionIn(Input):
    """What a meeting decided, and the tasks that it sets."""

    text: Text = Field(description="决定", examples=["由区农业农村委牵头完成水资源论证"])
    tasks: list[NewTaskIn] = Field(
        default_factory=list,
        max_length=20,
        description="布置的任务",
        examples=[[{"title": "完成水资源论证", "unit": "nyw", "planned_start": "2026-11-25", "due_on": "2027-02-28"}]],
    )


class MeetingIn(Input):
    """A meeting, held or to come."""

    held_on: PlanDay = Field(description="会议日期", examples=["2026-11-24"])
    starts_at: Time | None = Field(None, description="开始时间", examples=["09:30"])
    place: Line | None = Field(None, description="地点", examples=["区政府三楼会议室"])
    chair: Short = Field(description="主持人", examples=["区委常委"])
    attendees: Text | None = Field(None, description="参会", examples=["各成员单位联络员"])
    minutes: Minutes | None = Field(None, description="纪要", examples=["会议听取了各成员单位进展"])
    decisions: list[DecisionIn] = Field(
        default_factory=list, max_length=50, description="决定", examples=[[{"text": "加快水资源论证"}]]
    )


class MeetingPatch(Input):
    """What changes of a meeting; null clears what may be empty."""

    held_on: PlanDay | None = Field(None, description="会议日期", examples=["2026-11-25"])
    starts_at: Time | None = Field(None, description="开始时间", examples=["14:30"])
    place: Line | None = Field(None, description="地点", examples=["区政府三楼会议室"])
    chair: Short | None = Field(None, description="主持人", examples=["区委常委"])
    attendees: Text | None = Field(None, description="参会", examples=["各成员单位联络员"])
    minutes: Minutes | None = Field(None, description="纪要", examples=["会议听取了各成员单位进展"])

    @field_validator("held_on", "chair")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        return not_null(value)


class DecisionDoneIn(Input):
    """That a decision was carried out, where its tasks do not say so."""

    on: PastDay = Field(description="落实日期", examples=["2026-11-24"])
    note: Text = Field(description="落实情况", examples=["已印发"])


class DecisionReopenIn(Input):
    """Why it is open again."""

    reason: Reason = Field(description="原因", examples=["登记有误"])


class SetTaskOut(BaseModel):
    """A task that a decision set."""

    id: int = Field(description="任务编号", examples=[31])
    title: str = Field(description="任务", examples=["完成水资源论证"])
    unit: str = Field(description="责任单位编码", examples=["nyw"])
    unit_name: str = Field(description="责任单位", examples=["区农业农村委"])
    due_on: date = Field(description="完成时限", examples=["2027-02-28"])
    state: TaskState = Field(description="任务状态", examples=["open"])


class DecisionOut(BaseModel):
    """A decision. It is done when its tasks are done, or when somebody said so."""

    id: int = Field(description="决定编号", examples=[8])
    task_force: int = Field(description="专班编号", examples=[3])
    project: str = Field(description="项目编号", examples=["500114-2020-0049"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产"])
    meeting: int = Field(description="调度会编号", examples=[5])
    held_on: date = Field(description="会议日期", examples=["2026-11-24"])
    text: str = Field(description="决定", examples=["由区农业农村委牵头完成水资源论证"])
    state: DecisionState = Field(description=DECISION_STATE, examples=["open"])
    done_on: date | None = Field(description="登记的落实日期；由任务完成而落实的为 null", examples=[None])
    done_note: str | None = Field(description="落实情况", examples=[None])
    done_by: str | None = Field(description="登记落实的人", examples=[None])
    tasks: list[SetTaskOut] = Field(description="布置的任务")


class MeetingOut(BaseModel):
    """A meeting with what it decided."""

    id: int = Field(description="调度会编号", examples=[5])
    task_force: int = Field(description="专班编号", examples=[3])
    held_on: date = Field(description="会议日期", examples=["2026-11-24"])
    starts_at: str | None = Field(description="开始时间", examples=["09:30"])
    place: str | None = Field(description="地点", examples=["区政府三楼会议室"])
    chair: str = Field(description="主持人", examples=["区委常委"])
    attendees: str | None = Field(description="参会", examples=["各成员单位联络员"])
    minutes: str | None = Field(description="纪要", examples=["会议听取了各成员单位进展"])
    entered_by: str = Field(description="登记人", examples=["王芳"])
    decisions: list[DecisionOut] = Field(description="决定")


class MeetingList(BaseModel):
    """The meetings of a task force."""

    items: list[MeetingOut] = Field(description="调度会，近的在先")


class DecisionFilter(PageQuery):
    """What the list of decisions can be asked."""

    mine: bool = Field(False, description="true：只列我的专班的", examples=[True])
    task_force: Number | None = Field(None, description="专班编号", examples=[3])
    state: tuple[DecisionState, ...] | None = Field(None, description=f"{DECISION_STATE}；可多选", examples=[["open"]])
