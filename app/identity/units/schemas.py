from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.identity.units.models import Tier, UnitKind
from app.kernel.calendar import Day
from app.kernel.text import Line

CODE_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,19}$"
UnitCode = Annotated[str, Field(pattern=CODE_PATTERN)]
UnitName = Annotated[Line, Field(max_length=100)]


class UnitFilter(BaseModel):
    """What the list of units can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: Day | None = Field(None, description="名称与类别取该日有效者，默认今天", examples=["2020-10-08"])
    tier: Tier | None = Field(None, description="该日所属类别", examples=["key"])
    kind: UnitKind | None = Field(None, description="单位性质", examples=["bureau"])
    q: str | None = Field(None, description="名称、简称、拼音或首字母的一部分", max_length=100, examples=["经信"])


class TermOut(BaseModel):
    """What a unit was called and how it was ranked, from a day on."""

    name: str = Field(description="名称", examples=["区经济信息委"])
    tier: Tier = Field(description="类别", examples=["key"])
    valid_from: date = Field(description="生效日期", examples=["2015-01-01"])
    valid_to: date | None = Field(description="最后一天；null 为至今", examples=[None])


class UnitRow(BaseModel):
    """One unit in a list."""

    code: str = Field(description="编码", examples=["qjxw"])
    name: str = Field(description="该日的名称", examples=["区经济信息委"])
    tier: Tier = Field(description="该日的类别", examples=["key"])
    kind: UnitKind = Field(description="单位性质", examples=["bureau"])
    aliases: list[str] = Field(description="简称", examples=[["区经信委", "经信委"]])


class UnitPage(BaseModel):
    """All units that match; there are few, so there is one page."""

    items: list[UnitRow] = Field(description="单位，按类别、名称排列")
    next: None = Field(None, description="恒为 null：不分页")


class UnitOut(UnitRow):
    """One unit with its history. `name` and `tier` are today's."""

    terms: list[TermOut] = Field(description="名称与类别的沿革，从早到晚")


class UnitIn(BaseModel):
    """A new unit."""

    model_config = ConfigDict(extra="forbid")

    code: UnitCode = Field(description="编码：小写字母、数字、- _", examples=["qjxw"])
    name: UnitName = Field(description="名称", examples=["区经济信息委"])
    tier: Tier = Field(description="类别", examples=["key"])
    kind: UnitKind = Field(description="单位性质", examples=["bureau"])
    valid_from: Day = Field(description="自哪一天起", examples=["2015-01-01"])
    aliases: list[UnitName] = Field(default_factory=list, description="简称", max_length=50, examples=[["区经信委"]])


class UnitPatch(BaseModel):
    """A change. A new name or tier holds from `valid_from` on: what was before stays as it was."""

    model_config = ConfigDict(extra="forbid")

    name: UnitName | None = Field(None, description="新名称", examples=["区经济和信息化委"])
    tier: Tier | None = Field(None, description="新类别", examples=["assist"])
    valid_from: Day | None = Field(None, description="新名称或新类别的生效日期", examples=["2021-01-01"])
    kind: UnitKind | None = Field(None, description="单位性质", examples=["bureau"])
    aliases: list[UnitName] | None = Field(None, description="全部简称", max_length=50, examples=[["区经信委"]])
