"""The words that reward policies are written in, with their Chinese labels."""

from enum import StrEnum


class RewardBase(StrEnum):
    """What a reward is measured by: money, but for the area of land."""

    FIXED_ASSET_INVESTMENT = "fixed_asset_investment"
    RECOGNISED_FUNDS = "recognised_funds"
    PAID_IN_CAPITAL = "paid_in_capital"
    LOCAL_CONTRIBUTION = "local_contribution"
    LAND_AREA = "land_area"
    REGISTERED_CAPITAL = "registered_capital"


REWARD_BASE_LABELS = {
    RewardBase.FIXED_ASSET_INVESTMENT: "固定资产投资",
    RewardBase.RECOGNISED_FUNDS: "到位资金",
    RewardBase.PAID_IN_CAPITAL: "实缴资本",
    RewardBase.LOCAL_CONTRIBUTION: "地方贡献",
    RewardBase.LAND_AREA: "用地面积",
    RewardBase.REGISTERED_CAPITAL: "注册资本",
}


class Choosing(StrEnum):
    """Which of several alternatives counts; never more than one."""

    HIGHER = "higher"
    CHOSEN = "chosen"
    FIRST = "first"


CHOOSING_LABELS = {
    Choosing.HIGHER: "取较高者",
    Choosing.CHOSEN: "由申领人选择",
    Choosing.FIRST: "取排在最前且有基数者",
}


class SizeBy(StrEnum):
    """What tells the size of a project where caps go by it."""

    INVESTMENT = "investment"
    CONTRACT = "contract"
    BASE = "base"


SIZE_BY_LABELS = {SizeBy.INVESTMENT: "计划总投资", SizeBy.CONTRACT: "合同金额", SizeBy.BASE: "计奖基数"}


class DueWhen(StrEnum):
    """What an instalment waits for."""

    APPROVAL = "approval"
    COMPLETION = "completion"
    STAGE = "stage"


DUE_WHEN_LABELS = {
    DueWhen.APPROVAL: "审定后",
    DueWhen.COMPLETION: "投资完成率达到",
    DueWhen.STAGE: "项目到达阶段",
}


class ClaimFrom(StrEnum):
    """From which day the time to claim runs."""

    THRESHOLD = "threshold"
    SIGNED = "signed"
    STARTED = "started"
    COMPLETED = "completed"
    PRODUCTION = "production"


CLAIM_FROM_LABELS = {
    ClaimFrom.THRESHOLD: "达到起点之日",
    ClaimFrom.SIGNED: "签约之日",
    ClaimFrom.STARTED: "开工之日",
    ClaimFrom.COMPLETED: "竣工之日",
    ClaimFrom.PRODUCTION: "投产之日",
}


class VersionBy(StrEnum):
    """On which day the version of a policy must be in force to apply."""

    LEAD_REGISTERED = "lead_registered"
    THRESHOLD_MET = "threshold_met"


VERSION_BY_LABELS = {VersionBy.LEAD_REGISTERED: "线索登记之日", VersionBy.THRESHOLD_MET: "达到起点之日"}


class RoundDown(StrEnum):
    """What a reward is cut to; never rounded up."""

    FEN = "fen"
    YUAN = "yuan"


ROUND_DOWN_LABELS = {RoundDown.FEN: "舍去不足一分", RoundDown.YUAN: "舍去不足一元"}
