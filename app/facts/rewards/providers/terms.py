"""What lead providers are, and by which papers they are known."""

from enum import StrEnum


class ProviderKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


PROVIDER_KIND_LABELS = {ProviderKind.PERSON: "个人", ProviderKind.ORGANISATION: "单位"}


class IdentityKind(StrEnum):
    """What an identity number is of: a resident's card (GB 11643), another paper, or the code of an organisation."""

    RESIDENT = "resident"
    OTHER = "other"
    USCC = "uscc"


IDENTITY_KIND_LABELS = {
    IdentityKind.RESIDENT: "居民身份证",
    IdentityKind.OTHER: "护照或其他证件",
    IdentityKind.USCC: "统一社会信用代码",
}
