from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.facts.projects.terms import (
    Channel,
    Confidentiality,
    EnterpriseRole,
    Kind,
    Sector,
    Stage,
    Status,
)
from app.kernel import calendar
from app.kernel.calendar import Day
from app.kernel.codes import IndustryClass, NationalProjectCode, RegionCode
from app.kernel.money import Yuan, format_yuan, parse_yuan
from app.kernel.names import squash
from app.kernel.text import Line, Paragraph

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Short = Annotated[Line, StringConstraints(max_length=60)]
Tag = Annotated[Line, StringConstraints(max_length=40)]
UnitCode = Annotated[Line, StringConstraints(max_length=20)]
Reason = Annotated[Line, StringConstraints(max_length=500)]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _name(text: str) -> str:
    # Names are compared by their letters alone: one of signs only would equal every other such name.
    if not squash(text):
        raise PydanticCustomError("no_letters", "名称须含文字")
    return text


def _not_null(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("null_forbidden", "不得为空")
    return value


def _past(day: date) -> date:
    if day > calendar.today():
        raise PydanticCustomError("future", "不得晚于今天")
    if day.year < 1949:
        raise PydanticCustomError("long_ago", "年份不像是真实年份")
    return day


def _hundredths(value: Any) -> int:
    try:
        found = parse_yuan(value)
    except ValueError:
        found = -1
    if not 0 <= found <= 10**12:
        raise PydanticCustomError("land", "应为不为负的数字，最多两位小数")
    return found


Mu = Annotated[
    int,
    BeforeValidator(_hundredths),
    PlainSerializer(format_yuan, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,10}(\.\d{1,2})?$", "examples": ["120.50"]}),
]
"""Land in 亩 with two decimals; the attribute holds hundredths."""


# -- what hangs on a project ---------------------------------------------------------------------------------------


class ProjectAliasIn(Input):
    """Another name of the project."""

    alias: Line = Field(description="别名：媒体或单位对该项目的其他叫法", examples=["绿雅杏鲍菇"])

    _has_letters = field_validator("alias")(_name)


class ProjectEnterpriseIn(Input):
    """An enterprise's part in the project."""

    enterprise_id: Number = Field(description="企业编号", examples=[12])
    role: EnterpriseRole = Field(EnterpriseRole.INVESTOR, description="在项目中的角色", examples=["investor"])
    main: bool = Field(False, description="true 为主要投资方（须为投资方；首个投资方自动为主要投资方）")

    @model_validator(mode="after")
    def _main_invests(self) -> Self:
        if self.main and self.role is not EnterpriseRole.INVESTOR:
            raise PydanticCustomError("main_invests", "主要投资方的角色须为投资方")
        return self


class ProjectUnitsIn(Input):
    """Who is responsible from a day on, and who co-operates."""

    responsible: UnitCode | None = Field(None, description="责任单位编码；不填则不变", examples=["jxw"])
    cooperating: tuple[UnitCode, ...] | None = Field(
        None, max_length=35, description="协同单位编码，完整列表；不填则不变", examples=[["nyw", "zyyq"]]
    )
    valid_from: Day = Field(
        default_factory=calendar.today, description="自哪一天起，不晚于今天；默认今天", examples=["2020-07-01"]
    )
    reason: Reason | None = Field(None, description="原因", examples=["机构改革"])

    _not_ahead = field_validator("valid_from")(_past)


class RemarkIn(Input):
    """A remark, or a problem that somebody must solve."""

    text: Paragraph = Field(description="内容", examples=["已对接供电公司，预计下月通电"])


class ProblemSolvedIn(Input):
    """When a problem was solved."""

    solved_on: Day = Field(default_factory=calendar.today, description="解决日期，不晚于今天", examples=["2020-08-20"])

    _not_ahead = field_validator("solved_on")(_past)


class ProjectStatusIn(Input):
    """A project pauses, ends or goes on."""

    status: Status = Field(description="新状态；active 为恢复推进", examples=["paused"])
    on: Day = Field(default_factory=calendar.today, description="发生日期，不晚于今天", examples=["2020-09-01"])
    reason: Reason = Field(description="原因", examples=["投资方资金未落实"])

    _not_ahead = field_validator("on")(_past)


class ArchiveIn(Input):
    """A project leaves live tracking, or comes back."""

    on: Day = Field(default_factory=calendar.today, description="日期，不晚于今天", examples=["2020-12-31"])
    reason: Reason = Field(description="原因", examples=["已达产，转入企业服务"])

    _not_ahead = field_validator("on")(_past)


class ConfidentialityIn(Input):
    """Who may see the project: its level, and persons and units beyond the rule of that level."""

    level: Confidentiality = Field(description="密级", examples=["internal"])
    users: tuple[Tag, ...] = Field((), max_length=100, description="指定人员的登录名，完整列表", examples=[["leader"]])
    units: tuple[UnitCode, ...] = Field(
        (), max_length=35, description="指定单位的编码，完整列表；密封项目只能指定到人", examples=[["jxw"]]
    )
    reason: Reason = Field(description="原因", examples=["投资方要求保密"])

    @model_validator(mode="after")
    def _sealed_names_persons(self) -> Self:
        if self.level is Confidentiality.SEALED and self.units:
            raise PydanticCustomError("persons_only", "密封项目只能指定到人，不能指定单位")
        if self.level is Confidentiality.SEALED and not self.users:
            raise PydanticCustomError("nobody_named", "密封项目须指定人员")
        return self


# -- the record ----------------------------------------------------------------------------------------------------


class Fields(Input):
    """What people type about a project, apart from its name and kind."""

    industry: IndustryClass | None = Field(None, description="国民经济行业代码（GB/T 4754）", examples=["C3042"])
    sector: Sector | None = Field(
        None, description="产业类别；不填由行业代码按规则得出，手工指定须说明理由", examples=["industry"]
    )
    sector_reason: Line | None = Field(None, description="手工指定产业类别的理由", examples=["按上级口径计入农业"])
    chain: Tag | None = Field(None, description="产业链", examples=["玻纤材料"])
    channel: Channel | None = Field(None, description="招商渠道", examples=["by_business"])
    origin_region: RegionCode | None = Field(None, description="来源地，行政区划代码", examples=["330000"])
    park: Short | None = Field(None, description="园区", examples=["正阳工业园区"])
    place: Line | None = Field(None, description="建设地点", examples=["正阳街道群力居委"])
    longitude: float | None = Field(
        None, ge=73, le=136, allow_inf_nan=False, description="经度，度", examples=[108.7707]
    )
    latitude: float | None = Field(None, ge=3, le=54, allow_inf_nan=False, description="纬度，度", examples=[29.5332])
    officer: Short | None = Field(None, description="项目负责人", examples=["李工"])
    leader: Short | None = Field(None, description="牵头区领导", examples=["王副区长"])
    investment: Yuan | None = Field(None, description="计划总投资，元", examples=["500000000.00"])
    land_mu: Mu | None = Field(None, description="用地面积，亩，最多两位小数", examples=["120.50"])
    jobs: int | None = Field(None, ge=0, le=10_000_000, description="承诺用工，人", examples=[300])
    output: Yuan | None = Field(None, description="承诺年产值，元", examples=["800000000.00"])
    tax: Yuan | None = Field(None, description="承诺年税收，元", examples=["30000000.00"])
    national_code: NationalProjectCode | None = Field(
        None, description="国家项目代码，只查格式，可疑之处见答复的 warnings", examples=["2020-500114-29-03-123456"]
    )
    problem: Paragraph | None = Field(None, description="存在问题（概述）", examples=["用地指标待落实"])
    note: Paragraph | None = Field(None, description="备注", examples=["二期另行签约"])
    plans: dict[Stage, Day | None] = Field(
        default_factory=dict,
        description="各阶段的计划日期；null 删除该阶段的计划",
        examples=[{"started": "2020-10-01"}],
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        given = self.model_fields_set & {"longitude", "latitude"}
        if given and (len(given) == 1 or (self.longitude is None) != (self.latitude is None)):
            raise PydanticCustomError("coordinates", "经度与纬度须同时填写或同时清除")
        return self


class ProjectIn(Fields):
    """A new project: a lead."""

    name: Line = Field(description="项目名称", examples=["年产5万吨玻纤材料项目"])
    kind: Kind = Field(description="项目类型", examples=["industry_land"])
    confidentiality: Confidentiality = Field(
        Confidentiality.OPEN, description="密级：open 或 internal；密封另行办理", examples=["open"]
    )
    unit: UnitCode | None = Field(None, description="责任单位编码", examples=["jxw"])
    cooperating: tuple[UnitCode, ...] = Field((), max_length=35, description="协同单位编码", examples=[["nyw"]])
    enterprises: tuple[ProjectEnterpriseIn, ...] = Field((), max_length=20, description="企业及其角色")
    aliases: tuple[ProjectAliasIn, ...] = Field((), max_length=20, description="别名")
    lead_on: Day = Field(
        default_factory=calendar.today, description="线索获得（接洽）日期，不晚于今天", examples=["2020-03-12"]
    )
    tracked_from: Day = Field(
        default_factory=calendar.today, description="入库日期，不晚于今天；决定项目编号的年份", examples=["2020-03-12"]
    )

    accept_same_name: bool = Field(
        False, description="已有同名（或别名相同）的项目时须为 true，表示确为另一项目；否则答复 409 same_name"
    )

    _has_letters = field_validator("name")(_name)
    _not_ahead = field_validator("lead_on", "tracked_from")(_past)

    @field_validator("confidentiality")
    @classmethod
    def _not_sealed(cls, value: Confidentiality) -> Confidentiality:
        if value is Confidentiality.SEALED:
            raise PydanticCustomError("seal_apart", "新建项目不能直接密封，请建立后由审核人密封")
        return value


class ProjectPatch(Fields):
    """What changes of a project's record; null clears. Stage, amounts and signing follow from moves and papers."""

    name: Line | None = Field(None, description="项目名称", examples=["年产6万吨玻纤材料项目"])
    kind: Kind | None = Field(None, description="项目类型", examples=["lease"])

    @field_validator("name")
    @classmethod
    def _name_stays(cls, value: str | None) -> str:
        return _name(_not_null(value))

    _kind_stays = field_validator("kind")(_not_null)
