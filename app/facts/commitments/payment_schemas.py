"""What is said of the payment of subsidies (兑现), in and out."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from app.facts.commitments.schemas import Input, Note, Number, ProjectCode, Reason, UnitCode
from app.facts.commitments.terms import PAYMENT_STATE_LABELS, PaymentState
from app.kernel.calendar import PastDay
from app.kernel.money import Yuan, YuanOut
from app.kernel.paging import PageQuery

STATE = "状态：" + "、".join(f"{word.value} {label}" for word, label in PAYMENT_STATE_LABELS.items())


class SubsidyApplyIn(Input):
    """A part of a subsidy that is asked for."""

    amount: Yuan = Field(description="申请兑现的金额（元），大于零", examples=["1000000.00"])
    note: Note | None = Field(None, description="申请说明", examples=["首期五成"])
    evidence: Number | None = Field(None, description="该项目的材料号", examples=[None])


class SubsidyStepIn(Input):
    """A remark on a step."""

    note: Note | None = Field(None, description="意见", examples=["材料齐全"])


class SubsidyEndIn(Input):
    """Why it is not paid."""

    reason: Reason = Field(description="理由", examples=["投资额尚待核实"])


class SubsidyPayIn(Input):
    """That it was paid."""

    paid_on: PastDay = Field(description="拨付日期，不早于批准之日", examples=["2026-11-20"])
    evidence: Number | None = Field(None, description="拨付凭证的材料号", examples=[8])


class SubsidyTakeBackIn(Input):
    """What is taken back of a payment."""

    amount: Yuan = Field(description="追回的金额（元），不多于该笔余额", examples=["400000.00"])
    on: PastDay = Field(description="追回日期，不早于拨付日期", examples=["2026-11-22"])
    reason: Reason = Field(description="追回原因", examples=["投资冲销后未达条件"])
    evidence: Number | None = Field(None, description="凭证的材料号", examples=[None])


class SubsidyOut(BaseModel):
    """A part of a subsidy from its application to its payment."""

    id: int = Field(description="兑现编号", examples=[9])
    commitment: int = Field(description="条款编号", examples=[31])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["杏鲍菇工厂化种植"])
    unit: str | None = Field(description="条款的责任单位编码", examples=["czj"])
    unit_name: str | None = Field(description="责任单位", examples=["区财政局"])
    state: PaymentState = Field(description=STATE, examples=["paid"])
    amount: YuanOut = Field(description="金额（元）；追回为负")
    takes_back: int | None = Field(description="所追回的兑现编号；null 不是追回", examples=[None])
    note: str | None = Field(description="申请说明", examples=["首期五成"])
    applied_on: date = Field(description="申请日期", examples=["2026-11-02"])
    applied_by: str = Field(description="申请人", examples=["演示·单位联络员"])
    checked_on: date | None = Field(description="审核日期", examples=["2026-11-05"])
    checked_by: str | None = Field(description="审核人", examples=["王芳"])
    check_note: str | None = Field(description="审核意见", examples=["材料齐全"])
    approved_on: date | None = Field(description="批准日期", examples=["2026-11-10"])
    approved_by: str | None = Field(description="批准人", examples=["演示·审核人"])
    approval_note: str | None = Field(description="批准意见", examples=[None])
    paid_on: date | None = Field(description="拨付或追回日期", examples=["2026-11-20"])
    deferred_to: date | None = Field(description="顺延计入的日期；null 按拨付日期计入", examples=[None])
    paid_by: str | None = Field(description="办理拨付的人", examples=["王芳"])
    evidence: int | None = Field(description="材料号", examples=[8])
    reason: str | None = Field(description="不予兑现、撤回或追回的理由", examples=[None])
    rule: str | None = Field(description="批准所据规则的版本", examples=["commitments/0"])


class SubsidyFilter(PageQuery):
    """What the list of payments can be asked."""

    sorts: ClassVar[tuple[str, ...]] = ()

    commitment: Number | None = Field(None, description="条款编号", examples=[31])
    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    unit: UnitCode | None = Field(None, description="条款的责任单位编码", examples=["czj"])
    state: PaymentState | None = Field(None, description=STATE, examples=["approved"])
    paid_in: Annotated[int, Field(ge=1949, le=2199)] | None = Field(
        None, description="拨付的年份", examples=[2026]
    )  # fmt: skip


class ObstacleOut(BaseModel):
    """Something that forbids a payment."""

    code: str = Field(description="代码，与办理时被拒的 code 相同", examples=["no_valid_basis"])
    message: str = Field(description="说明", examples=["没有政策依据（文号）"])


class PayableOut(BaseModel):
    """Whether a clause can be paid on a day, how much is left, and what forbids it."""

    commitment: int = Field(description="条款编号", examples=[31])
    as_of: date = Field(description="所据日期", examples=["2026-11-24"])
    payable: bool = Field(description="能否兑现", examples=[False])
    obstacles: list[ObstacleOut] = Field(description="阻碍，逐项")
    promised: YuanOut | None = Field(description="承诺金额（元）")
    paid: YuanOut = Field(description="已拨付（元），扣除追回")
    under_way: YuanOut = Field(description="已申请而未拨付（元）")
    left: YuanOut = Field(description="尚可申请（元）")
