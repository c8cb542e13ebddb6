"""Which figures are typed in, and what they are."""

from enum import StrEnum


class StatisticCode(StrEnum):
    FIXED_ASSET_INVESTMENT = "fixed_asset_investment"
    MUNICIPAL_RANK = "municipal_rank"


STATISTIC_LABELS = {
    StatisticCode.FIXED_ASSET_INVESTMENT: "全区固定资产投资",
    StatisticCode.MUNICIPAL_RANK: "市级考核位次",
}
STATISTIC_UNITS = {StatisticCode.FIXED_ASSET_INVESTMENT: "元", StatisticCode.MUNICIPAL_RANK: "位"}
