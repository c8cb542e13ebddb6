"""The words of gates: what they ask for, why something is missing, what became of a request to pass; in Chinese."""

from enum import StrEnum


class GateField(StrEnum):
    """What of a project's record a gate may ask for."""

    CHANNEL = "channel"
    OFFICER = "officer"
    UNIT = "unit"
    PLACE = "place"
    PARK = "park"
    INDUSTRY = "industry"
    ORIGIN_REGION = "origin_region"
    INVESTMENT = "investment"
    LAND_MU = "land_mu"
    JOBS = "jobs"
    OUTPUT = "output"
    TAX = "tax"
    NATIONAL_CODE = "national_code"
    ENTERPRISE = "enterprise"
    USCC = "uscc"


GATE_FIELD_LABELS = {
    GateField.CHANNEL: "招商渠道",
    GateField.OFFICER: "项目负责人",
    GateField.UNIT: "责任单位",
    GateField.PLACE: "建设地点",
    GateField.PARK: "园区",
    GateField.INDUSTRY: "行业代码",
    GateField.ORIGIN_REGION: "来源地",
    GateField.INVESTMENT: "总投资",
    GateField.LAND_MU: "用地面积",
    GateField.JOBS: "承诺用工",
    GateField.OUTPUT: "承诺产值",
    GateField.TAX: "承诺税收",
    GateField.NATIONAL_CODE: "国家项目代码",
    GateField.ENTERPRISE: "投资企业",
    GateField.USCC: "统一社会信用代码",
}


class Lack(StrEnum):
    """Why a requirement is not met."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    NOT_VERIFIED = "not_verified"
    NOT_REQUESTED = "not_requested"
    UNDER_WAY = "under_way"
    TOO_LATE = "too_late"
    CONDITIONS_OPEN = "conditions_open"
    NOT_PASSED = "not_passed"
    NOT_OF_KIND = "not_of_kind"


LACK_LABELS = {
    Lack.MISSING: "缺少",
    Lack.INCOMPLETE: "不完整",
    Lack.NOT_VERIFIED: "待核验",
    Lack.NOT_REQUESTED: "未送审",
    Lack.UNDER_WAY: "审查中",
    Lack.TOO_LATE: "结论晚于发生日期",
    Lack.CONDITIONS_OPEN: "条件未落实",
    Lack.NOT_PASSED: "未通过",
    Lack.NOT_OF_KIND: "该类型项目没有此阶段",
}


class StageState(StrEnum):
    """Where a stage lies, seen from where the project is."""

    REACHED = "reached"
    PASSED_OVER = "passed_over"
    CURRENT = "current"
    AHEAD = "ahead"
    SKIPPED = "skipped"


STAGE_STATE_LABELS = {
    StageState.REACHED: "已到达",
    StageState.PASSED_OVER: "已越过",
    StageState.CURRENT: "现处",
    StageState.AHEAD: "未到",
    StageState.SKIPPED: "不适用",
}


class OverrideState(StrEnum):
    """What became of a request to pass a closed gate."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"


OVERRIDE_STATE_LABELS = {
    OverrideState.REQUESTED: "待审批",
    OverrideState.APPROVED: "已批准",
    OverrideState.REFUSED: "未批准",
    OverrideState.LAPSED: "已失效",
}
