import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.facts.rewards.providers.terms import IdentityKind, ProviderKind
from app.kernel.paging import PageQuery
from app.kernel.text import Line

_LONG_NUMBER = re.compile(
    r"[0-9](?:[ -]?[0-9]){14,}[ -]?[0-9Xx]?"  # as it is printed on an identity card
    r"|[0-9]{4}(?:[^0-9A-Za-z]{1,2}[0-9]{4}){3}"  # in fours, as on a bank card, whatever stands between them
)


def has_number(text: str) -> bool:
    """May there be somebody's identity number or account in this text, in digits of whichever width?"""
    return _LONG_NUMBER.search(unicodedata.normalize("NFKC", text)) is not None


def no_number(text: str) -> str:
    """Free text is neither sealed nor masked: it takes no number that might be somebody's identity or account."""
    if has_number(text):
        raise PydanticCustomError("personal_number", "此处不加密，请勿填写证件号码或银行账号")
    return text


def _no_stars(text: str) -> str:
    """What was read masked must not be written back."""
    if "*" in text:
        raise PydanticCustomError("masked", "这是遮蔽后的值，请填写完整的号码，或不提交此项")
    return text


def _not_null(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("null_forbidden", "不得为空")
    return value


Name = Annotated[Line, AfterValidator(no_number), StringConstraints(max_length=100)]
Free = Annotated[Line, AfterValidator(no_number), StringConstraints(max_length=500)]
Bank = Annotated[Line, AfterValidator(no_number), StringConstraints(max_length=100)]
Number = Annotated[Line, AfterValidator(_no_stars), StringConstraints(max_length=60)]
Phone = Annotated[
    Line,
    AfterValidator(_no_stars),
    StringConstraints(min_length=5, max_length=30, pattern=r"^[+0-9()（）转分机、,/ -]+$"),
]
Reason = Annotated[Free, StringConstraints(min_length=2, max_length=300)]

KIND = "person 个人、organisation 单位"
IDENTITY_KIND = (
    "证件：resident 居民身份证、other 护照或其他证件、uscc 统一社会信用代码；不填时个人为 resident、单位为 uscc"
)
IDENTITY = "证件号码；加密保存，答复中只显示前三位和后四位"
PHONE = "电话；加密保存，答复中遮蔽"
ACCOUNT = "银行账号；加密保存，答复中只显示后四位"
BANK = "开户行"
NOTE = "备注；不加密，勿填证件号码或账号"


class ProviderIn(BaseModel):
    """A person or an organisation that brings leads."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "person", "name": "张三", "identity": "500114199001011231", "phone": "13812341234"},
            ]
        },
    )

    kind: ProviderKind = Field(description=KIND, examples=["person"])
    name: Name = Field(description="姓名或单位名称", examples=["张三"])
    identity_kind: IdentityKind | None = Field(None, description=IDENTITY_KIND, examples=["resident"])
    identity: Number | None = Field(None, description=IDENTITY, examples=["500114199001011231"])
    phone: Phone | None = Field(None, description=PHONE, examples=["13812341234"])
    account: Number | None = Field(None, description=ACCOUNT, examples=["6222021234567890128"])
    account_bank: Bank | None = Field(None, description=BANK, examples=["工商银行黔江支行"])
    note: Free | None = Field(None, description=NOTE, examples=["某商会秘书长"])


class ProviderPatch(BaseModel):
    """What changes of a provider; null clears. The kind stays what it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Name | None, BeforeValidator(_not_null)] = Field(
        None, description="姓名或单位名称", examples=["张三"]
    )
    identity_kind: Annotated[IdentityKind | None, BeforeValidator(_not_null)] = Field(
        None, description=IDENTITY_KIND, examples=["resident"]
    )
    identity: Number | None = Field(None, description=IDENTITY, examples=["500114199001011231"])
    phone: Phone | None = Field(None, description=PHONE, examples=["13812341234"])
    account: Number | None = Field(None, description=ACCOUNT, examples=["6222021234567890128"])
    account_bank: Bank | None = Field(None, description=BANK, examples=["工商银行黔江支行"])
    note: Free | None = Field(None, description=NOTE, examples=["某商会秘书长"])


class ProviderFilter(PageQuery):
    """What the list of providers can be asked."""

    q: str | None = Field(None, max_length=60, description="姓名或名称的一部分，或其拼音", examples=["张"])
    kind: ProviderKind | None = Field(None, description=KIND, examples=["person"])
    unit: str | None = Field(None, max_length=40, description="登记单位的编码", examples=["qjxw"])


class ProviderRow(BaseModel):
    """One provider in the list. Numbers are masked; six stars stand for what cannot be opened."""

    id: int = Field(description="引资人编号", examples=[12])
    kind: ProviderKind = Field(description=KIND, examples=["person"])
    name: str = Field(description="姓名或单位名称", examples=["张三"])
    identity_kind: IdentityKind = Field(description="证件种类", examples=["resident"])
    identity: str | None = Field(description="证件号码，遮蔽", examples=["500***********1231"])
    phone: str | None = Field(description="电话，遮蔽", examples=["138****1234"])
    account: str | None = Field(description="银行账号，遮蔽", examples=["***************0128"])
    account_bank: str | None = Field(description=BANK, examples=["工商银行黔江支行"])
    unit: str | None = Field(description="登记单位的编码；null 为招商局", examples=["qjxw"])
    unit_name: str | None = Field(description="登记单位", examples=["区经信委"])


class ProviderWarning(BaseModel):
    """Something to look at before money goes out."""

    field: str = Field(description="字段", examples=["account"])
    code: Literal["not_a_card", "shared_account"] = Field(description="编码", examples=["not_a_card"])
    message: str = Field(description="说明", examples=["银行账号不符合银行卡号的校验规则，请核对"])


class ProviderOut(ProviderRow):
    """One provider."""

    note: str | None = Field(description="备注", examples=["某商会秘书长"])
    created_at: datetime = Field(description="登记时间", examples=["2026-11-24T02:00:00Z"])
    created_by: str | None = Field(description="登记人", examples=["王五"])
    warnings: list[ProviderWarning] = Field(description="提示，不妨碍保存")
    version: int = Field(description="行版本", examples=[1])


class ProviderSought(BaseModel):
    """Whom an identity number belongs to. Asked in the body: addresses are logged on the way."""

    model_config = ConfigDict(extra="forbid")

    identity: Number = Field(description="证件号码", examples=["500114199001011231"])


class UnmaskIn(BaseModel):
    """What is to be seen in clear, and why. It is recorded who asked, for what and why."""

    model_config = ConfigDict(extra="forbid")

    fields: tuple[Literal["identity", "phone", "account"], ...] = Field(
        min_length=1, max_length=3, description="要查看的项：identity 证件号码、phone 电话、account 银行账号",
        examples=[["account"]],
    )  # fmt: skip
    reason: Reason = Field(description="理由；写入日志，勿填号码", examples=["办理首期奖励支付"])


class UnmaskOut(BaseModel):
    """What was asked for, in clear. Not kept by any cache."""

    id: int = Field(description="引资人编号", examples=[12])
    name: str = Field(description="姓名或单位名称", examples=["张三"])
    identity: str | None = Field(None, description="证件号码", examples=[None])
    phone: str | None = Field(None, description="电话", examples=[None])
    account: str | None = Field(None, description="银行账号", examples=["6222021234567890128"])
    account_bank: str | None = Field(None, description=BANK, examples=["工商银行黔江支行"])
