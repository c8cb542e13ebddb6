"""How the rule is written on a board: what is measured, how it becomes a score, what holds for all."""

from fractions import Fraction

from app.figures.indicators import INDICATORS_BY_CODE
from app.identity.units.models import TIER_LABELS
from app.published.boards.rules import ActivityRule, MinMax, RankPoints, ShareOfTarget, SubIndex, plain
from app.published.boards.scoring import ZERO, Part

_LARGE = "大项目门槛"
SHOWN_PLACES = 5


def label(indicator: str) -> str:
    """What an indicator is called where no threshold is at hand."""
    return INDICATORS_BY_CODE[indicator].wording.format(large=_LARGE, of="")


def measure(part: SubIndex) -> str:
    """外出拜访次数×1＋外出天数×0.5."""
    return "＋".join(f"{label(term.indicator)}{_unit(term.indicator)}×{plain(term.factor)}" for term in part.terms)


def _unit(indicator: str) -> str:
    return "（亿元）" if INDICATORS_BY_CODE[indicator].unit == "元" else ""


def method(part: SubIndex, rule: ActivityRule) -> str:
    """How the measure of a sub-index becomes its score."""
    among = "本类别内" if rule.within == "tier" else "全部参评单位中"
    match part.scoring:
        case ShareOfTarget(target=target, tier_targets=others, cap=cap):
            apart = "".join(f"，{TIER_LABELS[tier]}{plain(own)}" for tier, own in others.items())
            return f"完成目标的百分比，目标{plain(target)}{apart}，至多{plain(cap)}分"
        case MinMax(equal=equal):
            return f"功效系数法，{among}比较，60至100分；全部相同时各得{plain(equal)}分"
        case RankPoints(points=points, nothing=nothing):
            shown = "、".join(plain(value) for value in points[:SHOWN_PLACES])
            more = f"……（共{len(points)}档）" if len(points) > SHOWN_PLACES else ""
            none = "" if nothing is None else f"；计量为零的得{plain(nothing)}分"
            return f"按{among}名次得{shown}{more}分，其后同最后一档{none}"


def working(part: Part, scoring: ShareOfTarget | MinMax | RankPoints) -> list[str]:
    """How one unit's measure became its score, and the score its points, with the numbers put in."""
    measure, basis = exact(part.measure), part.basis
    match scoring:
        case ShareOfTarget(cap=cap):
            first = f"{measure}÷{exact(basis.target or ZERO)}×100，至多{plain(cap)}"
        case MinMax() if basis.most == basis.least:
            first = f"{basis.of}个单位均为{measure}"
        case MinMax():
            least, most = exact(basis.least or ZERO), exact(basis.most or ZERO)
            first = f"({measure}−{least})÷({most}−{least})×40＋60"
        case RankPoints(nothing=nothing) if nothing is not None and part.measure <= 0:
            first = f"计量为{measure}，不按名次"
        case RankPoints():
            first = f"计量{measure}，{basis.of}个单位中第{basis.place}名"
    return [f"{first}，得{part.score}", f"{part.score}×{plain(part.weight)}÷100＝{part.points}"]


def how(rule: ActivityRule) -> list[str]:
    """What holds for every unit, in sentences to be printed beneath the table."""
    after = "1、1、3" if rule.ties == "competition" else "1、1、2"
    cut = "四舍五入" if rule.rounding == "half_up" else "截断"
    return [
        f"各单位在本类别内排名，同分同名次，其后名次为{after}。",
        f"各项得分与分数均{cut}到{rule.digits}位小数，总分为六项分数之和减去扣分。",
        f"周报每迟报一份扣{plain(rule.late)}分，每漏报一份扣{plain(rule.missing)}分，至多扣到零。",
    ]


def exact(number: Fraction) -> str:
    """A fraction that ends, written out: 7/2 is 3.5. What rules measure always ends."""
    digits = 0
    while (number * 10**digits).denominator != 1:
        digits += 1
    return decimal((number * 10**digits).numerator, digits)


def decimal(whole: int, digits: int) -> str:
    """So many of the last digit, written out: 1250 with two digits is 12.50."""
    left, right = divmod(abs(whole), 10**digits)
    return f"{'-' if whole < 0 else ''}{left}{f'.{right:0{digits}d}' if digits else ''}"
