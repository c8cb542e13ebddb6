"""What an activity rule may say: each wrong word is refused with its field and a Chinese reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.indicators import INDICATORS_BY_CODE
from app.kernel import rules
from app.kernel.errors import Invalid
from app.published.boards.rules import ACTIVITY, LABELS, MEASURABLE, SAMPLE
from tests.published.boards.ruling import body

TARGET = {"method": "target", "target": "1", "cap": "100"}
RANK = {"method": "rank", "points": ["100", "80"]}
TERM = {"indicator": "press_items", "factor": "1"}


def press(**changes: Any) -> dict[str, Any]:
    return body(press=changes)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "weights of 99": (press(weight="9"), "body", "六项权重合计须为100，现为99"),
    "weights of 100.01": (press(weight="10.01"), "body", "现为100.01"),
    "a weight below nothing": (press(weight="-10"), "body.press.weight", "不小于零"),
    "a weight over 100": (press(weight="100.5"), "body.press.weight", "不得大于 100"),
    "a float": (press(weight=10.0), "body.press.weight", "整数或字符串"),
    "an exponent": (press(weight="1e1"), "body.press.weight", "十进制数"),
    "true": (press(weight=True), "body.press.weight", "十进制数"),
    "endless": (press(weight=10**5000), "body.press.weight", "十进制数"),
    "five digits": (press(weight="10.00001"), "body.press.weight", "四位小数"),
    "no terms": (press(terms=[]), "body.press.terms", "至少 1 项"),
    "an unknown indicator": (press(terms=[TERM | {"indicator": "x"}]), "body.press.terms.0.indicator", "没有这一指标"),
    "a rate": (press(terms=[TERM | {"indicator": "start_rate"}]), "body.press.terms.0.indicator", "不能按单位计数"),
    "a rank": (press(terms=[TERM | {"indicator": "municipal_rank"}]), "body.press.terms.0.indicator", "不能按单位"),
    "by sector": (press(terms=[TERM | {"indicator": "sector_count"}]), "body.press.terms.0.indicator", "不能按单位"),
    "late reports": (press(terms=[TERM | {"indicator": "late_reports"}]), "body.press.terms.0.indicator", "不能按单"),
    "one indicator twice": (press(terms=[TERM, TERM]), "body.press.terms.1.indicator", "重复"),
    "a factor of nothing": (press(terms=[TERM | {"factor": "0"}]), "body.press.terms.0.factor", "须大于 0"),
    "a target of nothing": (press(scoring=TARGET | {"target": "0"}), "body.press.scoring.target.target", "须大于 0"),
    "a tier's target of nothing": (
        press(scoring=TARGET | {"tier_targets": {"key": "0"}}), "body.press.scoring.target.tier_targets.key", "须大于",
    ),
    "a target of no tier": (
        press(scoring=TARGET | {"tier_targets": {"x": "1"}}), "body.press.scoring.target.tier_targets.x.[key]", "key",
    ),
    "a target of who takes no part": (
        body(tiers=["key"], press={"scoring": TARGET | {"tier_targets": {"away": "1"}}}),
        "body.press.scoring.target.tier_targets.away", "驻外招商不参评",
    ),
    "a cap of nothing": (press(scoring=TARGET | {"cap": "0"}), "body.press.scoring.target.cap", "须大于 0"),
    "all equal below 60": (
        press(scoring={"method": "min_max", "equal": "59.9"}), "body.press.scoring.min_max.equal", "不得小于 60",
    ),
    "no places": (press(scoring=RANK | {"points": []}), "body.press.scoring.rank.points", "至少 1 项"),
    "places that rise": (press(scoring=RANK | {"points": ["8", "9"]}), "body.press.scoring.rank.points", "不得高于"),
    "nothing above the last": (press(scoring=RANK | {"nothing": "81"}), "body.press.scoring.rank.nothing", "不得高于"),
    "an unknown method": (press(scoring={"method": "x"}), "body.press.scoring", "'target', 'min_max', 'rank'"),
    "no method": (press(scoring={}), "body.press.scoring", "缺少 'method'"),
    "no tiers": (body(tiers=[]), "body.tiers", "至少 1 项"),
    "a tier twice": (body(tiers=["key", "key"]), "body.tiers", "重点责任重复"),
    "a penalty finer than points": (body(digits=1, late="0.25"), "body.late", "小数位数不得多于"),
    "five digits of points": (body(digits=5), "body.digits", "不得大于 4"),
    "a seventh sub-index": (body(seventh={}), "body.seventh", "不认识的字段"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    sent, field, said = REFUSED[what]
    with pytest.raises(Invalid) as refused:
        rules.checked(ACTIVITY, sent)
    errors = {error.field: error.message for error in refused.value.errors}
    assert field in errors, errors
    assert said in errors[field]


@pytest.mark.parametrize(
    "sent",
    [
        body(),
        press(weight=10),
        press(scoring=TARGET | {"cap": "250", "tier_targets": {"away": "0.5"}}),
        press(scoring=RANK | {"nothing": "80", "points": ["80", "80"]}),
        body(signing={"weight": "0"}, start={"weight": "45"}),
        body(digits=0, late="1.0", missing=0),
    ],
)
def test_what_is_taken_is_kept_as_it_is(sent: dict[str, Any]) -> None:
    read = rules.checked(ACTIVITY, sent)
    assert rules.checked(ACTIVITY, read.model_dump(mode="json")) == read


def test_the_shipped_rule_is_a_sample_that_says_so() -> None:
    assert "样例" in SAMPLE.title
    assert sum(part.weight for part in SAMPLE.parts.values()) == 100
    assert list(LABELS.values()) == ["项目签约", "项目开工", "外出拜访", "企业到访", "招商活动", "新闻宣传"]


def test_what_can_be_measured_are_quantities() -> None:
    left_out = set(INDICATORS_BY_CODE) - set(MEASURABLE)
    assert {"start_rate", "municipal_rank", "sector_count", "late_reports", "missing_reports"} <= left_out
    assert {"signed_count", "contract_amount", "days_out", "press_items", "visitors", "jobs"} <= set(MEASURABLE)


@given(cuts=st.lists(st.integers(0, 9_999), min_size=5, max_size=5).map(sorted), off=st.integers(-1, 1))
def test_weights_must_sum_exactly(cuts: list[int], off: int) -> None:
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000 + off], strict=True)]
    sent = body(**{code: {"weight": f"{w // 100}.{w % 100:02d}"} for code, w in zip(LABELS, weights, strict=True)})
    if off == 0:
        rules.checked(ACTIVITY, sent)
    else:
        with pytest.raises(Invalid, match="规则内容有误"):
            rules.checked(ACTIVITY, sent)
