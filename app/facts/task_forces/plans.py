"""Plans laid backwards from a day (倒排工期): templates as a rule by kind of project, and when each step must be."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.projects.terms import KIND_LABELS, Kind
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare
from app.kernel.text import Line

_DAY = timedelta(days=1)

StepName = Annotated[Line, StringConstraints(max_length=100)]


class PlanStep(BaseModel):
    """One step of a template: how long it takes, and what must be done before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StepName = Field(description="步骤", examples=["用地报批"])
    days: int = Field(ge=1, le=730, description="工期", examples=[60])
    working: bool = Field(False, description="true：工期按工作日计；false：按自然日计", examples=[False])
    unit: Annotated[Line, StringConstraints(max_length=20)] | None = Field(
        None, description="通常由哪个单位负责，单位编码；不是成员单位的归牵头单位", examples=[None]
    )
    needs: tuple[StepName, ...] = Field((), max_length=20, description="须先完成的步骤", examples=[["项目选址"]])


class PlanTemplate(BaseModel):
    """The steps of one kind of project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[PlanStep, ...] = Field(min_length=1, max_length=60, description="步骤")


class TaskPlansRule(BaseModel):
    """By kind of project the template that its task force's tasks are laid from; a kind without one has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plans: dict[Kind, PlanTemplate] = Field(
        description="项目类型 → 模板：" + "、".join(f"{kind.value} {label}" for kind, label in KIND_LABELS.items())
    )


def check(rule: TaskPlansRule) -> list[FieldError]:
    """What is wrong with templates: a step named twice, one that needs what there is not, circles."""
    found = []
    for kind, template in rule.plans.items():
        names = [step.name for step in template.steps]
        for place, step in enumerate(template.steps):
            where = f"body.plans.{kind.value}.steps.{place}"
            if step.name in names[:place]:
                found.append(FieldError(field=f"{where}.name", code="twice", message=f"步骤「{step.name}」重名"))
            found += [
                FieldError(field=f"{where}.needs.{index}", code="unknown_step", message=f"没有步骤「{needed}」")
                for index, needed in enumerate(step.needs)
                if needed not in names
            ]
        if not found:
            stuck = circle(template.steps)
            if stuck is not None:
                place = names.index(stuck)
                where = f"body.plans.{kind.value}.steps.{place}.needs"
                found.append(FieldError(field=where, code="cycle", message=f"步骤「{stuck}」的前置步骤形成循环"))
    return found


def circle(steps: Iterable[PlanStep]) -> str | None:
    """A step that in the end needs itself; None where there is no such step."""
    waiting = {step.name: set(step.needs) for step in steps}
    while free := [name for name, needs in waiting.items() if not needs]:
        for name in free:
            del waiting[name]
        for needs in waiting.values():
            needs.difference_update(free)
    return next(iter(waiting), None)


Days = tuple[date, date]


def laid(steps: Iterable[PlanStep], target: date, works: Callable[[date], bool]) -> dict[str, Days]:
    """First and last day of each step, so that all is done on `target` and each ends before what needs it begins.

    Each begins as late as it may. `works`: do people work on a day? Steps in working days begin and end on such.
    """
    by_name = {step.name: step for step in steps}
    followers: dict[str, list[str]] = {name: [] for name in by_name}
    for step in by_name.values():
        for needed in step.needs:
            followers[needed].append(step.name)
    found: dict[str, Days] = {}

    def lay(name: str) -> Days:
        if name not in found:
            last = min((lay(follower)[0] - _DAY for follower in followers[name]), default=target)
            found[name] = _before(by_name[name], last, works)
        return found[name]

    return {name: lay(name) for name in by_name}


def _before(step: PlanStep, last: date, works: Callable[[date], bool]) -> Days:
    if not step.working:
        return last - (step.days - 1) * _DAY, last
    while not works(last):
        last -= _DAY
    first, left = last, step.days - 1
    while left:
        first -= _DAY
        left -= works(first)
    return first, last


def _template(*steps: tuple[str, int, Mapping[str, int] | tuple[str, ...]]) -> PlanTemplate:
    return PlanTemplate(steps=tuple(PlanStep(name=name, days=days, needs=tuple(needs)) for name, days, needs in steps))


_ON_LAND = _template(
    ("项目选址", 20, ()),
    ("注册公司", 15, ()),
    ("立项备案", 10, ("注册公司",)),
    ("环境影响评价", 45, ("项目选址", "立项备案")),
    ("用地报批与供地", 90, ("项目选址", "立项备案")),
    ("施工图设计", 60, ("项目选址",)),
    ("办理施工许可", 20, ("环境影响评价", "用地报批与供地", "施工图设计")),
    ("施工单位进场", 15, ("办理施工许可",)),
    ("开工", 1, ("施工单位进场",)),
)
_IN_ROOMS = _template(
    ("选定场所", 15, ()),
    ("签订租赁合同", 10, ("选定场所",)),
    ("注册公司", 15, ("选定场所",)),
    ("装修与设备进场", 60, ("签订租赁合同", "注册公司")),
    ("开工运营", 1, ("装修与设备进场",)),
)

TASK_PLANS = declare(
    RuleKind(
        "task_plans",
        "专班倒排工期模板",
        TaskPlansRule,
        shipped=TaskPlansRule(
            plans={
                Kind.INDUSTRY_LAND: _ON_LAND,
                Kind.AGRICULTURE: _ON_LAND,
                Kind.LEASE: _IN_ROOMS,
                Kind.SERVICES: _IN_ROOMS,
                Kind.HEADQUARTERS: _IN_ROOMS,
                Kind.REVITALISATION: _template(
                    ("资产清查", 20, ()),
                    ("签订盘活协议", 30, ("资产清查",)),
                    ("手续变更", 45, ("签订盘活协议",)),
                    ("技术改造", 90, ("签订盘活协议",)),
                    ("恢复生产", 1, ("手续变更", "技术改造")),
                ),
            }
        ),
        check=check,
    )
)
