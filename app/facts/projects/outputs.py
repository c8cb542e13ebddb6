"""A project as it goes out: a row of a list, and everything of the record."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from app.facts.enterprises.models import Ownership
from app.facts.projects.terms import (
    Channel,
    Confidentiality,
    EnterpriseRole,
    Kind,
    Sector,
    Stage,
    Status,
    UnitRole,
)

Money = Annotated[str, Field(pattern=r"^-?\d+\.\d{2}$", examples=["500000000.00"])]


class ProjectRow(BaseModel):
    """A project in a list."""

    code: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["年产5万吨玻纤材料项目"])
    kind: Kind = Field(description="项目类型", examples=["industry_land"])
    stage: Stage = Field(description="阶段", examples=["signed"])
    status: Status = Field(description="状态", examples=["active"])
    confidentiality: Confidentiality = Field(description="密级", examples=["open"])
    sector: Sector = Field(description="产业类别", examples=["industry"])
    chain: str | None = Field(description="产业链", examples=["玻纤材料"])
    channel: Channel | None = Field(description="招商渠道", examples=["by_business"])
    origin_region: str | None = Field(description="来源地，行政区划代码", examples=["330000"])
    park: str | None = Field(description="园区", examples=["正阳工业园区"])
    unit: str | None = Field(description="责任单位编码", examples=["jxw"])
    unit_name: str | None = Field(description="责任单位", examples=["区经济信息委"])
    officer: str | None = Field(description="项目负责人", examples=["李工"])
    leader: str | None = Field(description="牵头区领导", examples=["王副区长"])
    enterprise_id: int | None = Field(description="主要投资方的编号", examples=[12])
    enterprise: str | None = Field(description="主要投资方", examples=["重庆正阳新材料有限公司"])
    ownership: Ownership | None = Field(description="企业性质", examples=["private"])
    investment: Money | None = Field(description="计划总投资，元")
    contract_amount: Money = Field(description="合同引资，元")
    funds_arrived: Money = Field(description="累计到位资金，元")
    signed_on: date | None = Field(description="签约日期（首份正式合同）", examples=["2020-07-08"])
    started_on: date | None = Field(description="开工日期", examples=["2020-09-30"])
    changed_at: AwareDatetime = Field(description="最近修改时间", examples=["2020-09-30T02:11:09.120034Z"])


class ProjectAliasOut(BaseModel):
    id: int = Field(description="记录号", examples=[3])
    alias: str = Field(description="别名", examples=["绿雅杏鲍菇"])


class ProjectEnterpriseOut(BaseModel):
    """An enterprise's part in the project."""

    id: int = Field(description="记录号", examples=[5])
    enterprise_id: int = Field(description="企业编号", examples=[12])
    name: str = Field(description="企业名称", examples=["重庆正阳新材料有限公司"])
    uscc: str | None = Field(description="统一社会信用代码", examples=["91350100M000100Y43"])
    role: EnterpriseRole = Field(description="角色", examples=["investor"])
    main: bool = Field(description="是否主要投资方", examples=[True])


class ProjectUnitOut(BaseModel):
    """A unit's part in the project, from a day until another."""

    unit: str = Field(description="单位编码", examples=["jxw"])
    name: str = Field(description="单位名称", examples=["区经济信息委"])
    role: UnitRole = Field(description="责任或协同", examples=["responsible"])
    valid_from: date = Field(description="自", examples=["2020-01-01"])
    valid_to: date | None = Field(description="至（含）；null 为至今", examples=["2020-06-30"])


class ProjectPlanOut(BaseModel):
    """When a stage is planned to be reached."""

    stage: Stage = Field(description="阶段", examples=["started"])
    planned_on: date = Field(description="计划日期", examples=["2020-10-01"])


class ProjectNoteOut(BaseModel):
    id: int = Field(description="记录号", examples=[9])
    text: str = Field(description="内容", examples=["已对接供电公司，预计下月通电"])
    at: AwareDatetime = Field(description="登记时间", examples=["2020-08-11T01:20:00.000000Z"])
    by_name: str = Field(description="登记人", examples=["李工"])


class ProjectProblemOut(ProjectNoteOut):
    solved_on: date | None = Field(description="解决日期；null 为尚未解决", examples=["2020-08-20"])


class ProjectGrantOut(BaseModel):
    """Sight beyond the rule of the level."""

    user: str | None = Field(description="人员登录名", examples=["leader"])
    user_name: str | None = Field(description="人员姓名", examples=["王副区长"])
    unit: str | None = Field(description="单位编码", examples=["jxw"])
    unit_name: str | None = Field(description="单位名称", examples=["区经济信息委"])
    source: str = Field(description="来由：named 为指定", examples=["named"])


class WarningCode(StrEnum):
    SAME_NAME = "same_name"
    NATIONAL_CODE = "national_code"
    NO_INDUSTRY = "no_industry"


class ProjectWarning(BaseModel):
    """Something odd about a record that was saved all the same."""

    code: WarningCode = Field(
        description="same_name 与另一项目同名，national_code 国家项目代码可疑，no_industry 尚无行业代码",
        examples=["same_name"],
    )
    message: str = Field(description="说明", examples=["与项目 500114-2020-0012「玻纤一期」同名"])


class ProjectOut(ProjectRow):
    """Everything of the record. Agreements, funds, moves and history have addresses of their own."""

    industry: str | None = Field(description="国民经济行业代码", examples=["C3042"])
    industry_edition: str = Field(description="行业代码版本", examples=["2017"])
    sector_reason: str | None = Field(description="手工指定产业类别的理由；null 为按规则得出", examples=[None])
    place: str | None = Field(description="建设地点", examples=["正阳街道群力居委"])
    longitude: float | None = Field(description="经度", examples=[108.7707])
    latitude: float | None = Field(description="纬度", examples=[29.5332])
    land_mu: str | None = Field(description="用地面积，亩", examples=["120.50"])
    jobs: int | None = Field(description="承诺用工，人", examples=[300])
    output: Money | None = Field(description="承诺年产值，元")
    tax: Money | None = Field(description="承诺年税收，元")
    national_code: str | None = Field(description="国家项目代码", examples=["2020-500114-29-03-123456"])
    problem: str | None = Field(description="存在问题（概述）", examples=["用地指标待落实"])
    note: str | None = Field(description="备注", examples=["二期另行签约"])
    lead_on: date | None = Field(description="线索（接洽）日期", examples=["2020-03-12"])
    talk_on: date | None = Field(description="首谈日期", examples=["2020-03-20"])
    framework_on: date | None = Field(description="框架协议日期", examples=["2020-05-06"])
    registered_on: date | None = Field(description="注册落地日期", examples=["2020-07-20"])
    approved_on: date | None = Field(description="立项日期", examples=["2020-08-03"])
    land_on: date | None = Field(description="供地租赁日期", examples=["2020-08-30"])
    completed_on: date | None = Field(description="竣工日期", examples=[None])
    production_on: date | None = Field(description="投产日期", examples=[None])
    full_capacity_on: date | None = Field(description="达产日期", examples=[None])
    first_formal_amount: Money | None = Field(description="首份正式合同金额，元")
    framework_amount: Money = Field(description="框架协议金额，元，不计入合同引资")
    large: bool = Field(description="是否大项目（按现行门槛）", examples=[True])
    tracked_from: date = Field(description="入库日期", examples=["2020-03-12"])
    archived_on: date | None = Field(description="归档日期", examples=[None])
    paused_on: date | None = Field(description="暂缓中的项目：自何日起", examples=[None])
    ended_on: date | None = Field(description="终止或退出日期", examples=[None])
    imported: bool = Field(description="是否由历史台账导入", examples=[False])
    version: int = Field(description="行版本（ETag 的前半）", examples=[7])
    aliases: list[ProjectAliasOut] = Field(description="别名")
    enterprises: list[ProjectEnterpriseOut] = Field(description="企业及其角色")
    units: list[ProjectUnitOut] = Field(description="责任单位与协同单位，含以往")
    plans: list[ProjectPlanOut] = Field(description="计划日期，按阶段先后")
    notes: list[ProjectNoteOut] = Field(description="备注记录，新的在前")
    problems: list[ProjectProblemOut] = Field(description="问题，未解决的在前")
    grants: list[ProjectGrantOut] | None = Field(description="额外可见的人员与单位；单位联络员所见为 null")
    warnings: list[ProjectWarning] = Field(description="可疑之处，不妨碍保存；与他项同名的提示只在新建、改名时给出")
