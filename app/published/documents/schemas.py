from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field


class Format(StrEnum):
    """As what a paper is wanted."""

    DOCX = "docx"
    PDF = "pdf"


class TemplateOut(BaseModel):
    """A Word template of a series; number 0 came with the software."""

    number: int = Field(description="模板序号：0 为随软件提供", examples=[1])
    filename: str = Field(description="文件名", examples=["月通报模板.docx"])
    sha256: str = Field(description="文件的 SHA-256", examples=["9f86d081884c7d65"])
    replaced_at: datetime | None = Field(
        description="启用时间，此后发布的各期用它；随软件提供的为 null", examples=["2026-11-24T02:00:00Z"]
    )
    replaced_by: str | None = Field(description="启用人；随软件提供的为 null", examples=["审核人"])


class FieldOut(BaseModel):
    """Something that a template can print."""

    path: str = Field(
        description="写法；`a[].b` 为列表 a 中每一项的 b，模板中写作 {%tr for x in a %} … {{ x.b }} … {%tr endfor %}",
        examples=["leaders.trips[].when"],
    )
    example: str = Field(description="样例中的内容；列表本身为空", examples=["8月18日至20日"])


class TemplatesOut(BaseModel):
    """The templates of a series, and what a template can name."""

    items: list[TemplateOut] = Field(description="全部模板，现用的在最前")
    fields: list[FieldOut] = Field(description="模板可以使用的全部内容")
