"""The words of commitments: who promises what, on what condition, until when, and how it stands."""

from enum import StrEnum


class Party(StrEnum):
    ENTERPRISE = "enterprise"
    DISTRICT = "district"


PARTY_LABELS = {Party.ENTERPRISE: "企业承诺", Party.DISTRICT: "政府承诺"}


class Measure(StrEnum):
    """What a promise is counted in."""

    MONEY = "money"
    PERSONS = "persons"
    AREA = "area"
    MONEY_PER_MU = "money_per_mu"
    DATE = "date"
    PERCENT = "percent"


MEASURE_LABELS = {
    Measure.MONEY: "金额（元）",
    Measure.PERSONS: "人数",
    Measure.AREA: "面积（亩）",
    Measure.MONEY_PER_MU: "亩均金额（元/亩）",
    Measure.DATE: "按期达到",
    Measure.PERCENT: "完成比例（%）",
}


class ClauseKind(StrEnum):
    INVESTMENT = "investment"
    START = "start"
    PRODUCTION = "production"
    OUTPUT = "output"
    TAX = "tax"
    JOBS = "jobs"
    INTENSITY = "intensity"
    OTHER = "other"
    LAND = "land"
    FACTORY = "factory"
    INFRASTRUCTURE = "infrastructure"
    SUBSIDY = "subsidy"
    SUPPORT = "support"

    @property
    def party(self) -> Party:
        """Whose promise this is."""
        return Party.DISTRICT if self in _BY_DISTRICT else Party.ENTERPRISE

    @property
    def measure(self) -> Measure:
        """What it is counted in."""
        return _MEASURES[self]

    @property
    def by_hand(self) -> bool:
        """Is what was done entered with the clause itself? Everything else follows from other facts."""
        return self.measure in (Measure.AREA, Measure.PERCENT)


_BY_DISTRICT = frozenset(
    {ClauseKind.LAND, ClauseKind.FACTORY, ClauseKind.INFRASTRUCTURE, ClauseKind.SUBSIDY, ClauseKind.SUPPORT}
)
_MEASURES = {
    ClauseKind.INVESTMENT: Measure.MONEY,
    ClauseKind.START: Measure.DATE,
    ClauseKind.PRODUCTION: Measure.DATE,
    ClauseKind.OUTPUT: Measure.MONEY,
    ClauseKind.TAX: Measure.MONEY,
    ClauseKind.JOBS: Measure.PERSONS,
    ClauseKind.INTENSITY: Measure.MONEY_PER_MU,
    ClauseKind.OTHER: Measure.PERCENT,
    ClauseKind.LAND: Measure.AREA,
    ClauseKind.FACTORY: Measure.PERCENT,
    ClauseKind.INFRASTRUCTURE: Measure.PERCENT,
    ClauseKind.SUBSIDY: Measure.MONEY,
    ClauseKind.SUPPORT: Measure.PERCENT,
}

CLAUSE_KIND_LABELS = {
    ClauseKind.INVESTMENT: "投资",
    ClauseKind.START: "开工",
    ClauseKind.PRODUCTION: "投产",
    ClauseKind.OUTPUT: "年产值",
    ClauseKind.TAX: "年税收",
    ClauseKind.JOBS: "用工",
    ClauseKind.INTENSITY: "投资强度",
    ClauseKind.OTHER: "其他义务",
    ClauseKind.LAND: "供地",
    ClauseKind.FACTORY: "厂房",
    ClauseKind.INFRASTRUCTURE: "基础设施配套",
    ClauseKind.SUBSIDY: "补贴奖励",
    ClauseKind.SUPPORT: "服务保障",
}


class Condition(StrEnum):
    NONE = "none"
    STAGE = "stage"
    CLAUSE = "clause"
    MEASURE = "measure"


CONDITION_LABELS = {
    Condition.NONE: "无条件",
    Condition.STAGE: "项目达到某阶段",
    Condition.CLAUSE: "另一条款已履行",
    Condition.MEASURE: "某项成效达到数额",
}


class Reached(StrEnum):
    """What a condition can ask to have reached."""

    FUNDS = "funds"
    FIXED_ASSET_INVESTMENT = "fixed_asset_investment"
    PAID_IN_CAPITAL = "paid_in_capital"
    OUTPUT = "output"
    TAX = "tax"
    LOCAL_CONTRIBUTION = "local_contribution"
    JOBS = "jobs"


REACHED_LABELS = {
    Reached.FUNDS: "到位资金",
    Reached.FIXED_ASSET_INVESTMENT: "固定资产投资",
    Reached.PAID_IN_CAPITAL: "实缴资本",
    Reached.OUTPUT: "年产值",
    Reached.TAX: "年税收",
    Reached.LOCAL_CONTRIBUTION: "年地方贡献",
    Reached.JOBS: "新增用工",
}

YEARLY = frozenset({Reached.OUTPUT, Reached.TAX, Reached.LOCAL_CONTRIBUTION})
"""Promised and reached by the year; everything else adds up over the years."""


class Anchor(StrEnum):
    """What a due date can be counted from."""

    SIGNING = "signing"
    START = "start"
    PRODUCTION = "production"
    CLAUSE = "clause"
    CONDITION = "condition"


ANCHOR_LABELS = {
    Anchor.SIGNING: "协议签订",
    Anchor.START: "项目开工",
    Anchor.PRODUCTION: "项目投产",
    Anchor.CLAUSE: "另一条款履行",
    Anchor.CONDITION: "条件成就",
}


class Span(StrEnum):
    DAYS = "days"
    MONTHS = "months"


SPAN_LABELS = {Span.DAYS: "日", Span.MONTHS: "个月"}


class ClauseState(StrEnum):
    """How a clause stands on a day."""

    NOT_DUE = "not_due"
    CONDITION_NOT_MET = "condition_not_met"
    DUE = "due"
    PARTLY = "partly"
    FULFILLED = "fulfilled"
    OVERDUE = "overdue"
    STOPPED = "stopped"
    WAIVED = "waived"
    REPLACED = "replaced"
    VOID = "void"

    @property
    def is_open(self) -> bool:
        """Does somebody still have to keep it?"""
        return self in OPEN


OPEN = frozenset(
    {
        ClauseState.NOT_DUE,
        ClauseState.CONDITION_NOT_MET,
        ClauseState.DUE,
        ClauseState.PARTLY,
        ClauseState.OVERDUE,
    }
)

CLAUSE_STATE_LABELS = {
    ClauseState.NOT_DUE: "未到期",
    ClauseState.CONDITION_NOT_MET: "条件未成就",
    ClauseState.DUE: "到期",
    ClauseState.PARTLY: "部分履行",
    ClauseState.FULFILLED: "已履行",
    ClauseState.OVERDUE: "逾期",
    ClauseState.STOPPED: "停止执行",
    ClauseState.WAIVED: "豁免",
    ClauseState.REPLACED: "已被补充协议替代",
    ClauseState.VOID: "作废",
}


class Setting(StrEnum):
    """What a person can set a clause to, with a reason."""

    STOPPED = "stopped"
    WAIVED = "waived"


SETTING_LABELS = {Setting.STOPPED: "停止执行", Setting.WAIVED: "豁免"}


class PaymentState(StrEnum):
    APPLIED = "applied"
    CHECKED = "checked"
    APPROVED = "approved"
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


PAYMENT_STATE_LABELS = {
    PaymentState.APPLIED: "已申请",
    PaymentState.CHECKED: "已审核",
    PaymentState.APPROVED: "已批准",
    PaymentState.PAID: "已拨付",
    PaymentState.REFUSED: "不予兑现",
    PaymentState.WITHDRAWN: "已撤回",
}

CLAIMED = frozenset({PaymentState.APPLIED, PaymentState.CHECKED, PaymentState.APPROVED, PaymentState.PAID})
"""States in which an application takes its part of what was promised."""
