from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.rewards.leads.terms import (
    EXCLUSION_LABELS,
    PAPER_KIND_LABELS,
    VERDICT_LABELS,
    Exclusion,
    PaperKind,
    Verdict,
)
from app.facts.rewards.providers.schemas import no_number
from app.identity.units.schemas import CODE_PATTERN
from app.kernel.calendar import PastDay
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Reason = Annotated[Paragraph, AfterValidator(no_number), StringConstraints(max_length=300)]
Remarks = Annotated[Paragraph, AfterValidator(no_number), StringConstraints(max_length=500)]
Said = Annotated[Line, AfterValidator(no_number)]
ProjectCode = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z-]{1,20}$")]
UnitCode = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]


def _once(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(numbers)) < len(numbers):
        raise PydanticCustomError("twice", "同一引资人只列一次")
    return numbers


Providers = Annotated[tuple[Number, ...], Field(min_length=1, max_length=20), AfterValidator(_once)]

KIND = "排除情形：" + "、".join(f"{word.value} {label}" for word, label in EXCLUSION_LABELS.items())
VERDICT = "核查结论：" + "、".join(f"{word.value} {label}" for word, label in VERDICT_LABELS.items())
PAPER_KIND = "材料种类：" + "、".join(f"{word.value} {label}" for word, label in PAPER_KIND_LABELS.items())
INFORMATION = "线索内容：投资方、意向、规模等"
CONTACT = "我区首次与投资方接洽的日期；不填且已关联项目的，取项目的接洽日期或首谈日期"
PAPER = "材料号，须是本线索的材料"

EXAMPLE: Any = {
    "information": "某新材料企业拟在西部选址建厂，计划投资约2亿元", "investor": "某新材料有限公司",
    "received_on": "2026-03-02", "providers": [3],
}  # fmt: skip


class LeadIn(BaseModel):
    """What somebody told of an investment."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    information: Annotated[Paragraph, AfterValidator(no_number), StringConstraints(max_length=4000)] = Field(
        description=INFORMATION, examples=["某新材料企业拟在西部选址建厂，计划投资约2亿元"]
    )
    investor: Said | None = Field(None, description="投资方名称", examples=["某新材料有限公司"])
    received_on: PastDay = Field(description="收到日期，不晚于今天", examples=["2026-03-02"])
    first_contact_on: PastDay | None = Field(None, description=CONTACT, examples=["2026-03-05"])
    providers: Providers = Field(description="引资人编号，一人或数人", examples=[[3]])
    unit: UnitCode | None = Field(
        None, description="受理单位编码；单位联络员不填为本单位，科室不填为招商局", examples=["jxw"]
    )
    project: ProjectCode | None = Field(None, description="线索已成为的项目；可以后再关联", examples=[None])


class LeadLinkIn(BaseModel):
    """Which project a lead became."""

    model_config = ConfigDict(extra="forbid")

    project: ProjectCode = Field(description="项目编号", examples=["500114-2020-0046"])


class LeadConfirmIn(BaseModel):
    """That the investor confirms who brought it here."""

    model_config = ConfigDict(extra="forbid")

    confirmed_on: PastDay = Field(description="确认日期", examples=["2026-04-01"])
    confirmed_by: Said = Field(description="代表投资方确认的人及其职务", examples=["投资部经理"])
    paper: Number = Field(description=f"投资方确认书的{PAPER}", examples=[5])


class LeadWithdrawIn(BaseModel):
    """Why a lead stands no more."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="撤销原因", examples=["登记有误，另行登记"])


class DeclarationIn(BaseModel):
    """What a provider says of every reason why he might not be rewarded."""

    model_config = ConfigDict(extra="forbid")

    provider: Number = Field(description="引资人编号", examples=[3])
    answers: dict[Exclusion, bool] = Field(
        description=f"每一种情形是否属于，须全部填写。{KIND}",
        examples=[{kind.value: False for kind in Exclusion}],
        max_length=len(Exclusion),
    )
    paper: Number | None = Field(None, description=f"承诺书的{PAPER}", examples=[6])


class ExclusionCheckIn(BaseModel):
    """What an officer found."""

    model_config = ConfigDict(extra="forbid")

    provider: Number = Field(description="引资人编号", examples=[3])
    excluded: bool = Field(description="true 属于该情形（不得奖励），false 经核查不属于", examples=[False])
    paper: Number = Field(description=f"核查材料的{PAPER}", examples=[7])
    remarks: Remarks | None = Field(
        None, description="说明；结论与引资人所填不一致时必填", examples=["经组织人事部门书面核查"]
    )


class HonourIn(BaseModel):
    """An honour for a provider."""

    model_config = ConfigDict(extra="forbid")

    provider: Number = Field(description="引资人编号，须是本线索的引资人", examples=[3])
    title: Said = Field(description="荣誉名称", examples=["招商引资先进个人"])
    awarded_on: PastDay = Field(description="授予日期", examples=["2026-12-20"])
    basis: Reason = Field(description="依据（文号）", examples=["区委〔2026〕示例1号"])
    paper: Number | None = Field(None, description=PAPER, examples=[None])


class ProviderRef(BaseModel):
    """A provider, by name."""

    id: int = Field(description="引资人编号", examples=[3])
    kind: str = Field(description="person 个人、organisation 单位", examples=["person"])
    name: str = Field(description="姓名或名称", examples=["张某"])


class RewardPaperOut(BaseModel):
    """A paper of a lead or of its claim."""

    id: int = Field(description="材料号", examples=[5])
    kind: PaperKind = Field(description=PAPER_KIND, examples=["confirmation"])
    filename: str = Field(description="文件名", examples=["确认书.pdf"])
    size: int = Field(description="字节数", examples=[20480])
    media_type: str = Field(description="媒体类型", examples=["application/pdf"])
    sha256: str = Field(description="文件指纹", examples=["9f86d081884c7d65"])
    note: str | None = Field(description="说明", examples=[None])
    uploaded_at: datetime = Field(description="上传时间", examples=["2026-03-02T01:20:00Z"])
    uploaded_by: str = Field(description="上传人", examples=["李工"])


class ExclusionOut(BaseModel):
    """One reason, as it stands for one provider."""

    provider: int = Field(description="引资人编号", examples=[3])
    kind: Exclusion = Field(description=KIND, examples=["relative"])
    label: str = Field(description="名称", examples=["投资人或其合伙人的亲属"])
    declared: bool | None = Field(description="引资人所填；null 尚未填写", examples=[False])
    declaration: int | None = Field(description="承诺书的材料号", examples=[6])
    declared_at: datetime | None = Field(description="填写登记时间", examples=["2026-03-02T01:20:00Z"])
    declared_by: str | None = Field(description="登记人", examples=["李工"])
    verdict: Verdict = Field(description=VERDICT, examples=["clear"])
    paper: int | None = Field(description="核查材料的材料号", examples=[7])
    remarks: str | None = Field(description="核查说明", examples=[None])
    checked_at: datetime | None = Field(description="核查时间", examples=["2026-03-05T01:20:00Z"])
    checked_by: str | None = Field(description="核查人", examples=["王科长"])


class ExclusionList(BaseModel):
    """Every reason for every provider of a lead."""

    items: list[ExclusionOut] = Field(description="按引资人与情形排列")
    clear: bool = Field(description="是否全部核查为不属于：申报的审核以此为前提", examples=[True])


class HonourOut(BaseModel):
    """An honour that was given."""

    id: int = Field(description="编号", examples=[2])
    provider: int = Field(description="引资人编号", examples=[3])
    name: str = Field(description="引资人姓名或名称", examples=["张某"])
    title: str = Field(description="荣誉名称", examples=["招商引资先进个人"])
    awarded_on: date = Field(description="授予日期", examples=["2026-12-20"])
    basis: str = Field(description="依据（文号）", examples=["区委〔2026〕示例1号"])
    paper: int | None = Field(description="材料号", examples=[None])


class ProofOut(BaseModel):
    """Where the log tells of the registration: what was registered earlier has a smaller number."""

    seq: int = Field(description="日志序号：先登记者小", examples=[1024])
    at: datetime = Field(description="日志时间", examples=["2026-03-02T01:20:00Z"])
    hash: str = Field(description="日志校验值，与前一条相连", examples=["9f86d081884c7d65"])


class LeadOut(BaseModel):
    """A lead as it stands."""

    id: int = Field(description="线索编号", examples=[12])
    information: str = Field(description=INFORMATION, examples=["某新材料企业拟在西部选址建厂"])
    investor: str | None = Field(description="投资方名称", examples=["某新材料有限公司"])
    received_on: date = Field(description="收到日期", examples=["2026-03-02"])
    registered_on: date = Field(description="登记日期", examples=["2026-03-02"])
    registered_at: datetime = Field(description="登记时间", examples=["2026-03-02T01:20:00Z"])
    registered_by: str = Field(description="登记人", examples=["李工"])
    first_contact_on: date | None = Field(description=CONTACT, examples=["2026-03-05"])
    late: bool = Field(description="是否逾期登记：按规则晚于首次接洽后的期限", examples=[False])
    rule: str = Field(description="判断逾期所依据的规则版本", examples=["reward_procedure/0"])
    unit: str | None = Field(description="受理单位编码；null 招商局", examples=["jxw"])
    providers: list[ProviderRef] = Field(description="引资人")
    project: str | None = Field(description="成为的项目；null 尚未关联", examples=["500114-2020-0046"])
    project_name: str | None = Field(description="项目名称", examples=["低氘水生产项目"])
    first: bool | None = Field(description="是否为该项目最先登记且未撤销的线索；未关联项目为 null", examples=[True])
    linked_at: datetime | None = Field(description="关联项目的时间", examples=["2026-03-08T01:20:00Z"])
    linked_by: str | None = Field(description="关联人", examples=["李工"])
    confirmed_on: date | None = Field(description="投资方确认日期；null 未确认", examples=["2026-04-01"])
    confirmed_by: str | None = Field(description="代表投资方确认的人", examples=["投资部经理"])
    confirmation: int | None = Field(description="确认书的材料号", examples=[5])
    exclusions_clear: bool = Field(description="排除情形是否全部核查为不属于", examples=[True])
    papers: list[RewardPaperOut] = Field(description="材料")
    honours: list[HonourOut] = Field(description="荣誉")
    withdrawn_at: datetime | None = Field(description="撤销时间；null 未撤销", examples=[None])
    withdrawn_by: str | None = Field(description="撤销人", examples=[None])
    withdrawn_reason: str | None = Field(description="撤销原因", examples=[None])
    proof: ProofOut | None = Field(
        description="登记在日志中的位置，以证明先后；登记的答复中为 null（提交后才有序号），读取时给出"
    )


class LeadRow(BaseModel):
    """A lead in a list."""

    id: int = Field(description="线索编号", examples=[12])
    investor: str | None = Field(description="投资方名称", examples=["某新材料有限公司"])
    received_on: date = Field(description="收到日期", examples=["2026-03-02"])
    registered_at: datetime = Field(description="登记时间", examples=["2026-03-02T01:20:00Z"])
    late: bool = Field(description="是否逾期登记", examples=[False])
    unit: str | None = Field(description="受理单位编码；null 招商局", examples=["jxw"])
    project: str | None = Field(description="成为的项目", examples=["500114-2020-0046"])
    project_name: str | None = Field(description="项目名称", examples=["低氘水生产项目"])
    confirmed_on: date | None = Field(description="投资方确认日期", examples=["2026-04-01"])
    withdrawn_at: datetime | None = Field(description="撤销时间", examples=[None])
    providers: list[ProviderRef] = Field(description="引资人")


class LeadFilter(PageQuery):
    """What of the leads is asked for."""

    project: ProjectCode | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    unit: UnitCode | None = Field(None, description="受理单位编码", examples=["jxw"])
    provider: Number | None = Field(None, description="引资人编号", examples=[3])
    late: bool | None = Field(None, description="只看逾期或未逾期登记的", examples=[False])
    linked: bool | None = Field(None, description="只看已关联或未关联项目的", examples=[True])
    withdrawn: bool | None = Field(None, description="只看已撤销或未撤销的", examples=[False])
