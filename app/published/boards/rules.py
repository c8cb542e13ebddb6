"""The activity index as a rule: what each of six sub-indices measures, how that becomes a score, and what it weighs."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.figures.indicators import INDICATORS_BY_CODE, Indicator
from app.figures.reports import REPORT_FIGURES
from app.identity.units.models import TIER_LABELS, Tier
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare
from app.kernel.text import Line

# -- numbers: exact, as they are written -------------------------------------------------------------------------------

_NUMBER = r"^(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?$"


def _exact(value: Any) -> Decimal:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1_000_000
    text = str(value) if whole or isinstance(value, Decimal) else value
    if not isinstance(text, str) or not re.fullmatch(_NUMBER, text):
        reason = '应为不小于零的十进制数，写作整数或字符串，至多六位整数、四位小数，例如 20 或 "12.5"'
        raise PydanticCustomError("number", reason)
    return Decimal(text)


def plain(number: Decimal) -> str:
    """A number without zeros at its end: 12.50 is 12.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Number = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": _NUMBER}, {"type": "integer", "minimum": 0, "maximum": 999_999}],
            "examples": ["12.5"],
        }
    ),
]
"""Zero or more, at most four digits after the point. A JSON number with a point is refused: it would be a float."""

# -- what is measured --------------------------------------------------------------------------------------------------

MEASURABLE: Mapping[str, Indicator] = {
    code: indicator
    for code, indicator in INDICATORS_BY_CODE.items()
    # Rates, ranks and medians are no quantities, others come in parts already; a late report is a fault, no activity.
    if not (indicator.is_ratio or indicator.median or indicator.unit == "位")
    and indicator.implied is None
    and code not in REPORT_FIGURES
}
"""What can be counted by unit and added up."""


class Term(BaseModel):
    """An indicator of the unit's week, times a factor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator: Line = Field(description="指标代码，须能按单位计数", examples=["outgoing_visits"])
    factor: Number = Field(gt=0, description="系数；金额以亿元、外出天数以天计", examples=["1"])


# -- how a measure becomes a score -------------------------------------------------------------------------------------


class ShareOfTarget(BaseModel):
    """The measure in per cent of a target, up to a cap."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["target"] = Field(description="target：完成目标的百分比", examples=["target"])
    target: Number = Field(gt=0, description="每周目标", examples=["2"])
    tier_targets: dict[Tier, Annotated[Number, Field(gt=0)]] = Field(
        default_factory=dict, description="另有目标的单位类别 → 目标", examples=[{"support": "1"}]
    )
    cap: Number = Field(gt=0, le=1000, description="得分上限，可高于100", examples=["100"])


class MinMax(BaseModel):
    """功效系数法: (x − min) ÷ (max − min) × 40 + 60."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["min_max"] = Field(description="min_max：功效系数法，60至100分", examples=["min_max"])
    # Below 60 a unit would lose points by catching up with the best.
    equal: Number = Field(
        ge=60, le=100, description="各单位完全相同（最大等于最小）时每个单位的得分，60至100", examples=["60"]
    )


class RankPoints(BaseModel):
    """Points by place, the first place first; whoever is beyond the end of the list gets the last."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["rank"] = Field(description="rank：按名次得分", examples=["rank"])
    points: tuple[Annotated[Number, Field(le=1000)], ...] = Field(
        min_length=1,
        max_length=200,
        description="第一名起各名次的得分，不得递增；名次超出的得最后一项",
        examples=[["100", "90", "80"]],
    )
    nothing: Number | None = Field(
        None, description="计量不大于零的单位的得分，不高于最后一项；null 为同样按名次得分", examples=["0"]
    )


class SubIndex(BaseModel):
    """One sub-index: its weight, what is added up, and how that becomes a score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Number = Field(le=100, description="权重；六项合计须为100", examples=["20"])
    terms: tuple[Term, ...] = Field(min_length=1, max_length=10, description="计量：各项指标乘以系数之和")
    scoring: ShareOfTarget | MinMax | RankPoints = Field(discriminator="method", description="计量如何成为得分")


# -- the rule ----------------------------------------------------------------------------------------------------------

LABELS = {
    "signing": "项目签约",
    "start": "项目开工",
    "outgoing": "外出拜访",
    "incoming": "企业到访",
    "events": "招商活动",
    "press": "新闻宣传",
}


class ActivityRule(BaseModel):
    """How the activity index of a week is computed. The version in force on a week's Monday holds for that week."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Line = Field(description="规则的名称，印在周展示上", examples=["2026年活跃指数办法"])
    signing: SubIndex = Field(description="项目签约")
    start: SubIndex = Field(description="项目开工")
    outgoing: SubIndex = Field(description="外出拜访")
    incoming: SubIndex = Field(description="企业到访")
    events: SubIndex = Field(description="招商活动")
    press: SubIndex = Field(description="新闻宣传")
    tiers: tuple[Tier, ...] = Field(
        min_length=1, max_length=4, description="参评的单位类别", examples=[["key", "assist", "support", "away"]]
    )
    within: Literal["tier", "all"] = Field(
        description="最大、最小与名次得分在哪些单位中比较：tier 本类别，all 全部参评单位；总名次恒在本类别内",
        examples=["tier"],
    )
    ties: Literal["competition", "dense"] = Field(
        description="并列之后的名次：competition 1、1、3；dense 1、1、2", examples=["competition"]
    )
    late: Number = Field(le=100, description="每份迟报周报扣分", examples=["1"])
    missing: Number = Field(le=100, description="每份漏报周报扣分", examples=["2"])
    digits: int = Field(ge=0, le=4, description="得分与分数的小数位数", examples=[2])
    rounding: Literal["half_up", "down"] = Field(
        description="half_up 四舍五入，down 直接截断；各项得分、各项分数各舍入一次，总分为印出的分数之和",
        examples=["half_up"],
    )

    @property
    def parts(self) -> Mapping[str, SubIndex]:
        """The six sub-indices by their codes, in the order of the board."""
        return {code: getattr(self, code) for code in LABELS}

    @property
    def indicators(self) -> tuple[str, ...]:
        """Every indicator that is measured, once."""
        return tuple(dict.fromkeys(term.indicator for part in self.parts.values() for term in part.terms))


def _check(rule: ActivityRule) -> list[FieldError]:
    return list(_wrong(rule))


def _wrong(rule: ActivityRule) -> Iterator[FieldError]:
    total = sum(part.weight for part in rule.parts.values())
    if total != 100:
        yield FieldError(field="body", code="weights", message=f"六项权重合计须为100，现为{plain(Decimal(total))}")
    for tier, times in Counter(rule.tiers).items():
        if times > 1:
            yield FieldError(field="body.tiers", code="twice", message=f"{TIER_LABELS[tier]}重复")
    for name in ("late", "missing"):
        digits = getattr(rule, name).normalize().as_tuple().exponent
        if -digits > rule.digits:
            yield FieldError(
                field=f"body.{name}", code="digits", message=f"扣分的小数位数不得多于分数的小数位数（{rule.digits}位）"
            )
    for code, part in rule.parts.items():
        yield from _wrong_terms(f"body.{code}.terms", part)
        yield from _wrong_scoring(f"body.{code}.scoring", part, rule)


def _wrong_terms(field: str, part: SubIndex) -> Iterator[FieldError]:
    seen: set[str] = set()
    for place, term in enumerate(part.terms):
        at = f"{field}.{place}.indicator"
        if term.indicator not in INDICATORS_BY_CODE:
            yield FieldError(field=at, code="unknown_indicator", message="没有这一指标，可用的见 GET /meta/indicators")
        elif term.indicator not in MEASURABLE:
            label = INDICATORS_BY_CODE[term.indicator].wording
            yield FieldError(field=at, code="not_by_unit", message=f"{label}不能按单位计数相加，不能用作计量")
        if term.indicator in seen:
            yield FieldError(field=at, code="twice", message="同一分项中指标重复，请合并系数")
        seen.add(term.indicator)


def _wrong_scoring(field: str, part: SubIndex, rule: ActivityRule) -> Iterator[FieldError]:
    match part.scoring:
        case ShareOfTarget(tier_targets=targets):
            for tier in targets:
                if tier not in rule.tiers:
                    message = f"{TIER_LABELS[tier]}不参评，不能另有目标"
                    yield FieldError(field=f"{field}.target.tier_targets.{tier}", code="tier", message=message)
        case RankPoints(points=points, nothing=nothing):
            if any(later > earlier for earlier, later in pairwise(points)):
                yield FieldError(field=f"{field}.rank.points", code="order", message="名次靠后的得分不得高于靠前的")
            if nothing is not None and nothing > points[-1]:
                message = "计量为零的得分不得高于最后一个名次的得分"
                yield FieldError(field=f"{field}.rank.nothing", code="order", message=message)


SAMPLE = ActivityRule.model_validate(
    {
        "title": "活跃指数样例（市级权重未公布，仅供试用）",
        "signing": {
            "weight": 25,
            "terms": [{"indicator": "signed_count", "factor": 1}],
            "scoring": {"method": "target", "target": 1, "cap": 100},
        },
        "start": {
            "weight": 20,
            "terms": [{"indicator": "started_count", "factor": 1}],
            "scoring": {"method": "target", "target": 1, "cap": 100},
        },
        "outgoing": {
            "weight": 20,
            "terms": [{"indicator": "outgoing_visits", "factor": 1}, {"indicator": "days_out", "factor": "0.5"}],
            "scoring": {"method": "min_max", "equal": 60},
        },
        "incoming": {
            "weight": 15,
            "terms": [{"indicator": "incoming_visits", "factor": 1}],
            "scoring": {"method": "min_max", "equal": 60},
        },
        "events": {
            "weight": 10,
            "terms": [{"indicator": "events_held", "factor": 1}],
            "scoring": {"method": "target", "target": 1, "cap": 100},
        },
        "press": {
            "weight": 10,
            "terms": [{"indicator": "press_items", "factor": 1}],
            "scoring": {"method": "rank", "points": [100, 90, 80, 70, 60], "nothing": 0},
        },
        "tiers": list(Tier),
        "within": "tier",
        "ties": "competition",
        "late": 1,
        "missing": 2,
        "digits": 2,
        "rounding": "half_up",
    }
)
"""A sample, not a basis: the city has not published its weights."""

ACTIVITY = declare(RuleKind("activity", "活跃指数", ActivityRule, shipped=SAMPLE, check=_check))
