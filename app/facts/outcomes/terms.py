"""The kinds of outcomes, what each is measured in and for which periods it is declared."""

from enum import StrEnum

from app.kernel.calendar import PeriodKind


class OutcomeKind(StrEnum):
    FIXED_ASSET_INVESTMENT = "fixed_asset_investment"
    PAID_IN_CAPITAL = "paid_in_capital"
    OUTPUT = "output"
    TAX = "tax"
    LOCAL_CONTRIBUTION = "local_contribution"
    JOBS = "jobs"

    @property
    def counts_people(self) -> bool:
        """Measured in persons; everything else in money."""
        return self is OutcomeKind.JOBS

    @property
    def periods(self) -> tuple[PeriodKind, ...]:
        """The kinds of periods it may be declared for; none means a day."""
        return _PERIODS[self]


_PERIODS: dict[OutcomeKind, tuple[PeriodKind, ...]] = {
    OutcomeKind.FIXED_ASSET_INVESTMENT: ("month",),
    OutcomeKind.PAID_IN_CAPITAL: (),
    OutcomeKind.OUTPUT: ("month", "year"),
    OutcomeKind.TAX: ("month", "year"),
    OutcomeKind.LOCAL_CONTRIBUTION: ("month", "year"),
    OutcomeKind.JOBS: ("month", "year"),
}

OUTCOME_KIND_LABELS = {
    OutcomeKind.FIXED_ASSET_INVESTMENT: "固定资产投资",
    OutcomeKind.PAID_IN_CAPITAL: "实缴资本",
    OutcomeKind.OUTPUT: "产值",
    OutcomeKind.TAX: "税收",
    OutcomeKind.LOCAL_CONTRIBUTION: "地方贡献",
    OutcomeKind.JOBS: "新增用工",
}

SOURCES = {kind: kind.value for kind in OutcomeKind} | {OutcomeKind.FIXED_ASSET_INVESTMENT: "investment_done"}
"""How figures call the entries of each kind."""
