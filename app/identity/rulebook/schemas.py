from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.access import Permission
from app.kernel.calendar import Day
from app.kernel.text import Line


class VersionOut(BaseModel):
    """One version of a rule. Number 0 ships with the software and rules where nothing newer does."""

    number: int = Field(description="版本号", examples=[1])
    state: Literal["shipped", "draft", "active", "withdrawn"] = Field(description="状态", examples=["active"])
    valid_from: date | None = Field(description="生效日期；null 为一向有效", examples=["2024-08-01"])
    valid_to: date | None = Field(description="最后一天；null 为至下一版本生效前", examples=[None])
    basis: str = Field(description="依据", examples=["渝招商〔2024〕12号"])
    body: dict[str, Any] = Field(description="规则内容，结构见 json_schema")
    saved_by: str | None = Field(description="起草人", examples=["officer"])
    saved_at: datetime | None = Field(description="起草时间", examples=["2024-07-20T02:00:00Z"])
    activated_by: str | None = Field(description="启用人（不得为起草人）", examples=["reviewer"])
    activated_at: datetime | None = Field(description="启用时间", examples=["2024-07-25T02:00:00Z"])


class RuleRow(BaseModel):
    """One kind of rule in the list."""

    code: str = Field(description="编码", examples=["sector"])
    label: str = Field(description="名称", examples=["产业类别"])
    activate: Permission = Field(description="启用新版本所需的权限", examples=["rule.activate"])
    in_force: int = Field(description="今天有效的版本号", examples=[0])
    drafts: int = Field(description="待启用的草稿数", examples=[1])


class RulePage(BaseModel):
    """Every kind of rule."""

    items: list[RuleRow] = Field(description="规则")
    next: None = Field(None, description="恒为 null：不分页")


class RuleOut(RuleRow):
    """One kind of rule with all its versions."""

    json_schema: dict[str, Any] = Field(description="规则内容的 JSON Schema，可据以画出表单")
    versions: list[VersionOut] = Field(description="全部版本，新的在前")


class VersionIn(BaseModel):
    """A draft of a new version."""

    model_config = ConfigDict(extra="forbid")

    body: dict[str, Any] = Field(description="完整的规则内容", examples=[{}])
    valid_from: Day = Field(description="生效日期", examples=["2026-01-01"])
    valid_to: Day | None = Field(None, description="最后一天，不填为至下一版本", examples=[None])
    basis: Annotated[Line, Field(max_length=300)] = Field(description="依据", examples=["渝招商〔2026〕1号"])


class RuleWithdrawIn(BaseModel):
    """Why a draft is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(min_length=2, max_length=200)] = Field(description="理由", examples=["另行起草"])
