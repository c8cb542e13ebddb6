from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.calendar import Day
from app.kernel.money import YuanOut

BODY = "政策内容，结构见 GET /rules/reward_policies 的 json_schema"
LINE_KIND = (
    "base 基数、floor 起点、band 分档、amount 定额、multiplier 倍数、size 规模、cap 封顶、alternative 备选、"
    "rounding 舍去尾数"
)
LineKind = Literal["base", "floor", "band", "amount", "multiplier", "size", "cap", "alternative", "rounding"]
ProjectCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,20}$")]


class PoliciesAsked(BaseModel):
    """Of which day the policies are asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Day | None = Field(None, description="哪一天有效的政策；不填为今天", examples=["2026-11-24"])


class PoliciesOut(BaseModel):
    """The policies of one version, in the spelling that a new version is saved in."""

    version: int | None = Field(description="版本号；0 为随软件提供的空版本，null 为示例", examples=[3])
    valid_from: date | None = Field(description="生效日期；null 为一向有效，或为示例", examples=["2026-01-01"])
    policies: list[dict[str, Any]] = Field(description="全部政策，" + BODY)


TRIAL_EXAMPLE: Any = {
    "body": {
        "policies": [
            {
                "code": "investment", "label": "按固定资产投资", "basis": "征求意见稿", "cap": "500000",
                "options": [
                    {
                        "code": "investment", "label": "按固定资产投资", "base": "fixed_asset_investment",
                        "shape": {"shape": "slab", "bands": [
                            {"start": "0", "end": "10000000", "rate": "5"}, {"start": "10000000", "rate": "1"},
                        ]},
                    }
                ],
            }
        ]
    },
    "period": "2020",
}  # fmt: skip


class PolicyTrialIn(BaseModel):
    """Policies to be tried, in a body or a version that was saved, on projects signed in a period or named."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [TRIAL_EXAMPLE]})

    body: dict[str, Any] | None = Field(None, description=BODY, examples=[TRIAL_EXAMPLE["body"]])
    version: int | None = Field(
        None, ge=0, le=2**31 - 1, description="已保存的版本号，与 body 二者择一", examples=[None]
    )
    period: str | None = Field(
        None, max_length=30, description="期间：其中签约的项目；与 projects 二者择一", examples=["2020"]
    )
    projects: tuple[ProjectCode, ...] | None = Field(
        None, min_length=1, max_length=500, description="项目编号", examples=[None]
    )
    as_of: Day | None = Field(None, description="计奖基数截至哪一天；不填为今天", examples=["2026-11-24"])
    explain: bool = Field(False, description="true 时逐项给出计算过程", examples=[False])
    limit: int = Field(100, ge=1, le=500, description="至多列出多少个项目；合计仍含全部", examples=[100])


class PolicyTrialLine(BaseModel):
    """One step of a calculation."""

    kind: LineKind = Field(description=LINE_KIND, examples=["band"])
    text: str = Field(description="说明", examples=["1000万元以下的部分：1000万元 × 5‰ = 50000元"])
    amount: YuanOut = Field(description="使奖励增减多少（元）", examples=["50000.00"])


class PolicyTrialAmount(BaseModel):
    """What a policy gives for a project, beside what the policy of the same code in force gives."""

    policy: str = Field(description="政策编码", examples=["investment"])
    option: str | None = Field(description="采用的计算方法；null 为试算的版本没有这项政策", examples=["investment"])
    amount: YuanOut = Field(description="试算的奖励（元）", examples=["50000.00"])
    before: YuanOut = Field(description="按现行版本（元）；没有同编码的政策为零", examples=["0.00"])
    difference: YuanOut = Field(description="相差（元）", examples=["50000.00"])
    lines: list[PolicyTrialLine] | None = Field(description="计算过程，仅在 explain 时给出", examples=[None])


class PolicyTrialRow(BaseModel):
    """One project."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["低氘水生产"])
    signed_on: date | None = Field(description="签约日期", examples=["2020-08-18"])
    amounts: list[PolicyTrialAmount] = Field(description="各项政策")


class PolicyTrialTotal(BaseModel):
    """What a policy gives for all projects tried."""

    policy: str = Field(description="政策编码", examples=["investment"])
    label: str = Field(description="名称", examples=["按固定资产投资"])
    rewarded: int = Field(description="有奖励的项目数", examples=[12])
    rewarded_before: int = Field(description="按现行版本有奖励的项目数", examples=[0])
    amount: YuanOut = Field(description="试算的奖励合计（元）", examples=["600000.00"])
    before: YuanOut = Field(description="按现行版本合计（元）", examples=["0.00"])
    difference: YuanOut = Field(description="相差（元）", examples=["600000.00"])


class PolicyTrialOut(BaseModel):
    """What policies would give. Policies that exclude each other are each computed as if alone; caps of a year and of
    a fund hold for each project alone."""

    as_of: date = Field(description="计奖基数截至", examples=["2026-11-24"])
    compared_with: int = Field(description="现行版本号", examples=[0])
    tried: int = Field(description="试算的项目数", examples=[46])
    withheld: int = Field(description="您无权查看、未计入合计的项目数", examples=[0])
    totals: list[PolicyTrialTotal] = Field(description="各项政策的合计")
    items: list[PolicyTrialRow] = Field(description="各项目，奖励或相差大的在前，至多 limit 个")
