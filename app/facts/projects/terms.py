"""The words of a project: kinds, stages, statuses, sectors, and their Chinese labels."""

from enum import StrEnum


class Kind(StrEnum):
    INDUSTRY_LAND = "industry_land"
    LEASE = "lease"
    SERVICES = "services"
    AGRICULTURE = "agriculture"
    HEADQUARTERS = "headquarters"
    REVITALISATION = "revitalisation"


KIND_LABELS = {
    Kind.INDUSTRY_LAND: "工业（供地）",
    Kind.LEASE: "租赁厂房",
    Kind.SERVICES: "服务业",
    Kind.AGRICULTURE: "农业",
    Kind.HEADQUARTERS: "总部",
    Kind.REVITALISATION: "盘活存量",
}


class Stage(StrEnum):
    """Where a project is; the order of the members is the order of a project's life."""

    LEAD = "lead"
    TALK = "talk"
    FRAMEWORK = "framework"
    SIGNED = "signed"
    REGISTERED = "registered"
    APPROVED = "approved"
    LAND = "land"
    STARTED = "started"
    COMPLETED = "completed"
    PRODUCTION = "production"
    FULL_CAPACITY = "full_capacity"

    @property
    def order(self) -> int:
        return STAGES.index(self)

    @property
    def column(self) -> str:
        """The project's column that holds when this stage was really reached."""
        return f"{self.value}_on"


STAGES = list(Stage)

STAGE_LABELS = {
    Stage.LEAD: "线索",
    Stage.TALK: "在谈",
    Stage.FRAMEWORK: "意向框架",
    Stage.SIGNED: "签约",
    Stage.REGISTERED: "注册落地",
    Stage.APPROVED: "立项",
    Stage.LAND: "供地租赁",
    Stage.STARTED: "开工",
    Stage.COMPLETED: "竣工",
    Stage.PRODUCTION: "投产",
    Stage.FULL_CAPACITY: "达产",
}


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"


STATUS_LABELS = {
    Status.ACTIVE: "推进中",
    Status.PAUSED: "暂缓",
    Status.TERMINATED: "终止",
    Status.WITHDRAWN: "退出",
}


class Confidentiality(StrEnum):
    OPEN = "open"
    INTERNAL = "internal"
    SEALED = "sealed"


CONFIDENTIALITY_LABELS = {
    Confidentiality.OPEN: "公开",
    Confidentiality.INTERNAL: "内部",
    Confidentiality.SEALED: "密封",
}


class Sector(StrEnum):
    AGRICULTURE = "agriculture"
    INDUSTRY = "industry"
    CONSTRUCTION = "construction"
    SERVICES = "services"


SECTOR_LABELS = {
    Sector.AGRICULTURE: "农业",
    Sector.INDUSTRY: "工业",
    Sector.CONSTRUCTION: "建筑业",
    Sector.SERVICES: "服务业",
}


class Channel(StrEnum):
    ONLINE = "online"
    EVENT = "event"
    BY_BUSINESS = "by_business"
    COMMISSIONED = "commissioned"
    STATIONED = "stationed"
    DIRECT = "direct"


CHANNEL_LABELS = {
    Channel.ONLINE: "线上",
    Channel.EVENT: "活动",
    Channel.BY_BUSINESS: "以商招商",
    Channel.COMMISSIONED: "委托",
    Channel.STATIONED: "驻点",
    Channel.DIRECT: "自主",
}


class EnterpriseRole(StrEnum):
    INVESTOR = "investor"
    LANDED = "landed"
    PARTNER = "partner"
    FORMER = "former"


ENTERPRISE_ROLE_LABELS = {
    EnterpriseRole.INVESTOR: "投资方",
    EnterpriseRole.LANDED: "落地企业",
    EnterpriseRole.PARTNER: "合作方",
    EnterpriseRole.FORMER: "原业主",
}


class UnitRole(StrEnum):
    RESPONSIBLE = "responsible"
    COOPERATING = "cooperating"


UNIT_ROLE_LABELS = {UnitRole.RESPONSIBLE: "责任单位", UnitRole.COOPERATING: "协同单位"}
