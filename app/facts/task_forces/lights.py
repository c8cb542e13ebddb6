"""Green, yellow, red: what a task's plan, its facts, a day and the rule say, and why. No database."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.facts.task_forces.terms import LIGHT_LABELS, Light, rank_of
from app.kernel.calendar import months_after
from app.kernel.rules import RuleKind, declare

_DAY = timedelta(days=1)


class LightRule(BaseModel):
    """From when a task is yellow or red; the version in force on the day that is looked at holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    yellow_points: int = Field(ge=1, le=100, description="进度落后满多少个百分点为黄灯", examples=[10])
    red_points: int = Field(ge=1, le=100, description="进度落后超过多少个百分点为红灯", examples=[30])
    red_months: int = Field(ge=1, le=24, description="逾期未启动或未完成超过几个月为红灯", examples=[3])

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.red_points < self.yellow_points:
            raise PydanticCustomError("order", "红灯的百分点不得小于黄灯的")
        return self


LIGHTS = declare(
    RuleKind(
        "lights", "专班任务亮灯", LightRule, shipped=LightRule(yellow_points=10, red_points=30, red_months=3)
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a task on the day that is looked at: its plan, and what has happened by then."""

    planned_start: date
    due_on: date
    progress: int = 0
    started_on: date | None = None
    done_on: date | None = None
    cancelled_on: date | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A light, and why, in Chinese. What is cancelled has none."""

    light: Light | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """A light that somebody set by hand: from a day, until its last day."""

    light: Light
    since: date
    until: date
    reason: str
    by: str

    def holds(self, day: date) -> bool:
        return self.since <= day <= self.until


def expected(facts: Facts, day: date) -> int:
    """How many points of a hundred should be done before `day` begins: evenly from the first day to the due day."""
    if day <= facts.planned_start:
        return 0
    length = (facts.due_on - facts.planned_start).days + 1
    return min(100, 100 * (day - facts.planned_start).days // length)


def natural(facts: Facts, day: date, rule: LightRule) -> Judged:
    """The light of the plan and the facts. Without new facts it never gets better from one day to the next."""
    if facts.cancelled_on is not None and facts.cancelled_on <= day:
        return Judged(None, ("任务已取消",))
    if facts.done_on is not None and facts.done_on <= day:
        late = (facts.done_on - facts.due_on).days
        return Judged(Light.GREEN, (f"已于 {facts.done_on} 完成" + (f"，迟 {late} 天" if late > 0 else ""),))
    started = facts.started_on is not None and facts.started_on <= day
    red: list[str] = []
    yellow: list[str] = []
    if not started and day > months_after(facts.planned_start, rule.red_months):
        red.append(f"计划 {facts.planned_start} 启动，逾期 {rule.red_months} 个月以上仍未启动")
    elif not started and day > last_of_month(facts.planned_start):
        yellow.append(f"未在计划月份（{facts.planned_start:%Y-%m}）启动")
    if day > months_after(facts.due_on, rule.red_months):
        red.append(f"应于 {facts.due_on} 完成，逾期超过 {rule.red_months} 个月")
    elif day > facts.due_on:
        yellow.append(f"应于 {facts.due_on} 完成，已逾期 {(day - facts.due_on).days} 天")
    behind = expected(facts, day) - facts.progress
    if behind >= rule.yellow_points:
        said = f"进度 {facts.progress}%，计划应达 {facts.progress + behind}%，落后 {behind} 个百分点"
        (red if behind > rule.red_points else yellow).append(said)
    if red or yellow:
        return Judged(Light.RED if red else Light.YELLOW, (*red, *yellow))
    if day < facts.planned_start:
        return Judged(Light.GREEN, (f"计划 {facts.planned_start} 启动，尚未到期",))
    return Judged(Light.GREEN, (f"按计划推进，进度 {facts.progress}%",))


def shown(judged: Judged, override: Override | None, day: date) -> Judged:
    """The light that is shown: one set by hand while it holds, else the natural one."""
    if override is None or judged.light is None or not override.holds(day):
        return judged
    said = f"由{override.by}人工调整为{LIGHT_LABELS[override.light]}，至 {override.until} 止：{override.reason}"
    return Judged(override.light, (said,))


def worst(tasks: Iterable[tuple[str, Judged]]) -> Judged:
    """The light of a task force: the worst of its tasks, with the reasons of those that have it."""
    lit = [(title, judged) for title, judged in tasks if judged.light is not None]
    if not lit:
        return Judged(None, ("尚未安排任务",))
    light = max((judged.light for _, judged in lit), key=rank_of)
    if light is Light.GREEN:
        return Judged(light, ("各项任务均按计划推进",))
    return Judged(light, tuple(f"{title}：{'；'.join(judged.why)}" for title, judged in lit if judged.light is light))


def last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
