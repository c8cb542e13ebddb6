from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.pipeline.duplicates.terms import Suspicion
from app.facts.projects.terms import Stage, Status
from app.kernel.money import YuanOut
from app.kernel.text import Line, Paragraph

Why = Annotated[Paragraph, StringConstraints(max_length=500)]
ProjectCode = Annotated[Line, StringConstraints(max_length=20)]

SUSPICIONS = (
    "疑似的原因：same_uscc 参与企业相同、same_name 名称相同、similar_name 名称相近、"
    "same_place_and_amount 地点与金额相同、same_parent 参与企业同属一个母公司"
)
WITHHELD = "另有几个您无权查看的项目疑似重复，须由有权查看者答复"


class DuplicateAnswerIn(BaseModel):
    """Is another project the same one?"""

    model_config = ConfigDict(extra="forbid")

    project: ProjectCode = Field(description="疑似重复的项目编号", examples=["500114-2019-0012"])
    same: bool = Field(description="是否同一项目；true 则本项目不再签约", examples=[False])
    why: Why = Field(description="理由", examples=["同一业主的另一条生产线，地块与合同均不同"])


class DuplicateAnswersIn(BaseModel):
    """Answers to what is suspected, given before the signing."""

    model_config = ConfigDict(extra="forbid")

    answers: list[DuplicateAnswerIn] = Field(min_length=1, max_length=200, description="逐一答复")


class DuplicateAnswerOut(BaseModel):
    """An answer that was given, by whom and why. The newest about two projects goes before older ones."""

    id: int = Field(description="答复号", examples=[3])
    project: str = Field(description="另一项目的编号", examples=["500114-2019-0012"])
    name: str = Field(description="另一项目的名称", examples=["正阳新材料二线"])
    given_on: str = Field(description="在哪个项目上答复的", examples=["500114-2020-0046"])
    same: bool = Field(description="是否同一项目", examples=[False])
    why: str = Field(description="理由", examples=["同一业主的另一条生产线"])
    suspicions: list[Suspicion] = Field(description=f"答复时{SUSPICIONS}", examples=[["same_uscc"]])
    answered_at: datetime = Field(description="答复时间", examples=["2020-08-18T02:11:00Z"])
    answered_by: str = Field(description="答复人", examples=["李四"])


class DuplicateAnswerList(BaseModel):
    """All answers about a project, in the order they were given."""

    items: list[DuplicateAnswerOut] = Field(description="按答复先后排列")
    withheld: int = Field(description="另有几条答复，所涉的另一项目您无权查看", examples=[0])


class SuspectOut(BaseModel):
    """Another project that may be the same one."""

    project: str = Field(description="项目编号", examples=["500114-2019-0012"])
    name: str = Field(description="项目名称", examples=["正阳新材料二线"])
    stage: Stage = Field(description="现处阶段", examples=["signed"])
    status: Status = Field(description="状态", examples=["active"])
    unit_name: str | None = Field(description="责任单位", examples=["区经济信息委"])
    enterprise: str | None = Field(description="主要投资方", examples=["重庆正阳新材料有限公司"])
    place: str | None = Field(description="建设地点", examples=["正阳工业园区"])
    signed_on: date | None = Field(description="签约日期", examples=["2019-11-20"])
    contract_amount: YuanOut = Field(description="合同金额（元）", examples=["120000000.00"])
    suspicions: list[Suspicion] = Field(description=SUSPICIONS, examples=[["same_uscc", "similar_name"]])
    score: int | None = Field(description="名称相近的程度，100 为相同；不相近则为 null", examples=[91])
    answered: bool = Field(description="是否已就这些原因答复", examples=[False])
    answer: DuplicateAnswerOut | None = Field(description="最近的答复")


class SuspectList(BaseModel):
    """What may be the same project, the likeliest first."""

    items: list[SuspectOut] = Field(description="疑似重复的项目")
    withheld: int = Field(description=WITHHELD, examples=[0])
    unanswered: int = Field(description="尚有几个待答复（含无权查看的），答复之前不能签约", examples=[1])
    same: int = Field(description="有几个已答复为同一项目（含无权查看的）；有则不能签约", examples=[0])
    rule: str = Field(description="所据规则版本", examples=["signing_duplicates/0"])
