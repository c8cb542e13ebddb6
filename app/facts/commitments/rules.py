"""What the house decides about commitments: when people are reminded, and which reviews a payment needs."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.rules import RuleKind, declare


class CommitmentRule(BaseModel):
    """The version in force on the day that is looked at holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    remind_days: int = Field(ge=0, le=365, description="到期前多少日起提醒责任单位", examples=[30])
    remind_again: int = Field(ge=1, le=365, description="逾期后每隔多少日再次提醒", examples=[30])
    fair_competition_from: date | None = Field(
        description="自该日起签订的协议，兑现补贴须有公平竞争审查结论；null 不要求", examples=["2024-08-01"]
    )


COMMITMENTS = declare(
    RuleKind(
        "commitments",
        "合同履约与政策兑现",
        CommitmentRule,
        shipped=CommitmentRule(remind_days=30, remind_again=30, fair_competition_from=date(2024, 8, 1)),
    )
)
