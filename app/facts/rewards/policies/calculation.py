"""What a policy comes to for a project, explained line by line. Pure: nothing is read, nothing rounded but once.

All money is in fen. Between the lines the sum is an exact fraction; a line tells by how much the whole fen of the sum
moved, so that the lines always add up to the result, which is cut once, at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeVar

from app.facts.enterprises.models import LISTING_LABELS, ListingCode
from app.facts.funds.models import FUND_SOURCE_LABELS, FundSource
from app.facts.projects.terms import STAGE_LABELS, Stage
from app.facts.rewards.policies.policy import (
    AmountBand,
    CapBand,
    Condition,
    Fixed,
    Flat,
    Multiplier,
    Option,
    Policy,
    RateBand,
    SizeCaps,
    Slab,
)
from app.facts.rewards.policies.terms import (
    CHOOSING_LABELS,
    REWARD_BASE_LABELS,
    SIZE_BY_LABELS,
    Choosing,
    DueWhen,
    RewardBase,
    RoundDown,
    SizeBy,
)
from app.kernel import money
from app.kernel.money import display, in_unit


@dataclass(frozen=True, slots=True)
class Bases:
    """What is known of one project on a day; money in fen, land in hundredths of a mu.

    Only what was recognised counts, reversals taken off. `listings` are those of the investor and its parent.
    """

    fixed_asset_investment_fen: int = 0
    funds_fen: Mapping[FundSource, int] = field(default_factory=dict)
    paid_in_capital_fen: int = 0
    local_contribution_fen: int = 0
    land_area: int = 0
    registered_capital_fen: int = 0
    investment_fen: int | None = None
    contract_fen: int = 0
    listings: frozenset[ListingCode] = frozenset()

    def of(self, base: RewardBase, sources: Sequence[FundSource] = ()) -> int:
        """One of them, in fen or hundredths of a mu; funds of the named sources only."""
        match base:
            case RewardBase.FIXED_ASSET_INVESTMENT:
                return self.fixed_asset_investment_fen
            case RewardBase.RECOGNISED_FUNDS:
                return sum(fen for source, fen in self.funds_fen.items() if not sources or source in sources)
            case RewardBase.PAID_IN_CAPITAL:
                return self.paid_in_capital_fen
            case RewardBase.LOCAL_CONTRIBUTION:
                return self.local_contribution_fen
            case RewardBase.LAND_AREA:
                return self.land_area
            case RewardBase.REGISTERED_CAPITAL:
                return self.registered_capital_fen


class Line(NamedTuple):
    """One step: what it is, said in Chinese, by how many fen it moves the sum, and the sum after it."""

    kind: str  # base, floor, band, amount, alternative, multiplier, size, cap, rounding
    text: str
    fen: int
    sum_fen: int


class InstalmentPart(NamedTuple):
    """A part of the reward, and what it waits for."""

    label: str
    condition: Condition
    fen: int


@dataclass(frozen=True, slots=True)
class Calculation:
    """What a policy comes to. The fen of the lines add up to `gross_fen`, those of the instalments as well."""

    policy: str
    option: str
    base: RewardBase
    quantity: int  # of the base: fen, or hundredths of a mu
    lines: tuple[Line, ...]
    gross_fen: int
    instalments: tuple[InstalmentPart, ...]


Banded = TypeVar("Banded", RateBand, AmountBand)


class _Sum:
    """An exact running sum that writes its lines."""

    def __init__(self) -> None:
        self.exact = Fraction(0)
        self.lines: list[Line] = []

    def note(self, kind: str, text: str) -> None:
        self.lines.append(Line(kind, text, 0, int(self.exact)))

    def move(self, kind: str, text: str, to: Fraction) -> None:
        before, self.exact = int(self.exact), to
        self.lines.append(Line(kind, text, int(to) - before, int(to)))


def calculate(
    policy: Policy,
    bases: Bases,
    *,
    choice: str | None = None,
    band_fen: int | None = None,
    granted_in_year_fen: int = 0,
    granted_from_fund_fen: int = 0,
) -> Calculation:
    """What this policy gives for these bases.

    `choice` is the alternative that the claimant chose (ValueError for one there is not); without it the higher one
    counts. `band_fen` is the size of the project where caps go by it, by default that of the bases. What the policy
    has granted before in the year, or from the fund, is taken off their caps.
    """
    option, found = _choose(policy, bases, choice, band_fen)
    _cap(found, "本政策年度", policy.cap_per_year, granted_in_year_fen)
    _cap(found, "本政策在该资金中", policy.cap_per_fund, granted_from_fund_fen)
    gross = int(found.exact)
    if policy.rounding is RoundDown.YUAN:
        gross -= gross % 100
    if gross != found.exact:
        word = "元" if policy.rounding is RoundDown.YUAN else "分"
        found.move("rounding", f"舍去不足一{word}的部分", Fraction(gross))
    quantity = bases.of(option.base, option.fund_sources)
    parts = tuple(
        InstalmentPart(part.label, part.condition, fen)
        for part, fen in zip(policy.instalments, _instalments(policy, gross), strict=True)
    )
    return Calculation(policy.code, option.code, option.base, quantity, tuple(found.lines), gross, parts)


def split(total_fen: int, shares: Mapping[int, Decimal]) -> dict[int, int]:
    """A sum divided by shares in percent that add up to exactly 100: each within a fen of its share, nothing lost.

    The fen left over go to the largest remainders, the first named first on a tie. ValueError (Chinese) otherwise.
    """
    if any(not share.is_finite() or share <= 0 for share in shares.values()):
        raise ValueError("分配比例须大于零")
    if sum(shares.values()) != 100:
        raise ValueError("分配比例合计须为 100%")
    return dict(zip(shares, money.split(total_fen, _weights(list(shares.values()))), strict=True))


def _instalments(policy: Policy, gross: int) -> list[int]:
    return money.split(gross, _weights([Decimal(part.percent) for part in policy.instalments]))


def _weights(shares: Sequence[Decimal]) -> list[int]:
    """Exact decimals as whole numbers in the same proportion."""
    places = max(max(0, -int(share.as_tuple().exponent)) for share in shares)
    return [int(share.scaleb(places)) for share in shares]


# -- one alternative -----------------------------------------------------------------------------------------------


def _choose(policy: Policy, bases: Bases, choice: str | None, band_fen: int | None) -> tuple[Option, _Sum]:
    if choice is not None and policy.option(choice) is None:
        raise ValueError("没有这种计算方法")
    found = [(option, _compute(option, bases)) for option in policy.options]
    for option, each in found:
        _multiply_and_cap(policy, option, bases, band_fen, each)
    if len(found) == 1:
        return found[0]
    how = CHOOSING_LABELS[policy.choose]
    chosen = policy.option(choice) if policy.choose is Choosing.CHOSEN and choice is not None else None
    if policy.choose is Choosing.FIRST:
        having = (option for option in policy.options if bases.of(option.base, option.fund_sources) > 0)
        chosen = next(having, policy.options[0])
    elif chosen is None:
        chosen = max(found, key=lambda pair: pair[1].exact)[0]  # among equals the first named
        if policy.choose is Choosing.CHOSEN:
            how = f"{how}，尚未选择，按较高者试算"
    told = "；".join(f"{option.label} {_yuan_of(each.exact)}" for option, each in found)
    taken = next(each for option, each in found if option is chosen)
    taken.note("alternative", f"备选比较（{how}）：{told}。采用“{chosen.label}”")
    return chosen, taken


def _compute(option: Option, bases: Bases) -> _Sum:
    found = _Sum()
    quantity, area = bases.of(option.base, option.fund_sources), option.base is RewardBase.LAND_AREA
    found.note("base", f"计奖基数：{_base_name(option)} {_much(quantity, area)}")
    if option.floor is not None and quantity < option.floor:
        found.note("floor", f"未达起点 {_much(option.floor, area)}，不予奖励")
        return found
    if quantity <= 0:
        found.note("floor", "没有基数，不予奖励")
        return found
    if option.floor is not None:
        found.note("floor", f"已达起点 {_much(option.floor, area)}")
    shape = option.shape
    if isinstance(shape, Slab):
        for band in shape.bands:
            _slab(found, band, quantity, area)
    elif isinstance(shape, Fixed):
        found.move("amount", f"定额 {_yuan(shape.amount)}", Fraction(shape.amount))
    elif isinstance(shape, Flat):
        held = _holding(shape.bands, quantity)
        found.move("band", f"{_stretch(held, area)}：定额 {_yuan(held.amount)}", Fraction(held.amount))
    else:
        rated = _holding(shape.bands, quantity)
        worth = quantity * _ratio(rated.rate, area)
        said = f"{_stretch(rated, area)}按全额：{_much(quantity, area)} × {_rate(rated.rate, area)} = {_yuan_of(worth)}"
        found.move("band", said, worth)
    return found


def _slab(found: _Sum, band: RateBand, quantity: int, area: bool) -> None:
    if quantity <= band.start:
        return
    part = (quantity if band.end is None else min(quantity, band.end)) - band.start
    worth = part * _ratio(band.rate, area)
    said = f"{_stretch(band, area)}的部分：{_much(part, area)} × {_rate(band.rate, area)} = {_yuan_of(worth)}"
    found.move("band", said, found.exact + worth)


@lru_cache(maxsize=1024)
def _ratio(rate: str, area: bool) -> Fraction:
    """Fen for a fen (per mille), or for a hundredth of a mu (yuan a mu)."""
    return Fraction(rate) if area else Fraction(rate) / 1000


def _holding(bands: Sequence[Banded], quantity: int) -> Banded:
    """The band that a quantity lies in: its start belongs to it, its end to the next."""
    return next(band for band in reversed(bands) if band.start <= quantity)


# -- multiplier and caps -------------------------------------------------------------------------------------------


def _multiply_and_cap(policy: Policy, option: Option, bases: Bases, band_fen: int | None, found: _Sum) -> None:
    lifted = Fraction(1)
    multiplier = _multiplier(policy, bases)
    if multiplier is not None and found.exact:
        names = "、".join(LISTING_LABELS[code] for code in multiplier.listings if code in bases.listings)
        factor = Fraction(multiplier.factor)
        found.move("multiplier", f"属{names}：× {multiplier.factor}", found.exact * factor)
        lifted = factor if multiplier.lifts_cap else lifted
    caps = policy.size_caps
    if caps is not None:
        size = _size(caps, option, bases) if band_fen is None else band_fen
        if size is None:
            found.move("size", f"{SIZE_BY_LABELS[caps.by]}未填写，不予奖励", Fraction(0))
            return
        named = f"{SIZE_BY_LABELS[caps.by]} {_much(size, False)}"
        held = next((band for band in reversed(caps.bands) if band.start <= size), None)
        if held is None:
            found.move("size", f"{named}，不足 {_much(caps.bands[0].start, False)}，不予奖励", Fraction(0))
            return
        _cap(found, f"{named}，该档", held.cap, lifted=lifted)
    _cap(found, "单个项目", policy.cap, lifted=lifted)


def _size(caps: SizeCaps, option: Option, bases: Bases) -> int | None:
    match caps.by:
        case SizeBy.INVESTMENT:
            return bases.investment_fen
        case SizeBy.CONTRACT:
            return bases.contract_fen
        case SizeBy.BASE:
            return bases.of(option.base, option.fund_sources)


def _multiplier(policy: Policy, bases: Bases) -> Multiplier | None:
    fitting = [each for each in policy.multipliers if not bases.listings.isdisjoint(each.listings)]
    return max(fitting, key=lambda each: Fraction(each.factor), default=None)


def _cap(found: _Sum, what: str, cap: int | None, granted: int = 0, lifted: Fraction = Fraction(1)) -> None:
    """Cut the sum where it passes a cap, of which some may be granted already."""
    if cap is None:
        return
    limit = Fraction(cap) * lifted
    left = max(Fraction(0), limit - granted)
    if found.exact <= left:
        return
    said = f"{what}封顶 {_yuan_of(limit)}" + (f"，已用 {_yuan(granted)}" if granted else "")
    found.move("cap", f"{said}：调减 {_yuan_of(found.exact - left)}", left)


# -- in words ------------------------------------------------------------------------------------------------------


def _base_name(option: Option) -> str:
    sources = "、".join(FUND_SOURCE_LABELS[source] for source in option.fund_sources)
    return REWARD_BASE_LABELS[option.base] + (f"（{sources}）" if sources else "")


@lru_cache(maxsize=4096)
def _much(quantity: int, area: bool) -> str:
    return f"{in_unit(quantity, '元', 2, trim=True)}亩" if area else display(quantity, "万元", 6, trim=True)


def _yuan(fen: int) -> str:
    return display(fen, "元", 2, trim=True)


def _yuan_of(worth: Fraction) -> str:
    """An exact sum, cut to the fen where it is none."""
    return _yuan(int(worth))


def _rate(rate: str, area: bool) -> str:
    return f"{rate}元/亩" if area else f"{rate}‰"


def _stretch(band: RateBand | AmountBand | CapBand, area: bool) -> str:
    start = _much(band.start, area)
    if band.end is None:
        return f"{start}以上" if band.start else "全部"
    return f"{start}至{_much(band.end, area)}" if band.start else f"{_much(band.end, area)}以下"


def said_condition(condition: Condition) -> str:
    """What an instalment waits for, in words."""
    if condition.when is DueWhen.COMPLETION:
        return f"投资完成率达到 {condition.percent}%"
    if condition.when is DueWhen.STAGE and condition.stage is not None:
        return f"项目{STAGE_LABELS[Stage(condition.stage)]}"
    return "审定后"
