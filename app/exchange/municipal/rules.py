"""What is reported to the city: which records from which stage on, by which names and codes, what is withheld."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.exchange.municipal.wire.contract import PAYLOADS, RecordKind
from app.facts.enterprises.models import Ownership
from app.facts.projects.terms import Sector, Stage, Status
from app.kernel.calendar import Period
from app.kernel.rules import RuleKind, declare

Word = Annotated[str, Field(min_length=1, max_length=64)]


class Report(BaseModel):
    """What one channel reports. Sealed projects are never reported, and no field holds personal data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payload_version: Word = Field("1", description="载荷版本", examples=["1"])
    kinds: tuple[RecordKind, ...] = Field(tuple(RecordKind), description="报送哪些记录")
    from_stage: Stage = Field(Stage.FRAMEWORK, description="项目自哪一阶段起报送")
    internal: bool = Field(True, description="内部项目是否报送")
    archived: bool = Field(False, description="已归档的历史项目是否报送")
    ended: Literal["status", "delete"] = Field("status", description="终止、退出的项目：照报状态，或从市级删除")
    weeks_from: str = Field("2020-W01", pattern=r"^\d{4}-W\d{2}$", description="每周情况自哪一周起报送")
    weeks: Literal["closed", "current"] = Field("closed", description="每周情况在截止后报送，或当周即报")
    fields: dict[RecordKind, dict[str, Word]] = Field(
        default_factory=dict,
        description="字段映射：本系统字段 → 市级字段；有此项时只报所列字段，没有则以本系统字段名全报",
        examples=[{"project": {"code": "XMBH", "name": "XMMC", "signed_on": "QYRQ", "contract_amount": "HTJE"}}],
    )
    withheld: dict[RecordKind, tuple[str, ...]] = Field(
        default_factory=dict, description="不报的字段", examples=[{"project": ["place"]}]
    )
    stages: dict[Stage, Word] = Field(default_factory=dict, description="阶段代码映射，须写全或不写", examples=[{}])
    statuses: dict[Status, Word] = Field(default_factory=dict, description="状态代码映射")
    sectors: dict[Sector, Word] = Field(default_factory=dict, description="产业类别代码映射")
    ownerships: dict[Ownership, Word] = Field(default_factory=dict, description="企业性质代码映射")
    regions: dict[Annotated[str, Field(pattern=r"^\d{6}$")], Word] = Field(
        default_factory=dict, description="行政区划代码映射；未列的照原样", examples=[{"500114": "QJ"}]
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for kind in {*self.fields, *self.withheld}:
            known = PAYLOADS[kind].model_fields
            for name in {*self.fields.get(kind, ()), *self.withheld.get(kind, ())}:
                if name not in known:
                    raise ValueError(f"{kind} 没有字段 {name}")
            names = list(self.fields.get(kind, {}).values())
            if len(set(names)) != len(names):
                raise ValueError(f"{kind} 有两个字段映射到同一名称")
            if not set(self.fields.get(kind, known)) - set(self.withheld.get(kind, ())):
                raise ValueError(f"{kind} 没有一个字段可报；不报这类记录请从 kinds 中去掉")
        for what, words in (("stages", Stage), ("statuses", Status), ("sectors", Sector), ("ownerships", Ownership)):
            given = getattr(self, what)
            if given and (missing := [str(word) for word in words if word not in given]):
                raise ValueError(f"{what} 缺少：{'、'.join(missing)}")
        try:
            Period.parse(self.weeks_from)
        except ValueError as error:
            raise ValueError(f"weeks_from：{error}") from None
        return self


class MunicipalReport(BaseModel):
    """Channels by their code; one that is not named reports by `default`."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "channels": {
                        "city": {
                            "from_stage": "signed",
                            "withheld": {"project": ["place", "jobs"]},
                            "statuses": {"active": "1", "paused": "2", "terminated": "3", "withdrawn": "4"},
                        }
                    }
                }
            ]
        },
    )

    default: Report = Field(default_factory=Report, description="未单独列出的通道报送的内容")
    channels: dict[Word, Report] = Field(
        default_factory=dict, description="各通道报送的内容；通道代码见上报设置文件（MUNICIPAL_FILE）"
    )

    def of(self, channel: str) -> Report:
        return self.channels.get(channel, self.default)


REPORTED = declare(RuleKind("municipal_report", "上报市级的内容", MunicipalReport, shipped=MunicipalReport()))
