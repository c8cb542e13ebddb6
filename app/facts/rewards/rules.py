"""How a reward is dealt with: how soon a lead is registered, how long a claim is shown in public, who is taxed how."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.rules import RuleKind, declare
from app.kernel.text import Line

Share = Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$")]


class TaxClass(BaseModel):
    """How what one kind of provider is given is taxed at the source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Line = Field(description="税目", examples=["偶然所得"])
    taxable: Share = Field(description="计税部分占奖励的比例", examples=["1"])
    rate: Share = Field(description="代扣税率", examples=["0.2"])


class RewardProcedure(BaseModel):
    """How rewards are dealt with. The version in force on the day of each step holds for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    register_within_days: int = Field(
        ge=0, le=365, description="线索须在首次接洽后多少个自然日内登记，逾期的登记会标明", examples=[7]
    )
    late_leads: Literal["claim", "refuse"] = Field(
        description="逾期登记的线索：claim 仍可申报，refuse 不可申报", examples=["refuse"]
    )
    notice_working_days: int = Field(ge=1, le=60, description="公示期，工作日", examples=[5])
    over_budget: Literal["warn", "refuse"] = Field(
        description="申报与联审时超出预算：warn 只提示，refuse 不受理；批准时超出预算一律不准", examples=["warn"]
    )
    person: TaxClass = Field(description="引资人为个人时")
    organisation: TaxClass = Field(description="引资人为单位时")


PROCEDURE = declare(
    RuleKind(
        "reward_procedure",
        "引资人奖励办理程序",
        RewardProcedure,
        shipped=RewardProcedure(
            register_within_days=7,
            late_leads="refuse",
            notice_working_days=5,
            over_budget="warn",
            person=TaxClass(label="偶然所得", taxable="1", rate="0.2"),
            organisation=TaxClass(label="计入单位收入，不代扣", taxable="0", rate="0"),
        ),
    )
)


def taxed(tax: TaxClass, gross_fen: int) -> tuple[int, int]:
    """Of a reward in fen: what is taxable, and what is withheld; each rounded half up to a fen."""
    taxable = _part(gross_fen, Decimal(tax.taxable))
    return taxable, _part(taxable, Decimal(tax.rate))


def _part(fen: int, share: Decimal) -> int:
    return int((fen * share).quantize(Decimal(1), ROUND_HALF_UP))
