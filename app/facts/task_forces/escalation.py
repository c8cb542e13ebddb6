"""Which level of escalation a task has come to (交办 → 催办 → 督办), by a dated rule. No database."""

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

from app.facts.task_forces.terms import (
    LEVEL_LABELS,
    LEVELS,
    TOLD_LABELS,
    WHEN_LABELS,
    Level,
    Light,
    Told,
    When,
    rank_of,
)
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare

WHENS = list(When)


class LevelRule(BaseModel):
    """One level: what makes it due, how long after the one before, and who hears of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level = Field(
        description="级别：" + "、".join(f"{word.value} {label}" for word, label in LEVEL_LABELS.items()),
        examples=["urged"],
    )
    when: When = Field(
        description="何时：" + "、".join(f"{word.value} {label}" for word, label in WHEN_LABELS.items()),
        examples=["yellow"],
    )
    wait_days: int = Field(0, ge=0, le=365, description="距上一级至少几天", examples=[3])
    tells: tuple[Told, ...] = Field(
        min_length=1,
        max_length=4,
        description="告知谁：" + "、".join(f"{word.value} {label}" for word, label in TOLD_LABELS.items()),
        examples=[["owner", "lead"]],
    )


class EscalationRule(BaseModel):
    """The levels, one after the other; none is skipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    levels: tuple[LevelRule, ...] = Field(min_length=1, max_length=3, description="各级，由轻到重")


def check(rule: EscalationRule) -> list[FieldError]:
    """Levels come in their order, each once, and a graver one is not due on less."""
    found = []
    for place, (before, after) in enumerate(zip(rule.levels, rule.levels[1:], strict=False), 1):
        if LEVELS.index(after.level) <= LEVELS.index(before.level):
            field = f"body.levels.{place}.level"
            found.append(FieldError(field=field, code="order", message="级别须由轻到重，各列一次"))
        if WHENS.index(after.when) < WHENS.index(before.when):
            field = f"body.levels.{place}.when"
            found.append(FieldError(field=field, code="order", message="较重的级别不得早于较轻的"))
    return found


ESCALATION = declare(
    RuleKind(
        "escalation",
        "专班任务督办",
        EscalationRule,
        shipped=EscalationRule(
            levels=(
                LevelRule(level=Level.ASSIGNED, when=When.START, tells=(Told.OWNER,)),
                LevelRule(level=Level.URGED, when=When.YELLOW, wait_days=3, tells=(Told.OWNER, Told.LEAD)),
                LevelRule(
                    level=Level.SUPERVISED,
                    when=When.RED,
                    wait_days=7,
                    tells=(Told.OWNER, Told.LEAD, Told.LEADER, Told.BUREAU),
                ),
            )
        ),
        check=check,
    )
)


def due(
    rule: EscalationRule, light: Light | None, planned_start: date, before: tuple[Level, date] | None, day: date
) -> LevelRule | None:
    """The level that is reached on `day` by a task that is not closed; `before` is the last one, and when that was."""
    done = -1 if before is None else LEVELS.index(before[0])
    following = next((level for level in rule.levels if LEVELS.index(level.level) > done), None)
    if following is None:
        return None
    if before is not None and day < before[1] + timedelta(days=following.wait_days):
        return None
    match following.when:
        case When.START:
            reached = day >= planned_start
        case When.YELLOW:
            reached = rank_of(light) >= Light.YELLOW.rank
        case When.RED:
            reached = light is Light.RED
    return following if reached else None
