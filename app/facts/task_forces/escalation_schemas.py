from datetime import date, datetime

from pydantic import BaseModel, Field

from app.facts.task_forces.schemas import Number
from app.facts.task_forces.terms import LEVEL_LABELS, TOLD_LABELS, Level, Told
from app.kernel.paging import PageQuery

LEVEL = "级别：" + "、".join(f"{word.value} {label}" for word, label in LEVEL_LABELS.items())


class EscalationFilter(PageQuery):
    """What the list of escalations can be asked."""

    mine: bool = Field(False, description="true：只列我的专班的", examples=[True])
    task_force: Number | None = Field(None, description="专班编号", examples=[3])
    task: Number | None = Field(None, description="任务编号", examples=[31])
    level: tuple[Level, ...] | None = Field(None, description=f"{LEVEL}；可多选", examples=[["supervised"]])


class ToldOut(BaseModel):
    """Somebody who was told."""

    role: Told = Field(
        description="身份：" + "、".join(f"{word.value} {label}" for word, label in TOLD_LABELS.items()),
        examples=["owner"],
    )
    name: str = Field(description="姓名", examples=["演示·单位联络员"])


class EscalationOut(BaseModel):
    """A level that a task reached."""

    id: int = Field(description="记录号", examples=[4])
    task_force: int = Field(description="专班编号", examples=[3])
    project: str = Field(description="项目编号", examples=["500114-2020-0049"])
    project_name: str = Field(description="项目名称", examples=["低氘水生产"])
    task: int = Field(description="任务编号", examples=[31])
    title: str = Field(description="任务", examples=["完成水资源论证"])
    level: Level = Field(description=LEVEL, examples=["supervised"])
    round: int = Field(description="任务第几次布置；恢复、延期或改派后另起一轮", examples=[1])
    on: date = Field(description="日期", examples=["2026-11-24"])
    at: datetime = Field(description="时间", examples=["2026-11-24T00:20:00Z"])
    why: str = Field(description="缘由", examples=["应于 2026-08-01 完成，逾期超过 3 个月"])
    rule: str = Field(description="所据规则的版本", examples=["escalation/0"])
    told: list[ToldOut] = Field(description="告知了谁；当时没有可告知的人为空")
