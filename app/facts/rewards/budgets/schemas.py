from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.money import Yuan, YuanOut
from app.kernel.text import Line


class BudgetIn(BaseModel):
    """What a fund may spend on rewards in a year."""

    model_config = ConfigDict(extra="forbid")

    label: Annotated[Line, StringConstraints(max_length=60)] = Field(
        description="资金名称", examples=["区级招商奖励资金"]
    )
    amount: Yuan = Field(description="预算（元）", examples=["2000000.00"])
    basis: Annotated[Line, StringConstraints(max_length=200)] = Field(
        description="依据（文号）", examples=["年初预算批复（示例）"]
    )


class BudgetOut(BaseModel):
    """A budget as it stands."""

    fund: str = Field(description="资金编码", examples=["district_reward"])
    year: int = Field(description="年度", examples=[2026])
    label: str = Field(description="资金名称", examples=["区级招商奖励资金"])
    amount: YuanOut = Field(description="预算（元）")
    committed: YuanOut = Field(description="已批准未支付（元）")
    paid: YuanOut = Field(description="已支付（元），追回的已减去")
    left: YuanOut = Field(description="余额（元）：预算减已批准未支付与已支付")
    asked: YuanOut = Field(description="已申报尚未批准（元）")
    basis: str = Field(description="依据", examples=["年初预算批复（示例）"])
    set_at: datetime = Field(description="设定时间", examples=["2026-01-20T02:00:00Z"])
    set_by: str = Field(description="设定人", examples=["王审核"])


class BudgetList(BaseModel):
    """Budgets, the newest year first."""

    items: list[BudgetOut] = Field(description="按年度与资金排列")


class BudgetFilter(BaseModel):
    """Which budgets are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int | None = Field(None, ge=2000, le=2199, description="年度", examples=[2026])
