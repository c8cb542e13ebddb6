"""Who is a principal leader, what is likely one trip, how long one may last, when a follow-up is spoken of."""

import re
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.engagements.terms import Half
from app.kernel.names import squash
from app.kernel.rules import RuleKind, declare
from app.kernel.text import Line

Office = Annotated[Line, StringConstraints(max_length=60)]


class EngagementRule(BaseModel):
    """How engagements are read; the version in force on the first day of one holds for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    principal_offices: tuple[Office, ...] = Field(
        max_length=50,
        description="主要领导的职务；兼任多职写作「区委副书记、区长」，其中一职在列即是",
        examples=[["区委书记", "区长"]],
    )
    longest_days: int = Field(ge=1, le=366, description="一次活动至多多少天", examples=[60])
    alike_from: int = Field(ge=1, le=100, description="相似分满多少提示可能重复（0 至 100）", examples=[50])
    remind_days: int = Field(ge=0, le=60, description="对接落实到期前几天提醒", examples=[3])

    def is_principal(self, office: str | None) -> bool:
        """Is one of the offices that are written here that of a principal leader?"""
        if office is None:
            return False
        known = {squash(name) for name in self.principal_offices}
        return any(squash(part) in known for part in (office, *re.split(r"[、，,；;/]", office)))


ENGAGEMENTS = declare(
    RuleKind(
        "engagements",
        "对接活动",
        EngagementRule,
        shipped=EngagementRule(
            principal_offices=("区委书记", "区长", "区人民政府区长"),
            longest_days=60,
            alike_from=50,
            remind_days=3,
        ),
    )
)


def half_days(starts_on: date, starts_half: Half, ends_on: date, ends_half: Half) -> int:
    """How many half days from the first to the last, both included; less than one when the end lies before."""
    return 2 * (ends_on - starts_on).days + (ends_half is Half.PM) - (starts_half is Half.PM) + 1
