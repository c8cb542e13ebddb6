from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, Book, EvidenceKind, EvidenceState
from app.facts.projects.terms import Stage
from app.kernel.text import Line, Paragraph

Note = Annotated[Paragraph, StringConstraints(max_length=500)]
Reason = Annotated[Paragraph, StringConstraints(max_length=300)]
UploadCode = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z_-]{1,64}$")]

KIND = "材料种类：" + "、".join(f"{kind.value} {label}" for kind, label in EVIDENCE_KIND_LABELS.items())
STATE = "状态：submitted 待核验、verified 已核验、rejected 已退回"
STAGE = "所证明的阶段；null 不限于某一阶段"
DATED = "材料上载明的日期（照片为拍摄日期），不晚于今天"
UPLOAD = "分片上传的编号；与 file 二者给一"
FILE = "文件：PDF、OFD、JPEG、PNG、Word、Excel、PowerPoint、TXT、CSV；与 upload 二者给一"


class RejectIn(BaseModel):
    """Why a paper proves nothing."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="退回原因，上传人可见", examples=["进账单户名与投资企业不符"])


class ReliedOnOut(BaseModel):
    """An entry that rests on a paper."""

    book: Book = Field(description="账目：fund 到位资金、outcome 实际成效", examples=["fund"])
    entry: int = Field(description="该账目中的记录号", examples=[31])


class EvidenceOut(BaseModel):
    """A paper and what came of it."""

    id: int = Field(description="材料号", examples=[7])
    kind: EvidenceKind = Field(description=KIND, examples=["bank_slip"])
    stage: Stage | None = Field(description=STAGE, examples=["signed"])
    dated_on: date = Field(description="材料上载明的日期", examples=["2020-09-30"])
    filename: str = Field(description="文件名", examples=["进账单.pdf"])
    size: int = Field(description="字节数", examples=[183520])
    media_type: str = Field(description="文件类型，按内容判定", examples=["application/pdf"])
    sha256: str = Field(description="文件内容的 SHA-256，也是下载时的 ETag", examples=["9f86d081884c7d65"])
    note: str | None = Field(description="说明", examples=["首期注册资本"])
    state: EvidenceState = Field(description=STATE, examples=["verified"])
    uploaded_at: datetime = Field(description="上传时间", examples=["2020-10-08T01:20:00Z"])
    uploaded_by: str = Field(description="上传人", examples=["李工"])
    judged_at: datetime | None = Field(description="核验或退回的时间", examples=["2020-10-09T02:00:00Z"])
    judged_by: str | None = Field(description="核验人", examples=["王审核"])
    reason: str | None = Field(description="退回原因", examples=[None])
    replaces: int | None = Field(description="替换的是哪一份；null 不是替换件", examples=[None])
    replaces_reason: str | None = Field(description="替换原因", examples=[None])
    replaced_by: int | None = Field(description="被哪一份替换；null 未被替换。被替换的不再作为依据", examples=[None])
    relied_on: list[ReliedOnOut] = Field(description="以这份材料为依据的记录；替换件自动承接")


class EvidenceList(BaseModel):
    """All papers of a project, rejected and replaced ones included."""

    items: list[EvidenceOut] = Field(description="按上传先后排列")


class UploadIn(BaseModel):
    """A file that will come in parts."""

    model_config = ConfigDict(extra="forbid")

    name: Line = Field(description="文件名，含扩展名", examples=["可行性研究报告.pdf"])
    size: int = Field(description="文件的字节数", ge=1, le=2**40, examples=[26214400])


class UploadOut(BaseModel):
    """How much of a file is there."""

    id: str = Field(description="上传编号", examples=["up_3f9c"])
    name: str = Field(description="文件名", examples=["可行性研究报告.pdf"])
    size: int = Field(description="申报的字节数", examples=[26214400])
    received: int = Field(description="已收到的字节数：下一分片的 offset", examples=[8388608])
    max_part: int = Field(description="每个分片至多多少字节", examples=[8388608])
    expires_at: datetime = Field(description="此后未继续即作废", examples=["2020-10-09T01:20:00Z"])
