"""When two projects are suspected to be one."""

from pydantic import BaseModel, ConfigDict, Field

from app.facts.pipeline.duplicates.terms import Suspicion
from app.kernel.rules import RuleKind, declare


class DuplicateRule(BaseModel):
    """Which likenesses must be answered before a project is signed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asks: tuple[Suspicion, ...] = Field(
        description="须答复的情形：same_uscc 参与企业相同、same_name 名称相同、similar_name 名称相近、"
        "same_place_and_amount 地点与金额相同、same_parent 参与企业同属一个母公司",
        examples=[["same_uscc", "same_name", "similar_name"]],
    )
    likeness: int = Field(ge=50, le=100, description="名称相近的门槛（含），100 为相同", examples=[85])
    at_most: int = Field(ge=1, le=200, description="至多列出多少个，最像的在前", examples=[30])


DUPLICATES = declare(
    RuleKind(
        "signing_duplicates",
        "重复签约核对",
        DuplicateRule,
        shipped=DuplicateRule(asks=tuple(Suspicion), likeness=85, at_most=30),
    )
)
