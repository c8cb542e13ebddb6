"""The indicators: code, label, formula in words, unit, and what they count, under the rules in force."""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from app.facts.outcomes.terms import OUTCOME_KIND_LABELS, OutcomeKind
from app.facts.outcomes.terms import SOURCES as OUTCOME_SOURCES
from app.facts.statistics.terms import StatisticCode
from app.figures.commitments import COMMITMENT_COUNTS, COMMITMENT_SUMS
from app.figures.definitions import Definitions as Definitions
from app.figures.definitions import Indicator as Indicator
from app.figures.definitions import Part as Part
from app.figures.definitions import Rulebook as Rulebook
from app.figures.definitions import Typed as Typed
from app.figures.definitions import rulebook as rulebook
from app.figures.engine import Measure
from app.figures.reports import REPORT_FIGURES
from app.figures.rewards import REWARD_FIGURES
from app.figures.sources import SOURCES
from app.figures.spelling import MEAN
from app.figures.task_forces import TASK_FORCE_FIGURES
from app.figures.tickets import TICKET_FIGURES
from app.kernel.errors import Invalid

# -- what is counted -------------------------------------------------------------------------------------------


def _standing(on: Definitions, *only: str) -> tuple[str, ...]:
    return only if on.indicators.body.terminated_stay else (*only, "standing")


def _signed(on: Definitions, *only: str) -> Measure:
    return Measure("signings", "count", _standing(on, *only))


def _contracts(on: Definitions, window: str = "within") -> Measure:
    return Measure("contracts", "amount", _standing(on), "until" if window == "until" else "within")


_FUNDS = Measure("funds", "amount")
_STARTED = Measure("starts")


def _funds_rate(on: Definitions) -> tuple[Part, ...]:
    if on.indicators.body.funds_rate == "cumulative":
        return Measure("funds", "amount", window="until"), _contracts(on, "until")
    return _FUNDS, _contracts(on)


def _start_rate(on: Definitions) -> tuple[Part, ...]:
    match on.indicators.body.start_rate:
        case "started_in_period":
            return _STARTED, _signed(on)
        case "surviving":
            return Measure("signings", "count", ("same_year", "standing")), Measure("signings", "count", ("standing",))
        case _:
            return _signed(on, "same_year"), _signed(on)


def _per(source: str, field: str) -> Callable[[Definitions], tuple[Part, ...]]:
    def parts(on: Definitions) -> tuple[Part, ...]:
        return Measure(source), _signed(on) if getattr(on.indicators.body, field) == "signed" else _STARTED

    return parts


def _sum_of(source: str, what: Literal["count", "amount"] = "amount") -> Callable[[Definitions], tuple[Part, ...]]:
    return lambda _: (Measure(source, what),)


def _told(
    source: str, *only: str, what: Literal["count", "amount"] = "count"
) -> Callable[[Definitions], tuple[Part, ...]]:
    """Engagements, and what they have to do with; of a joint trip every unit's or only the reporting one's."""

    def parts(on: Definitions) -> tuple[Part, ...]:
        alone = ("reporting",) if on.indicators.body.joint_trips == "reporting_unit" else ()
        return (Measure(source, what, (*only, *alone)),)

    return parts


def _same(text: str) -> Callable[[Definitions], str]:
    return lambda _: text


def _signed_text(text: str) -> Callable[[Definitions], str]:
    """A formula over signings; says so where ended projects are left out."""
    return lambda on: text if on.indicators.body.terminated_stay else f"{text}（不含已终止或退出的项目）"


_FUNDS_RATE_TEXT = {
    "same_period": "期内到位资金 ÷ 同期合同引资（动态到位率，可超过100%）",
    "cumulative": "累计到位资金 ÷ 累计合同引资，均截至期末",
}
_START_RATE_TEXT = {
    "same_year": "当年签约当年开工项目数 ÷ 签约项目数",
    "started_in_period": "期内开工项目数 ÷ 期内签约项目数",
    "surviving": "当年签约当年开工项目数 ÷ 签约项目数，均只计存续项目",
}
_BASE_TEXT = {"signed": "期内签约项目数", "started": "期内开工项目数"}

STAY = ("terminated_stay",)
JOINT = ("joint_trips",)

_JOINED = "几个单位填报的同一活动合并后只计一次"  # all count on the day they begin
_ONCE = "同一企业只计一次，按单位细分时参加单位各计"


def _engagements(code: str, label: str, unit: str, formula: str, parts: Callable[..., tuple[Part, ...]]) -> Indicator:
    return Indicator(code, label, unit, _same(formula), parts, JOINT)


def _of_note(code: str, whom: str, ownership: str) -> Indicator:
    formula = f"期内以新闻宣传以外的方式对接过、列入过榜单的{whom}数，{_ONCE}"
    return _engagements(code, f"对接{whom}数", "家", formula, _told("contacts", ownership))


ENGAGEMENT_INDICATORS = (
    _engagements("outgoing_visits", "外出拜访次数", "次", f"期内的外出拜访次数，{_JOINED}", _told("outgoing_visits")),
    _engagements(
        "days_out", "外出天数", "天", f"期内的外出拜访天数之和，半天计0.5，跨期的计入开始之日，{_JOINED}",
        _told("outgoing_visits", what="amount"),
    ),
    _engagements(
        "leader_trips", "主要领导带队招商次数", "次",
        f"期内有主要领导参加的外出拜访次数，{_JOINED}", _told("leader_trips"),
    ),
    _engagements("incoming_visits", "企业到访次数", "次", f"期内的企业到访次数，{_JOINED}", _told("incoming_visits")),
    _engagements(
        "visitors", "来访人次", "人次", f"企业到访的来访人数之和，未填的不计，{_JOINED}",
        _told("incoming_visits", what="amount"),
    ),
    _engagements("events_held", "招商活动场次", "次", f"期内的招商活动（含会议）场次，{_JOINED}", _told("events")),
    _engagements("press_items", "新闻宣传条数", "条", f"期内刊发的新闻宣传条数，{_JOINED}", _told("press")),
    _engagements("enterprises_visited", "拜访企业数", "家", f"期内外出拜访过的企业数，{_ONCE}", _told("visited")),
    _engagements("enterprises_promoted", "推介企业数", "家", f"期内推介对接过的企业数，{_ONCE}", _told("promoted")),
    _engagements(
        "online_talk_projects", "视频对接项目数", "个",
        "期内视频洽谈或云签约涉及的项目数，同一项目只计一次，按单位细分时参加单位各计", _told("online_talks"),
    ),
    _of_note("central_soe_contacts", "央企", "central_soe"),
    _of_note("private_contacts", "知名民企", "private"),
    _of_note("foreign_contacts", "外企", "foreign"),
)  # fmt: skip

_SOLUTIONS = Measure("ticket_solutions")
_TICKET_PARTS: Mapping[str, tuple[str, tuple[Part, ...]]] = {
    "tickets_received": ("件", (Measure("tickets_received"),)),
    "tickets_solved": ("件", (_SOLUTIONS,)),
    "tickets_reopened": ("件", (Measure("ticket_reopenings"),)),
    "tickets_in_time_rate": ("比率", (Measure("ticket_solutions", "count", ("solved_in_time",)), _SOLUTIONS)),
    "ticket_days_median": ("天", (Measure("ticket_solutions", "median"),)),
    "ticket_rating": (MEAN, (Measure("ticket_ratings", "amount"), Measure("ticket_ratings"))),
}


def _ticket_indicators() -> Iterator[Indicator]:
    for code, (unit, parts) in _TICKET_PARTS.items():
        label, text = TICKET_FIGURES[code]
        median = any(isinstance(part, Measure) and part.what == "median" for part in parts)
        yield Indicator(code, label, unit, _same(text), lambda _, parts=parts: parts, median=median)  # type: ignore[misc]


INDICATORS_BY_CODE: Mapping[str, Indicator] = {
    indicator.code: indicator
    for indicator in (
        Indicator(
            "signed_count", "签约项目数", "个",
            _signed_text("首份正式合同在期内签订的项目数，一个项目只计一次"),
            lambda on: (_signed(on),), STAY,
        ),
        Indicator(
            "contract_amount", "合同引资", "元",
            _signed_text("期内签订的正式合同金额与补充协议增资金额之和，框架协议不计"),
            lambda on: (_contracts(on),), STAY,
        ),
        Indicator(
            "framework_count", "框架协议项目数", "个",
            _same("首份框架协议在期内签订的项目数，不并入签约项目数"),
            lambda _: (Measure("frameworks", "count", ("first_framework",)),),
        ),
        Indicator(
            "framework_amount", "框架协议金额", "元",
            _same("期内签订的框架协议金额之和，不并入合同引资"),
            lambda _: (Measure("frameworks", "amount"),),
        ),
        Indicator(
            "funds_arrived", "到位资金", "元",
            _same("到位日期在期内的已认定资金之和（新签与往年项目均计，冲销为负）"),
            lambda _: (_FUNDS,),
        ),
        Indicator(
            "funds_rate", "资金到位率", "比率",
            lambda on: _signed_text(_FUNDS_RATE_TEXT[on.indicators.body.funds_rate])(on),
            _funds_rate, ("funds_rate", *STAY),
        ),
        Indicator("started_count", "开工项目数", "个", _same("开工日期在期内的项目数"), lambda _: (_STARTED,)),
        Indicator(
            "same_year_started", "当年签约当年开工项目数", "个",
            _signed_text("期内签约且在签约当年开工的项目数，计入签约日期所在期间"),
            lambda on: (_signed(on, "same_year"),), STAY,
        ),
        Indicator(
            "same_year_invested", "当年签约当年开工当年投资项目数", "个",
            _signed_text("期内签约、在签约当年开工且当年有已认定到位资金的项目数，计入签约日期所在期间"),
            lambda on: (_signed(on, "same_year", "invested"),), STAY,
        ),
        Indicator(
            "start_rate", "落地开工率", "比率",
            lambda on: _signed_text(_START_RATE_TEXT[on.indicators.body.start_rate])(on),
            _start_rate, ("start_rate", *STAY),
        ),
        Indicator(
            "large_count", "{large}以上项目数", "个",
            lambda on: _signed_text(f"期内签约且首份正式合同金额在{on.large}以上（含）的项目数")(on),
            lambda on: (_signed(on, "large"),), ("scale.large_from", *STAY),
        ),
        Indicator(
            "large_amount", "{large}以上项目合同金额", "元",
            lambda on: _signed_text(f"期内签约且首份正式合同金额在{on.large}以上（含）的项目，其首份合同金额之和")(on),
            lambda on: (Measure("signings", "amount", _standing(on, "large")),), ("scale.large_from", *STAY),
        ),
        Indicator(
            "large_share", "{large}以上项目占比", "比率",
            lambda on: _signed_text(f"{on.large}以上项目数 ÷ 签约项目数")(on),
            lambda on: (_signed(on, "large"), _signed(on)), ("scale.large_from", *STAY),
        ),
        Indicator(
            "sector_count", "分产业签约项目数", "个",
            _signed_text("签约项目数，按产业类别分"),
            lambda on: (_signed(on),), ("sector_groups", *STAY), implied="sector",
        ),
        Indicator(
            "sector_amount", "分产业合同引资", "元",
            _signed_text("合同引资，按产业类别分"),
            lambda on: (_contracts(on),), ("sector_groups", *STAY), implied="sector",
        ),
        Indicator(
            "completed_count", "竣工项目数", "个", _same("竣工日期在期内的项目数"), _sum_of("completions", "count"),
        ),
        Indicator(
            "production_count", "投产项目数", "个", _same("投产日期在期内的项目数"),
            lambda _: (Measure("productions"),),
        ),
        Indicator(
            "full_capacity_count", "达产项目数", "个", _same("达产日期在期内的项目数"),
            lambda _: (Measure("full_capacities"),),
        ),
        Indicator(
            "production_rate", "投产率", "比率",
            lambda on: f"期内投产项目数 ÷ {_BASE_TEXT[on.indicators.body.production_rate]}",
            _per("productions", "production_rate"), ("production_rate", *STAY),
        ),
        Indicator(
            "full_capacity_rate", "达产率", "比率",
            lambda on: f"期内达产项目数 ÷ {_BASE_TEXT[on.indicators.body.full_capacity_rate]}",
            _per("full_capacities", "full_capacity_rate"), ("full_capacity_rate", *STAY),
        ),
        Indicator(
            "fai_share", "固定资产投资贡献率", "比率",
            _same("到位资金 ÷ 全区固定资产投资（由统计部门数据录入）"),
            lambda _: (_FUNDS, Typed(StatisticCode.FIXED_ASSET_INVESTMENT)),
        ),
        *(
            Indicator(
                kind.value, f"项目{OUTCOME_KIND_LABELS[kind]}", SOURCES[OUTCOME_SOURCES[kind]].unit,
                _same(f"期内各项目已认定的{OUTCOME_KIND_LABELS[kind]}之和，按所属期间最后一天计入，冲销为负"),
                _sum_of(OUTCOME_SOURCES[kind]),
            )
            for kind in OutcomeKind
        ),
        Indicator(
            "projects_in_database", "项目数据库项目数", "个",
            _same("期末最后一天在库（已入库且未归档）的项目数"),
            lambda _: (Measure("tracked"),), stock=True,
        ),
        Indicator(
            "agreements_since", "历年签约合同数", "个",
            lambda on: f"自{on.indicators.body.agreements_since.isoformat()}起至期末签订的正式合同份数",
            lambda _: (Measure("formals", "count", window="since"),), ("agreements_since",),
        ),
        *ENGAGEMENT_INDICATORS,
        *(Indicator(c, label, "份", _same(text), _sum_of(c, "count")) for c, (label, text) in REPORT_FIGURES.items()),
        *(Indicator(c, a, "个", _same(t), _sum_of(c, "count"), stock=s) for c, (a, t, s) in TASK_FORCE_FIGURES.items()),
        *(Indicator(c, label, "元", _same(text), _sum_of(c)) for c, (label, text) in REWARD_FIGURES.items()),
        *(Indicator(c, a, "个", _same(t), _sum_of(c, "count"), stock=s) for c, (a, t, s) in COMMITMENT_COUNTS.items()),
        *(Indicator(c, label, "元", _same(text), _sum_of(c)) for c, (label, text) in COMMITMENT_SUMS.items()),
        Indicator(
            "fulfilment_ratio", "履约率", "比率",
            _same("到期日在期内的条款中，至期末已履行的条款数 ÷ 到期日在期内的条款数；停止执行、豁免的不计"),
            lambda _: (Measure("commitments_due", "count", ("kept",)), Measure("commitments_due", "count")),
        ),
        *_ticket_indicators(),
        Indicator("municipal_rank", "市级考核位次", "位", _same("按市级通报录入"),
                  lambda _: (Typed(StatisticCode.MUNICIPAL_RANK),)),
    )
}  # fmt: skip


def find(text: str) -> Indicator:
    """An indicator by its code; `a/b` is the share of one in another, filters applying to `a` only."""
    codes = text.split("/")
    found = [INDICATORS_BY_CODE.get(code) for code in codes]
    if None in found or len(codes) > 2:
        known = "、".join(INDICATORS_BY_CODE)
        raise Invalid.field("indicator", "unknown_indicator", f"没有这一指标。可用的指标：{known}；占比写作 a/b")
    if len(codes) == 1:
        return INDICATORS_BY_CODE[text]
    part, whole = (INDICATORS_BY_CODE[code] for code in codes)
    if part.unit != whole.unit or part.is_ratio or part.unit == "位" or part.median or whole.median:
        raise Invalid.field("indicator", "not_a_share", "a/b 的两个指标须同为个数或同为金额")
    return share_of(part, whole, text)


def share_of(part: Indicator, whole: Indicator, code: str) -> Indicator:
    """The share of one counted indicator in another."""
    return Indicator(
        code=code,
        wording=f"{{of}}{part.wording}占{whole.wording}的比重",
        unit="比率",
        formula=lambda on: f"（{part.formula(on)}）÷（{whole.formula(on)}）；筛选条件只用于分子",
        parts=lambda on: (*part.parts(on), *whole.parts(on)),
        depends=tuple(dict.fromkeys((*part.depends, *whole.depends))),
        stock=part.stock or whole.stock,
        share=True,
    )
