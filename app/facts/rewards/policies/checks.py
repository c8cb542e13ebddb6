"""What is wrong with reward policies, field by field, in words: asked before a version is saved or tried."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from app.facts.rewards.policies.policy import (
    AmountBand,
    CapBand,
    Fixed,
    Flat,
    Instalment,
    Multiplier,
    Option,
    Policy,
    RateBand,
    Slab,
)
from app.facts.rewards.policies.terms import DueWhen, RewardBase
from app.kernel.errors import FieldError
from app.kernel.money import PLAUSIBLE_FEN, in_unit

Band = RateBand | AmountBand | CapBand
MOST_PER_MILLE, MOST_PER_MU, MOST_FACTOR = Decimal(1000), Decimal(10_000_000), Decimal(10)


def problems(policies: Sequence[Policy], place: str) -> list[FieldError]:
    """Everything that is wrong, each under the path of its field, which begins with `place`. Empty: all is well."""
    return [FieldError(field=f"{place}.{field}", code=code, message=said) for field, code, said in _all(policies)]


Said = tuple[str, str, str]


def _all(policies: Sequence[Policy]) -> Iterator[Said]:
    codes = [policy.code for policy in policies]
    for number, policy in enumerate(policies):
        if policy.code in codes[:number]:
            yield f"{number}.code", "twice", f"政策编码 {policy.code} 重复"
        for at, other in enumerate(policy.exclusive_with):
            if other == policy.code:
                yield f"{number}.exclusive_with.{at}", "itself", "政策不能与自身互斥"
            elif other not in codes:
                yield f"{number}.exclusive_with.{at}", "unknown_policy", f"本版本没有编码为 {other} 的政策"
        yield from _under(str(number), _policy(policy))


def _under(place: str, said: Iterable[Said]) -> Iterator[Said]:
    for field, code, message in said:
        yield f"{place}.{field}", code, message


def _policy(policy: Policy) -> Iterator[Said]:
    codes = [option.code for option in policy.options]
    for number, option in enumerate(policy.options):
        if option.code in codes[:number]:
            yield f"options.{number}.code", "twice", f"备选编码 {option.code} 重复"
        yield from _under(f"options.{number}", _option(option))
    for number, multiplier in enumerate(policy.multipliers):
        yield from _under(f"multipliers.{number}", _multiplier(multiplier))
    for name in ("cap", "cap_per_year", "cap_per_fund"):
        cap = getattr(policy, name)
        if cap == 0:
            yield name, "not_above_zero", "封顶须大于零；没有封顶则不填"
        elif cap is not None and cap >= PLAUSIBLE_FEN:
            yield name, "implausible", "金额过大，请核对单位是否为元"
    if policy.size_caps is not None:
        yield from _under("size_caps", _bands(policy.size_caps.bands, None))
        for number, band in enumerate(policy.size_caps.bands):
            if band.cap == 0:
                yield f"size_caps.bands.{number}.cap", "not_above_zero", "封顶须大于零"
    yield from _instalments(policy.instalments)


def _option(option: Option) -> Iterator[Said]:
    funds, area = option.base is RewardBase.RECOGNISED_FUNDS, option.base is RewardBase.LAND_AREA
    if option.fund_sources and not funds:
        yield "fund_sources", "not_funds", "资金来源只用于以到位资金为基数的计算方法"
    if len(set(option.fund_sources)) < len(option.fund_sources):
        yield "fund_sources", "twice", "资金来源重复"
    if option.floor == 0:
        yield "floor", "not_above_zero", "起点须大于零；没有起点则不填"
    shape = option.shape
    if isinstance(shape, Fixed):
        if shape.amount == 0:
            yield "shape.amount", "not_above_zero", "定额须大于零"
        return
    begin: int | None = 0
    if isinstance(shape, Slab) and shape.earns_from == "floor":
        begin = option.floor
        if begin is None:
            yield "floor", "missing", "只算超过起点的部分时须填写起点"
    yield from _under("shape", _bands(shape.bands, begin))
    if isinstance(shape, Flat):
        for number, (lower, band) in enumerate(pairwise(shape.bands), start=1):
            if band.amount < lower.amount:
                yield f"shape.bands.{number}.amount", "descending", "高一档的定额不能低于低一档"
        return
    most, unit = (MOST_PER_MU, "每亩") if area else (MOST_PER_MILLE, "千分之")
    for number, rated in enumerate(shape.bands):
        if Decimal(rated.rate) > most:
            yield f"shape.bands.{number}.rate", "out_of_range", f"比例过高：至多{unit} {most}"
    if all(Decimal(rated.rate) == 0 for rated in shape.bands):
        yield "shape.bands.0.rate", "all_zero", "各档比例不能全为零"


def _bands(bands: Sequence[Band], begin: int | None) -> Iterator[Said]:
    """Ascending, without gaps or overlaps, the first from `begin` where that is given, the last without an end."""
    if begin is not None and bands[0].start != begin:
        yield "bands.0.start", "first_band", f"第一档应从 {_number(begin)} 起"
    for number, band in enumerate(bands):
        last = number == len(bands) - 1
        if last and band.end is not None:
            yield f"bands.{number}.end", "last_band", "最后一档不填上限，否则超过上限的没有着落"
        if not last and band.end is None:
            yield f"bands.{number}.end", "missing", "只有最后一档可以没有上限"
        if band.end is not None and band.end <= band.start:
            yield f"bands.{number}.end", "order", "上限应高于下限"
    for number, (lower, band) in enumerate(pairwise(bands), start=1):
        if lower.end is not None and band.start != lower.end:
            code, word = ("gap", "之间有空档") if band.start > lower.end else ("overlap", "重叠")
            yield f"bands.{number}.start", code, f"与上一档{word}：应从 {_number(lower.end)} 起"


def _number(hundredths: int) -> str:
    return in_unit(hundredths, "元", 2, trim=True)


def _multiplier(multiplier: Multiplier) -> Iterator[Said]:
    if not 1 < Decimal(multiplier.factor) <= MOST_FACTOR:
        yield "factor", "out_of_range", f"倍数应大于 1、至多 {MOST_FACTOR}"
    if len(set(multiplier.listings)) < len(multiplier.listings):
        yield "listings", "twice", "榜单重复"


def _instalments(instalments: Sequence[Instalment]) -> Iterator[Said]:
    total = sum(Decimal(part.percent) for part in instalments)
    if total != 100:
        yield "instalments", "not_whole", f"各期比例合计应为 100，现为 {total}"
    reached = Decimal(0)
    for number, part in enumerate(instalments):
        place, condition = f"instalments.{number}", part.condition
        if Decimal(part.percent) == 0:
            yield f"{place}.percent", "not_above_zero", "比例须大于零"
        if condition.when is DueWhen.COMPLETION:
            if condition.percent is None:
                yield f"{place}.condition.percent", "missing", "须填写投资完成率"
            elif not 0 < Decimal(condition.percent) <= 100:
                yield f"{place}.condition.percent", "out_of_range", "投资完成率应大于 0、至多 100"
            elif Decimal(condition.percent) < reached:
                yield f"{place}.condition.percent", "descending", "后一期的投资完成率不能低于前一期"
            else:
                reached = Decimal(condition.percent)
        elif condition.percent is not None:
            yield f"{place}.condition.percent", "not_asked", "投资完成率只用于 completion"
        if condition.when is DueWhen.STAGE and condition.stage is None:
            yield f"{place}.condition.stage", "missing", "须填写阶段"
        if condition.when is not DueWhen.STAGE and condition.stage is not None:
            yield f"{place}.condition.stage", "not_asked", "阶段只用于 stage"
