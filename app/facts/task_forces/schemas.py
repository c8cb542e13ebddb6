from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from app.facts.projects.terms import Stage
from app.facts.task_forces.terms import LEVEL_LABELS, LIGHT_LABELS, TASK_STATE_LABELS, Level, Light, TaskState
from app.kernel.calendar import FIRST_YEAR, LAST_YEAR, Day, PastDay
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
UnitCode = Annotated[Line, StringConstraints(max_length=20)]
ProjectCode = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z-]{1,20}$")]
Login = Annotated[Line, StringConstraints(max_length=64)]
Short = Annotated[Line, StringConstraints(max_length=60)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]
Text = Annotated[Paragraph, StringConstraints(max_length=1000)]
Long = Annotated[Paragraph, StringConstraints(max_length=5000)]


def _plannable(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("out_of_range", "年份应在 1949 至 2199 之间")
    return day


PlanDay = Annotated[Day, AfterValidator(_plannable)]
"""A day in a request that may lie ahead."""

LIGHT = "灯色：" + "、".join(f"{word.value} {label}" for word, label in LIGHT_LABELS.items())
TASK_STATE = "状态：" + "、".join(f"{word.value} {label}" for word, label in TASK_STATE_LABELS.items())
AS_OF = "按哪一天判断，不填为今天；以现有记录中当日及以前的事实为准"


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


def not_null(value: Any) -> Any:
    """A field that may be left out, but not be emptied."""
    if value is None:
        raise PydanticCustomError("null_forbidden", "不得为空")
    return value


class MemberIn(Input):
    """A member unit and who answers for it."""

    unit: UnitCode = Field(description="成员单位编码", examples=["nyw"])
    contact: Short | None = Field(None, description="联系人（A 岗）", examples=["李工"])
    deputy: Short | None = Field(None, description="替补联系人（B 岗）", examples=["王工"])
    duties: Text | None = Field(None, description="职责", examples=["负责用地与水资源论证"])


class MembersIn(Input):
    """Exactly these units; the lead unit always stays a member and need not be named."""

    members: list[MemberIn] = Field(
        max_length=60, description="全部成员单位；牵头单位不列也在其中", examples=[[{"unit": "nyw", "contact": "李工"}]]
    )
    reason: Reason | None = Field(None, description="调整原因", examples=["增加用地保障单位"])


class TaskForceIn(Input):
    """A task force for a project."""

    leader_office: Short = Field(description="牵头区领导的职务", examples=["区委常委"])
    leader_name: Short | None = Field(None, description="牵头区领导的姓名，可不填", examples=[None])
    leader: Login | None = Field(
        None, description="牵头区领导的登录名，填后「我的专班」可用", examples=["leader"]
    )  # fmt: skip
    lead_unit: UnitCode = Field(description="牵头单位编码", examples=["jxw"])
    goal: Long | None = Field(None, description="工作目标", examples=["年内开工"])
    target_on: PlanDay | None = Field(None, description="目标日期", examples=["2027-06-30"])
    formed_on: PastDay = Field(description="组建日期", examples=["2026-09-01"])
    members: list[MemberIn] = Field(
        default_factory=list, max_length=60, description="成员单位", examples=[[{"unit": "nyw", "contact": "李工"}]]
    )


class TaskForcePatch(Input):
    """What changes of a task force; null clears what may be empty."""

    leader_office: Short | None = Field(None, description="牵头区领导的职务", examples=["区委常委"])
    leader_name: Short | None = Field(None, description="牵头区领导的姓名", examples=[None])
    leader: Login | None = Field(None, description="牵头区领导的登录名", examples=["leader"])
    lead_unit: UnitCode | None = Field(None, description="牵头单位编码；不在成员之列的随即列入", examples=["jxw"])
    goal: Long | None = Field(None, description="工作目标", examples=["年内开工"])
    target_on: PlanDay | None = Field(None, description="目标日期", examples=["2027-06-30"])

    @field_validator("leader_office", "lead_unit")
    @classmethod
    def _stays(cls, value: Any) -> Any:
        return not_null(value)


class DissolveIn(Input):
    """Why the task force ends."""

    on: PastDay = Field(description="撤销日期", examples=["2026-11-01"])
    reason: Reason = Field(description="撤销原因", examples=["项目已投产"])


# -- what is told --------------------------------------------------------------------------------------------------


class Told(BaseModel):
    as_of: date = Field(description="灯色所据日期", examples=["2026-11-24"])
    valid_until: datetime = Field(description="此刻起灯色可能自行变化", examples=["2026-11-24T16:00:00Z"])
    rule: str = Field(description="亮灯所据规则的版本", examples=["lights/0"])


class JudgedOut(BaseModel):
    """A light and why it is on."""

    light: Light | None = Field(description=f"{LIGHT}；null 不亮灯", examples=["red"])
    why: list[str] = Field(description="缘由", examples=[["应于 2026-08-01 完成，逾期超过 3 个月"]])


class LightSetOut(BaseModel):
    """A light that was set by hand."""

    light: Light = Field(description=LIGHT, examples=["yellow"])
    since: date = Field(description="自", examples=["2026-11-20"])
    until: date = Field(description="至（含）", examples=["2026-12-05"])
    reason: str = Field(description="理由", examples=["用地指标已批，正办手续"])
    by: str = Field(description="调整人", examples=["演示·审核人"])
    holds: bool = Field(description="在所据日期是否有效", examples=[True])


class TaskPaperOut(BaseModel):
    """A paper among the evidence of the project."""

    id: int = Field(description="材料号", examples=[7])
    kind: str = Field(description="材料种类", examples=["minutes"])
    filename: str = Field(description="文件名", examples=["用地预审意见.pdf"])
    state: str = Field(description="核验状态", examples=["submitted"])


class TaskOut(JudgedOut):
    """A task as it stands on the day that is looked at."""

    id: int = Field(description="任务编号", examples=[31])
    task_force: int = Field(description="专班编号", examples=[3])
    project: str = Field(description="项目编号", examples=["500114-2020-0049"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产"])
    title: str = Field(description="任务", examples=["完成水资源论证"])
    detail: str | None = Field(description="说明", examples=[None])
    unit: str = Field(description="责任单位编码", examples=["nyw"])
    unit_name: str = Field(description="责任单位", examples=["区农业农村委"])
    planned_start: date = Field(description="计划启动日期", examples=["2026-05-01"])
    due_on: date = Field(description="完成时限，当日仍不为逾期", examples=["2026-08-01"])
    state: TaskState = Field(description=TASK_STATE, examples=["started"])
    progress: int = Field(description="进度，百分数；已完成的为 100", examples=[40])
    progress_on: date | None = Field(description="最近一次报进度的日期", examples=["2026-10-10"])
    started_on: date | None = Field(description="启动日期", examples=["2026-05-20"])
    done_on: date | None = Field(description="完成日期", examples=[None])
    result: str | None = Field(description="成果", examples=[None])
    cancelled_on: date | None = Field(description="取消日期", examples=[None])
    cancelled_reason: str | None = Field(description="取消原因", examples=[None])
    days_overdue: int = Field(description="逾期天数；已完成的按完成日期计，未逾期为 0", examples=[115])
    needs: list[int] = Field(description="须先完成的任务编号", examples=[[30]])
    evidence: list[TaskPaperOut] = Field(description="佐证材料，均为该项目的材料")
    decision: int | None = Field(description="由哪项会议决定布置", examples=[None])
    step: str | None = Field(description="由模板的哪一步排出", examples=["用地报批"])
    level: Level | None = Field(
        description="督办到哪一级：" + "、".join(f"{word.value} {label}" for word, label in LEVEL_LABELS.items()),
        examples=["urged"],
    )
    natural: JudgedOut = Field(description="按计划与事实得出的灯色，不受人工调整影响")
    override: LightSetOut | None = Field(description="人工调整；过期的仍列出")
    entered_by: str = Field(description="登记人", examples=["王芳"])


class TaskToday(TaskOut, Told):
    """One task, and until when its light is what it says."""


class MemberOut(BaseModel):
    """A member unit."""

    unit: str = Field(description="单位编码", examples=["nyw"])
    unit_name: str = Field(description="单位", examples=["区农业农村委"])
    lead: bool = Field(description="是否牵头单位", examples=[False])
    contact: str | None = Field(description="联系人（A 岗）", examples=["李工"])
    deputy: str | None = Field(description="替补联系人（B 岗）", examples=["王工"])
    duties: str | None = Field(description="职责", examples=["负责用地与水资源论证"])


class TaskForceRow(JudgedOut):
    """A task force in a list. Its light is the worst of its tasks."""

    id: int = Field(description="专班编号", examples=[3])
    project: str = Field(description="项目编号", examples=["500114-2020-0049"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产"])
    stage: Stage = Field(description="项目的阶段", examples=["framework"])
    leader_office: str = Field(description="牵头区领导的职务", examples=["区委常委"])
    leader_name: str | None = Field(description="牵头区领导的姓名", examples=[None])
    leader: str | None = Field(description="牵头区领导的登录名", examples=["leader"])
    lead_unit: str = Field(description="牵头单位编码", examples=["jxw"])
    lead_unit_name: str = Field(description="牵头单位", examples=["区经济信息委"])
    goal: str | None = Field(description="工作目标", examples=["年内开工"])
    target_on: date | None = Field(description="目标日期", examples=["2027-06-30"])
    formed_on: date = Field(description="组建日期", examples=["2026-09-01"])
    dissolved_on: date | None = Field(description="撤销日期；null 仍在运行", examples=[None])
    dissolved_reason: str | None = Field(description="撤销原因", examples=[None])
    natural: Light | None = Field(description="不受人工调整影响的灯色", examples=["red"])
    red: int = Field(description="红灯任务数", examples=[1])
    yellow: int = Field(description="黄灯任务数", examples=[1])
    green: int = Field(description="绿灯任务数，含已完成的", examples=[1])
    done: int = Field(description="已完成的任务数", examples=[0])
    overdue: int = Field(description="逾期未完成的任务数", examples=[1])
    tasks_count: int = Field(description="任务数，已取消的不计", examples=[3])


class TaskForceOut(TaskForceRow, Told):
    """A task force whole: who is in it, and how its tasks stand."""

    entered_by: str = Field(description="登记人", examples=["王芳"])
    members: list[MemberOut] = Field(description="成员单位，牵头单位在先")
    tasks: list[TaskOut] = Field(description="任务，按计划启动日期排列，已取消的在后")


class TaskForcePage(Told):
    """A page of task forces, red ones first."""

    items: list[TaskForceRow] = Field(description="本页的专班，红灯在先")
    next: str | None = Field(None, description="下一页的游标；null 为最后一页")
    total: int | None = Field(None, description="总数，仅在 count=true 时给出")


class Ordered(BaseModel):
    """What a list in a fixed order can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(50, ge=1, le=200, description="每页条数，至多 200", examples=[50])
    after: str | None = Field(None, description="上一页答复中的 next；不填为第一页", max_length=60)
    count: bool = Field(False, description="true 时答复含 total（总数）")
    as_of: PlanDay | None = Field(None, description=AS_OF, examples=["2026-11-24"])


class TaskForceFilter(Ordered):
    """What the list of task forces can be asked."""

    mine: bool = Field(
        False, description="true：只列我的专班——我牵头的、我单位参加的、我负责的项目的", examples=[True]
    )  # fmt: skip
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0049"])
    unit: tuple[UnitCode, ...] | None = Field(None, description="成员单位编码，可多选", examples=[["jxw"]])
    leader_office: Short | None = Field(None, description="牵头区领导的职务", examples=["区委常委"])
    light: tuple[Light, ...] | None = Field(None, description=f"{LIGHT}；可多选", examples=[["red"]])
    dissolved: bool = Field(False, description="true：已撤销的", examples=[False])


class AsOf(BaseModel):
    """The day to look at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: PlanDay | None = Field(None, description=AS_OF, examples=["2026-11-24"])
