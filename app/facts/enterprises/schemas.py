from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.facts.enterprises.models import ListingCode, Ownership
from app.kernel.calendar import Day
from app.kernel.codes import IndustryClass, RegionCode, Uscc
from app.kernel.money import Yuan, YuanOut
from app.kernel.names import squash
from app.kernel.paging import PageQuery
from app.kernel.text import Line, Paragraph

NUMBER = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _named(text: str) -> str:
    # Names are compared by their letters alone: one of signs only would equal every other such name.
    if not squash(text):
        raise PydanticCustomError("no_letters", "名称须含文字")
    return text


def _phone(text: str) -> str:
    if sum(character.isascii() and character.isdigit() for character in text) < 5:
        raise PydanticCustomError("phone", "不是电话号码，例如 13812341234 或 023-79311234 转 8001")
    return text


Name = Annotated[Line, AfterValidator(_named)]
Short = Annotated[Line, StringConstraints(max_length=60)]
Remark = Annotated[Line, StringConstraints(max_length=300)]
Reason = Annotated[Line, StringConstraints(max_length=500)]
# Stars are refused: what was read masked must not be written back.
Phone = Annotated[
    Line, StringConstraints(max_length=30, pattern=r"^[+0-9()（）转分机、,/ -]+$"), AfterValidator(_phone)
]
Website = Annotated[Line, StringConstraints(pattern=r"^https?://[^\s<>\"']+$")]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _not_null(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("null_forbidden", "不得为空")
    return value


# -- what hangs on an enterprise -----------------------------------------------------------------------------------


class AliasIn(Input):
    """Another name of the enterprise."""

    alias: Name = Field(description="别名：简称、曾用名、媒体用名", examples=["正阳新材"])


class ListingIn(Input):
    """Membership of a list in one year."""

    code: ListingCode = Field(description="榜单", examples=["china_500"])
    year: int = Field(ge=1955, le=2200, description="榜单年度", examples=[2020])
    rank: int | None = Field(None, ge=1, le=1_000_000, description="名次；榜单不排名次时不填", examples=[128])
    published_on: Day | None = Field(None, description="发布日期", examples=["2020-07-27"])


class ContactIn(Input):
    """A person at the enterprise."""

    name: Short = Field(description="姓名", examples=["李工"])
    title: Short | None = Field(None, description="职务", examples=["投资部经理"])
    phone: Phone | None = Field(None, description="电话", examples=["13812341234"])
    note: Remark | None = Field(None, description="备注", examples=["每周一在渝"])


class ContactPatch(Input):
    """What changes of a contact; null clears."""

    name: Short | None = Field(None, description="姓名", examples=["李工"])
    title: Short | None = Field(None, description="职务", examples=["总经理"])
    phone: Phone | None = Field(None, description="电话", examples=["13812341234"])
    note: Remark | None = Field(None, description="备注", examples=["每周一在渝"])

    _name_stays = field_validator("name")(_not_null)


class AliasOut(BaseModel):
    id: int = Field(description="编号", examples=[3])
    alias: str = Field(description="别名", examples=["正阳新材"])


class ListingOut(BaseModel):
    id: int = Field(description="编号", examples=[5])
    code: ListingCode = Field(description="榜单", examples=["china_500"])
    year: int = Field(description="榜单年度", examples=[2020])
    rank: int | None = Field(description="名次", examples=[128])
    published_on: date | None = Field(description="发布日期", examples=["2020-07-27"])


class ContactOut(BaseModel):
    id: int = Field(description="编号", examples=[7])
    name: str = Field(description="姓名", examples=["李工"])
    title: str | None = Field(description="职务", examples=["投资部经理"])
    phone: str | None = Field(description="电话；无权查看者所见中间数字为 *", examples=["138****1234"])
    note: str | None = Field(description="备注", examples=["每周一在渝"])


# -- the enterprise ------------------------------------------------------------------------------------------------


class EnterpriseIn(Input):
    """A new enterprise."""

    name: Name = Field(description="名称", examples=["重庆市黔江区正阳新材料有限公司"])
    uscc: Uscc | None = Field(None, description="统一社会信用代码，18 位", examples=["91350100M000100Y43"])
    ownership: Ownership = Field(description="企业性质", examples=["private"])
    region: RegionCode | None = Field(None, description="来源地，行政区划代码", examples=["330000"])
    industry: IndustryClass | None = Field(None, description="国民经济行业代码", examples=["C3042"])
    parent_id: NUMBER | None = Field(None, description="母公司的编号", examples=[12])
    registered_capital: Yuan | None = Field(None, description="注册资本，元", examples=["50000000.00"])
    website: Website | None = Field(None, description="网址", examples=["https://example.com"])
    note: Paragraph | None = Field(None, description="备注", examples=["2019 年西洽会结识"])
    aliases: list[Name] = Field(default_factory=list, max_length=50, description="别名", examples=[["正阳新材"]])
    listings: list[ListingIn] = Field(default_factory=list, max_length=100, description="上榜情况", examples=[[]])
    contacts: list[ContactIn] = Field(default_factory=list, max_length=50, description="联系人", examples=[[]])

    @model_validator(mode="after")
    def _each_listing_once(self) -> Self:
        if len({(item.code, item.year) for item in self.listings}) < len(self.listings):
            raise PydanticCustomError("listing_twice", "同一榜单同一年度只能填一次")
        return self


class EnterprisePatch(Input):
    """What changes of an enterprise; null clears."""

    name: Name | None = Field(None, description="名称", examples=["重庆市黔江区正阳新材料有限公司"])
    uscc: Uscc | None = Field(None, description="统一社会信用代码，18 位", examples=["91350100M000100Y43"])
    ownership: Ownership | None = Field(None, description="企业性质", examples=["private"])
    region: RegionCode | None = Field(None, description="来源地，行政区划代码", examples=["330000"])
    industry: IndustryClass | None = Field(None, description="国民经济行业代码", examples=["C3042"])
    parent_id: NUMBER | None = Field(None, description="母公司的编号", examples=[12])
    registered_capital: Yuan | None = Field(None, description="注册资本，元", examples=["50000000.00"])
    website: Website | None = Field(None, description="网址", examples=["https://example.com"])
    note: Paragraph | None = Field(None, description="备注", examples=["2019 年西洽会结识"])

    _these_stay = field_validator("name", "ownership")(_not_null)


class EnterpriseRef(BaseModel):
    """Another enterprise, named."""

    id: int = Field(description="编号", examples=[12])
    name: str = Field(description="名称", examples=["正阳控股集团有限公司"])


class EnterpriseRow(BaseModel):
    """An enterprise in a list."""

    id: int = Field(description="编号", examples=[18])
    name: str = Field(description="名称", examples=["重庆市黔江区正阳新材料有限公司"])
    uscc: str | None = Field(description="统一社会信用代码", examples=["91350100M000100Y43"])
    ownership: Ownership = Field(description="企业性质", examples=["private"])
    region: str | None = Field(description="来源地，行政区划代码", examples=["330000"])
    industry: str | None = Field(description="国民经济行业代码", examples=["C3042"])
    parent_id: int | None = Field(description="母公司的编号", examples=[12])
    parent_name: str | None = Field(description="母公司的名称", examples=["正阳控股集团有限公司"])
    registered_capital: YuanOut | None = Field(description="注册资本，元", examples=["50000000.00"])
    website: str | None = Field(description="网址", examples=["https://example.com"])
    merged_into_id: int | None = Field(description="已并入的企业的编号", examples=[None])
    version: int = Field(description="行版本", examples=[1])


class EnterpriseOut(BaseModel):
    """An enterprise with everything that hangs on it."""

    id: int = Field(description="编号", examples=[18])
    name: str = Field(description="名称", examples=["重庆市黔江区正阳新材料有限公司"])
    uscc: str | None = Field(description="统一社会信用代码", examples=["91350100M000100Y43"])
    ownership: Ownership = Field(description="企业性质", examples=["private"])
    region: str | None = Field(description="来源地，行政区划代码", examples=["330000"])
    industry: str | None = Field(description="国民经济行业代码", examples=["C3042"])
    registered_capital: YuanOut | None = Field(description="注册资本，元", examples=["50000000.00"])
    website: str | None = Field(description="网址", examples=["https://example.com"])
    note: str | None = Field(description="备注", examples=["2019 年西洽会结识"])
    parent: EnterpriseRef | None = Field(description="母公司")
    children: list[EnterpriseRef] = Field(description="子公司，按名称排列，不含已合并的")
    merged_into: EnterpriseRef | None = Field(description="已并入的企业；不为空者只读")
    aliases: list[AliasOut] = Field(description="别名")
    listings: list[ListingOut] = Field(description="上榜情况，新的在前")
    contacts: list[ContactOut] = Field(description="联系人")
    version: int = Field(description="行版本", examples=[1])


class EnterpriseFilter(PageQuery):
    """What the list of enterprises can be asked."""

    q: str | None = Field(None, max_length=100, description="名称或别名的一部分、拼音或首字母", examples=["zyxcl"])
    uscc: Uscc | None = Field(None, description="统一社会信用代码", examples=["91350100M000100Y43"])
    ownership: tuple[Ownership, ...] | None = Field(None, description="企业性质，可重复", examples=[["private"]])
    region: RegionCode | None = Field(None, description="来源地；省、市代码包含其下各级", examples=["500000"])
    industry: IndustryClass | None = Field(None, description="行业；门类、大类包含其下各级", examples=["C30"])
    listing: tuple[ListingCode, ...] | None = Field(None, description="曾上的榜单，可重复", examples=[["china_500"]])
    parent_id: NUMBER | None = Field(None, description="母公司的编号", examples=[12])
    merged: bool = Field(False, description="true 时只列已并入其他企业的", examples=[False])


# -- duplicates and merging ----------------------------------------------------------------------------------------


class DuplicateCheck(Input):
    """What is known of an enterprise before it is entered."""

    name: Name | None = Field(None, description="名称", examples=["黔江正阳新材料"])
    uscc: Uscc | None = Field(None, description="统一社会信用代码，18 位", examples=["91350100M000100Y43"])
    parent_id: NUMBER | None = Field(None, description="母公司的编号", examples=[12])

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.uscc is None and self.parent_id is None:
            raise PydanticCustomError("nothing_asked", "名称、统一社会信用代码、母公司至少填一项")
        return self


class Candidate(BaseModel):
    """An enterprise that may be the same."""

    id: int = Field(description="编号", examples=[18])
    name: str = Field(description="名称", examples=["重庆市黔江区正阳新材料有限公司"])
    uscc: str | None = Field(description="统一社会信用代码", examples=["91350100M000100Y43"])
    ownership: Ownership = Field(description="企业性质", examples=["private"])
    region: str | None = Field(description="来源地，行政区划代码", examples=["330000"])
    reasons: list[str] = Field(
        description="same_uscc 代码相同，same_name 名称或别名相同，similar_name 名称相近，same_parent 母公司相同",
        examples=[["similar_name", "same_parent"]],
    )
    score: int | None = Field(description="名称相近程度，0 至 100；不相近者为空", examples=[92])


class Candidates(BaseModel):
    """Possible duplicates, the likeliest first."""

    items: list[Candidate] = Field(description="可能重复的企业")


class MergeIn(Input):
    """Into which enterprise, and why."""

    into: NUMBER = Field(description="保留的企业的编号", examples=[12])
    reason: Reason = Field(description="理由", examples=["同一企业，更名前后各录一次"])


class UndoIn(Input):
    """Why a merge is taken back."""

    reason: Reason | None = Field(None, description="理由", examples=["并非同一企业"])


class MergeOut(BaseModel):
    """The trace of a merge."""

    id: int = Field(description="合并的编号，撤销时用", examples=[4])
    kept: EnterpriseRef = Field(description="保留的企业")
    merged: EnterpriseRef = Field(description="被并入的企业")
    reason: str = Field(description="理由", examples=["同一企业，更名前后各录一次"])
    at: datetime = Field(description="合并时间", examples=["2026-11-24T02:00:00.000000Z"])
    by: int = Field(description="合并人的编号", examples=[2])
    by_name: str | None = Field(description="合并人", examples=["王芳"])
    undone_at: datetime | None = Field(description="撤销时间；空为未撤销", examples=[None])
    undone_by: int | None = Field(description="撤销人的编号", examples=[None])
    moved: dict[str, int] = Field(description="各类移动了多少条", examples=[{"aliases": 2, "contacts": 1}])
    warnings: list[str] = Field(description="须留意之处", examples=[[]])


class Merges(BaseModel):
    """An enterprise's merges, newest first."""

    items: list[MergeOut] = Field(description="以该企业为保留方或被并方的合并")
