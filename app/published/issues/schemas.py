from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.calendar import PeriodText
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

Word = Annotated[Line, StringConstraints(max_length=24)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]

KIND = "期刊种类，例如 monthly_bulletin 月通报"


class IssueIn(BaseModel):
    """What is to be published: the first edition of a period's issue, or a corrected one."""

    model_config = ConfigDict(extra="forbid")

    kind: Word = Field(description=KIND, examples=["monthly_bulletin"])
    period: PeriodText = Field(description="期间，须已结束", examples=["2020-08"])
    reason: Reason | None = Field(
        None, description="更正原因；该期已发布过时必填", examples=["更正第 3 项到位资金，原数漏计一笔"]
    )


class IssueFilter(PageQuery):
    """What the list of issues can be asked."""

    kind: Word | None = Field(None, description=KIND, examples=["monthly_bulletin"])
    year: int | None = Field(None, ge=1949, le=2199, description="期间所属年份", examples=[2020])


class IssueRow(BaseModel):
    """One edition of one issue."""

    id: int = Field(description="记录号", examples=[3])
    kind: str = Field(description=KIND, examples=["monthly_bulletin"])
    period: str = Field(description="期间", examples=["2020-08"])
    year: int = Field(description="年份", examples=[2020])
    number: int = Field(description="期号：当年第几期", examples=[8])
    edition: int = Field(description="版次：1 为首次发布，其后为更正", examples=[1])
    title: str = Field(description="题名", examples=["招商引资工作通报（2020年第8期）"])
    content_hash: str = Field(description="内容的 SHA-256", examples=["9f86d081884c7d65"])
    log_seq: int = Field(description="取数时日志的位置", examples=[1204])
    reason: str | None = Field(description="更正原因；首版为 null", examples=[None])
    published_at: datetime = Field(description="发布时间", examples=["2020-09-03T02:00:00Z"])
    published_by: str = Field(description="发布人", examples=["审核人"])


class IssueOut(IssueRow):
    """An edition with everything that was frozen in it."""

    rules: dict[str, int] = Field(description="所依据的规则 → 版本号（0 为随软件提供）", examples=[{"indicators": 0}])
    log_hash: str = Field(description="该位置的日志哈希", examples=["9f86d081884c7d65"])
    editions: list[int] = Field(description="该期的全部版次", examples=[[1, 2]])
    content: dict[str, Any] = Field(description="冻结的内容，结构随期刊种类", examples=[{"period": "2020-08"}])


class VerificationOut(BaseModel):
    """Whether an edition is what was published."""

    content_hash: str = Field(description="发布时的内容哈希", examples=["9f86d081884c7d65"])
    computed_hash: str = Field(description="现存内容的哈希", examples=["9f86d081884c7d65"])
    log_hash: str = Field(description="发布时该位置的日志哈希", examples=["9f86d081884c7d65"])
    log_hash_now: str | None = Field(description="日志中该位置现在的哈希", examples=["9f86d081884c7d65"])
    genuine: bool = Field(description="内容与日志位置是否均与发布时一致", examples=[True])


class DifferenceOut(BaseModel):
    """A value that is not the same in two editions."""

    path: str = Field(description="内容中的位置", examples=["headline.contract_amount.value"])
    before: Any = Field(description="前一版的值；null 为没有", examples=["120000000.00"])
    after: Any = Field(description="后一版的值；null 为没有", examples=["130000000.00"])


class DifferencesOut(BaseModel):
    """Where two editions of an issue differ."""

    before: int = Field(description="前一版的版次", examples=[1])
    after: int = Field(description="后一版的版次", examples=[2])
    reason: str | None = Field(description="后一版的更正原因", examples=["原数漏计一笔"])
    items: list[DifferenceOut] = Field(description="不同之处")
