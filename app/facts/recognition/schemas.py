from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.evidence.terms import EvidenceKind, EvidenceState
from app.facts.recognition.terms import EntryState
from app.kernel.calendar import PastDay
from app.kernel.text import Paragraph

Note = Annotated[Paragraph, StringConstraints(max_length=500)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]
EntryNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _once(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(numbers)) < len(numbers):
        raise PydanticCustomError("twice", "同一份材料只列一次")
    return numbers


Papers = Annotated[tuple[EntryNumber, ...], Field(max_length=20), AfterValidator(_once)]

PAPERS = "作为依据的材料号，须是本项目未退回、未被替换的材料"
FOLLOWS = "重新申报时填写被退回的那一行的记录号；原行及其退回原因保留"
STATE = "状态：declared 已申报（不计入）、recognised 已认定（计入）、rejected 已退回"


class PapersIn(BaseModel):
    """Further papers that an entry rests on."""

    model_config = ConfigDict(extra="forbid")

    evidence: Annotated[Papers, Field(min_length=1)] = Field(description=PAPERS, examples=[[8]])


class RecogniseIn(BaseModel):
    """That an entry counts from now on."""

    model_config = ConfigDict(extra="forbid")

    shared_reason: Reason | None = Field(
        None,
        description="同一份材料（按文件内容判断）另作其他记录的依据时必填：为何两笔都成立",
        examples=["一张进账单含两期出资，两笔合计与单据金额一致"],
    )


class EntryRejectIn(BaseModel):
    """Why an entry does not count."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="退回原因，申报人可见", examples=["进账单户名与投资企业不符"])


class ReverseIn(BaseModel):
    """Why an entry is taken back, and when that counts."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="冲销原因", examples=["同一笔进账单重复登记"])
    on: PastDay | None = Field(None, description="冲销日期；不填为今天。不早于原记录的日期", examples=["2020-12-01"])
    restate: bool = Field(
        False, description="true：原记录本身有误，冲销计入原日期，所属期间的数据随之重述", examples=[False]
    )


class PaperOut(BaseModel):
    """A paper that an entry rests on, as it is now."""

    id: int = Field(description="材料号", examples=[7])
    kind: EvidenceKind = Field(description="材料种类", examples=["bank_slip"])
    filename: str = Field(description="文件名", examples=["进账单.pdf"])
    dated_on: date = Field(description="材料上载明的日期", examples=["2020-09-30"])
    state: EvidenceState = Field(
        description="submitted 待核验、verified 已核验、rejected 已退回", examples=["verified"]
    )
    replaced_by: int | None = Field(description="被哪一份替换；null 未被替换", examples=[None])


class LackOut(BaseModel):
    """A paper that the rule asks for and that is not there, or not verified yet."""

    any_of: list[EvidenceKind] = Field(description="有其中一种即可", examples=[["capital_verification", "bank_slip"]])
    waits: bool = Field(description="true：已上传，尚待核验", examples=[False])
    message: str = Field(description="中文说明", examples=["缺验资报告或进账单"])


class SharedOut(BaseModel):
    """Another entry that rests on the very same file."""

    evidence: int = Field(description="本行的材料号", examples=[7])
    project: str | None = Field(description="另一行所属项目；null 为您无权查看的项目", examples=["500114-2020-0031"])
    entry: int | None = Field(description="另一行的记录号；null 同上", examples=[28])


class EntryOut(BaseModel):
    """What every line of a ledger tells of how it came to count."""

    state: EntryState = Field(description=STATE, examples=["recognised"])
    deferred_to: date | None = Field(
        description="顺延计入的日期：发生日期所在期间在认定前已锁定；null 为按发生日期计入", examples=[None]
    )
    evidence: list[PaperOut] = Field(description="作为依据的材料")
    lacking: list[LackOut] = Field(
        description="按规则还缺的材料：已申报的补齐后才能认定；已认定而有缺的须复核（历史导入的除外）"
    )
    shared: list[SharedOut] = Field(description="以同一份文件为依据的其他记录（未退回、未冲销的）")
    shared_reason: str | None = Field(description="认定时对此的说明", examples=[None])
    reverses: int | None = Field(description="冲销的是哪一行；null 不是冲销", examples=[None])
    reversed_by: int | None = Field(description="被哪一行冲销；null 未被冲销", examples=[None])
    follows: int | None = Field(description="由被退回的哪一行重新申报而来", examples=[None])
    followed_by: int | None = Field(description="退回后由哪一行重新申报", examples=[None])
    reason: str | None = Field(description="退回或冲销的原因", examples=[None])
    note: str | None = Field(description="备注", examples=["首期注册资本"])
    imported: bool = Field(description="是否由台账导入；导入的历史记录不受材料规则约束", examples=[False])
    entered_at: datetime = Field(description="申报时间", examples=["2020-10-08T01:20:00Z"])
    entered_by: str | None = Field(description="申报人", examples=["李工"])
    judged_at: datetime | None = Field(description="认定或退回的时间", examples=["2020-10-09T02:00:00Z"])
    judged_by: str | None = Field(description="认定人或退回人", examples=["王审核"])
    rule: str | None = Field(description="认定所依据的规则版本", examples=["fund_evidence/0"])
