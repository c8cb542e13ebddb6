"""From when on a project needs attention."""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.facts.projects.terms import Stage
from app.kernel.calendar import midnight_of
from app.kernel.rules import RuleKind, declare

Days = Annotated[int, Field(ge=1, le=3650)]


class AttentionRule(BaseModel):
    """How many days each kind of silence may last."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stale_days: dict[Stage, Days] = Field(
        description="推进中的项目处于某阶段时，满多少天没有变更或备注即为久未更新；未列的阶段不提醒",
        examples=[{"talk": 30, "started": 60}],
    )
    plan_grace_days: int = Field(ge=0, le=365, description="计划日期过后宽限多少天", examples=[0])
    paused_days: Days = Field(description="暂缓满多少天即为暂缓过久", examples=[90])
    near_gate_from: int = Field(
        3, ge=2, le=50, description="下一关口至少要求几项，只差一项时才提醒（要求少的关口总是只差一项）", examples=[3]
    )

    def untouched_since(self, stage: Stage, today: date) -> datetime | None:
        """A project of this stage is stale when its last change lies before this instant; None: it never is."""
        days = self.stale_days.get(stage)
        return None if days is None else midnight_of(today - timedelta(days=days - 1))

    def planned_before(self, today: date) -> date:
        """Stages that were planned for a day before this one are late."""
        return today - timedelta(days=self.plan_grace_days)

    def paused_until(self, today: date) -> date:
        """Projects that were paused on this day or earlier have been so for too long."""
        return today - timedelta(days=self.paused_days)


ATTENTION = declare(
    RuleKind(
        "attention",
        "关注事项",
        AttentionRule,
        shipped=AttentionRule(
            stale_days={
                Stage.LEAD: 30,
                Stage.TALK: 30,
                Stage.FRAMEWORK: 30,
                Stage.SIGNED: 30,
                Stage.REGISTERED: 30,
                Stage.APPROVED: 30,
                Stage.LAND: 60,
                Stage.STARTED: 60,
                Stage.COMPLETED: 90,
                Stage.PRODUCTION: 180,
            },
            plan_grace_days=0,
            paused_days=90,
            near_gate_from=3,
        ),
    )
)
