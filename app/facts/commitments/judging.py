"""How a clause stands: a pure function of the clause, the facts and a day, and why. No database.

Amounts are in the measure of the clause: fen, persons, hundredths of a 亩, fen per 亩, percent. What happened after the
day that is looked at is not known yet. A clause is kept on its due day; it is overdue from the day after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from app.facts.commitments.terms import (
    ANCHOR_LABELS,
    REACHED_LABELS,
    SETTING_LABELS,
    SPAN_LABELS,
    YEARLY,
    Anchor,
    ClauseKind,
    ClauseState,
    Condition,
    Measure,
    Reached,
    Setting,
    Span,
)
from app.facts.projects.terms import STAGE_LABELS, Stage
from app.kernel.calendar import LAST_YEAR, months_after
from app.kernel.money import display


class Done(NamedTuple):
    """Something that came about on a day (less than nothing: was taken back), in the year it is counted for."""

    on: date
    quantity: int
    year: int = 0


class Set(NamedTuple):
    """What a person set, from a day until before another."""

    state: Setting
    since: date
    until: date | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Clause:
    """What was promised. Without `due_on` and `due_after` it has no due date: it is due once its condition is met."""

    id: int
    kind: ClauseKind
    signed_on: date
    promised: int | None = None
    due_on: date | None = None
    due_after: Anchor | None = None
    due_count: int = 0
    due_span: Span = Span.DAYS
    due_clause: int | None = None
    condition: Condition = Condition.NONE
    condition_stage: Stage | None = None
    condition_clause: int | None = None
    condition_measure: Reached | None = None
    condition_quantity: int = 0
    survives_end: bool = False
    replaces: int | None = None
    void: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the clauses' project, and of each clause by its number."""

    stages: Mapping[Stage, date] = field(default_factory=dict)
    reached: Mapping[Reached, Sequence[Done]] = field(default_factory=dict)
    land_mu: int | None = None  # hundredths
    ended_on: date | None = None
    done: Mapping[int, Sequence[Done]] = field(default_factory=dict)
    settings: Mapping[int, Sequence[Set]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A state and why, in Chinese; what was done by the day, and the days that follow from the facts."""

    state: ClauseState
    why: tuple[str, ...]
    achieved: int = 0
    due_on: date | None = None
    met_on: date | None = None
    fulfilled_on: date | None = None
    closed_on: date | None = None
    days_overdue: int = 0


def judge(clauses: Iterable[Clause], facts: Facts, day: date) -> dict[int, Judged]:
    """How the clauses of one project stand on a day; they may rest on one another."""
    return _Project({clause.id: clause for clause in clauses}, facts, day).all()


def since(done: Iterable[Done], promised: int, day: date) -> tuple[int, date | None]:
    """What came about by the day, and since when it has been as much as was promised without a break."""
    total, reached = 0, None
    for entry in sorted(done, key=lambda one: one.on):
        if entry.on > day:
            break
        total += entry.quantity
        if total < promised:
            reached = None
        elif reached is None:
            reached = entry.on
    return total, reached


def best_year(done: Iterable[Done], promised: int, day: date) -> tuple[int, date | None]:
    """The same of what is promised by the year: the best year's sum, and the first day a year reached it."""
    years: dict[int, list[Done]] = {}
    for entry in done:
        years.setdefault(entry.year, []).append(entry)
    found = [since(entries, promised, day) for entries in years.values()]
    return max((total for total, _ in found), default=0), min((on for _, on in found if on), default=None)


def spelled(quantity: int, measure: Measure) -> str:
    """A quantity in words: 1200万元, 35.5亩, 240万元/亩."""
    match measure:
        case Measure.MONEY:
            return display(quantity, "万元", 6, trim=True)
        case Measure.MONEY_PER_MU:
            return f"{display(quantity, '万元', 6, trim=True)}/亩"
        case Measure.PERSONS:
            return f"{quantity}人"
        case Measure.AREA:
            whole, rest = divmod(quantity, 100)
            return f"{whole}{f'.{rest:02d}'.rstrip('0') if rest else ''}亩"
        case Measure.PERCENT:
            return f"{quantity}%"
        case Measure.DATE:
            return ""


class _Project:
    """One look at one project's clauses: each is judged once."""

    def __init__(self, clauses: Mapping[int, Clause], facts: Facts, day: date) -> None:
        self.clauses, self.facts, self.day = clauses, facts, day
        self.judged: dict[int, Judged] = {}
        self.under_way: set[int] = set()
        self.successors = {
            clause.replaces: clause
            for clause in sorted(clauses.values(), key=lambda one: -one.id)
            if clause.replaces is not None and clause.void is None and clause.signed_on <= day
        }

    def all(self) -> dict[int, Judged]:
        return {number: self.one(number) for number in self.clauses}

    def one(self, number: int) -> Judged:
        if number not in self.judged:
            self.under_way.add(number)
            self.judged[number] = self._judge(self.clauses[number])
            self.under_way.discard(number)
        return self.judged[number]

    def _judge(self, clause: Clause) -> Judged:
        day, ended = self.day, self.facts.ended_on
        if clause.void is not None:
            return Judged(ClauseState.VOID, (clause.void,))
        if clause.signed_on > day:
            return Judged(ClauseState.NOT_DUE, (f"协议于 {clause.signed_on} 签订，当日尚未生效",))
        achieved, fulfilled_on, much = self._achieved(clause)
        successor = self.successors.get(clause.id)
        if successor is not None:
            said = f"自 {successor.signed_on} 起由第 {successor.id} 号条款替代"
            return Judged(ClauseState.REPLACED, (said,), achieved, closed_on=successor.signed_on)
        met_on, unmet = self._condition(clause)
        due_on, counted = self._due(clause, met_on)
        if due_on is not None and met_on is not None and due_on < met_on and clause.condition is not Condition.NONE:
            # Nobody is late with what was not asked of him yet.
            due_on, counted = met_on, f"（条件于 {met_on} 成就）"
        late = 0 if due_on is None else ((fulfilled_on or day) - due_on).days
        for one in reversed(self.facts.settings.get(clause.id, ())):
            if one.since <= day and (one.until is None or day < one.until):
                said = f"由{one.by}自 {one.since} 起{SETTING_LABELS[one.state]}：{one.reason}"
                return Judged(ClauseState(one.state.value), (said,), achieved, due_on, met_on, None, one.since)
        if fulfilled_on is not None:
            said = f"已于 {fulfilled_on} 履行{much}" + (f"，迟 {late} 天" if late > 0 else "")
            return Judged(
                ClauseState.FULFILLED, (said,), achieved, due_on, met_on, fulfilled_on, days_overdue=max(0, late)
            )
        if ended is not None and ended <= day and not clause.survives_end:
            said = f"项目已于 {ended} 终止或退出，条款停止执行；清算中仍须履行的另行列明"
            return Judged(ClauseState.STOPPED, (said,), achieved, due_on, met_on, closed_on=ended)
        if met_on is None:
            return Judged(ClauseState.CONDITION_NOT_MET, (unmet, *_part(much)), achieved, due_on)
        if due_on is not None and day > due_on:
            why = (f"应于 {due_on} 履行{counted}，已逾期 {late} 天", *_part(much))
            return Judged(ClauseState.OVERDUE, why, achieved, due_on, met_on, days_overdue=late)
        if due_on is not None:
            until = f"今日到期{counted}" if day == due_on else f"应于 {due_on} 前履行{counted}"
        else:
            until = counted or "条件已成就，未约定期限"
        if achieved > 0:
            state = ClauseState.PARTLY
        elif due_on == day or (due_on is None and not counted):
            state = ClauseState.DUE
        else:
            state = ClauseState.NOT_DUE
        return Judged(state, (until, *_part(much)), achieved, due_on, met_on)

    # -- what was done ---------------------------------------------------------------------------------------------

    def _achieved(self, clause: Clause) -> tuple[int, date | None, str]:
        """What was done by the day, since when it is all, and how much of how much in words."""
        facts, day, promised = self.facts, self.day, clause.promised or 0
        match clause.kind:
            case ClauseKind.START | ClauseKind.PRODUCTION:
                stage = Stage.STARTED if clause.kind is ClauseKind.START else Stage.PRODUCTION
                on = self._stage(stage)
                return int(on is not None), on, ""
            case ClauseKind.INVESTMENT:
                total, on = since(facts.reached.get(Reached.FIXED_ASSET_INVESTMENT, ()), promised, day)
            case ClauseKind.OUTPUT:
                total, on = best_year(facts.reached.get(Reached.OUTPUT, ()), promised, day)
            case ClauseKind.TAX:
                total, on = best_year(facts.reached.get(Reached.TAX, ()), promised, day)
            case ClauseKind.JOBS:
                total, on = since(facts.reached.get(Reached.JOBS, ()), promised, day)
            case ClauseKind.INTENSITY:
                return self._intensity(promised)
            case _:
                if clause.kind.measure is Measure.PERCENT:
                    promised = 100
                total, on = since(self._by_hand(clause), promised, day)
        much = f"{spelled(total, clause.kind.measure)}，承诺 {spelled(promised, clause.kind.measure)}"
        return total, on, f"（{much}）" if total else ""

    def _intensity(self, promised: int) -> tuple[int, date | None, str]:
        land = self.facts.land_mu
        if not land:
            return 0, None, "（项目用地面积未登记，不能计算投资强度）"
        needed = -(-promised * land // 100)
        invested = self.facts.reached.get(Reached.FIXED_ASSET_INVESTMENT, ())
        total, on = since(invested, needed, self.day)
        per = total * 100 // land
        measure = Measure.MONEY_PER_MU
        return per, on, f"（{spelled(per, measure)}，承诺 {spelled(promised, measure)}）" if total else ""

    def _by_hand(self, clause: Clause) -> list[Done]:
        """What was entered for it and for those it took the place of."""
        found: list[Done] = []
        one: Clause | None = clause
        for _ in range(len(self.clauses)):
            if one is None:
                break
            found.extend(self.facts.done.get(one.id, ()))
            one = None if one.replaces is None else self.clauses.get(one.replaces)
        return found

    def _stage(self, stage: Stage) -> date | None:
        on = self.facts.stages.get(stage)
        return on if on is not None and on <= self.day else None

    # -- what it waits for -----------------------------------------------------------------------------------------

    def _condition(self, clause: Clause) -> tuple[date | None, str]:
        """Since when its condition has been met; or None, and what is missing."""
        match clause.condition:
            case Condition.NONE:
                return clause.signed_on, ""
            case Condition.STAGE:
                assert clause.condition_stage is not None
                return self._stage(clause.condition_stage), f"项目尚未{STAGE_LABELS[clause.condition_stage]}"
            case Condition.CLAUSE:
                return self._kept(clause.condition_clause), f"第 {clause.condition_clause} 号条款尚未履行"
            case Condition.MEASURE:
                assert clause.condition_measure is not None
                return self._measured(clause.condition_measure, clause.condition_quantity)

    def _measured(self, measure: Reached, needed: int) -> tuple[date | None, str]:
        entries = self.facts.reached.get(measure, ())
        total, on = (best_year if measure in YEARLY else since)(entries, needed, self.day)
        unit = Measure.PERSONS if measure is Reached.JOBS else Measure.MONEY
        return on, f"{REACHED_LABELS[measure]}为 {spelled(total, unit)}，须达 {spelled(needed, unit)}"

    def _kept(self, number: int | None) -> date | None:
        """When another clause, or the one that took its place, was kept."""
        for _ in range(len(self.clauses)):
            successor = None if number is None else self.successors.get(number)
            if successor is None:
                break
            number = successor.id
        # A clause that waits for itself waits for ever; the service lets none in.
        if number is None or number not in self.clauses or number in self.under_way:
            return None
        return self.one(number).fulfilled_on

    def _due(self, clause: Clause, met_on: date | None) -> tuple[date | None, str]:
        """Its due day, where it is known yet, and from what it is counted."""
        if clause.due_on is not None:
            return clause.due_on, ""
        if clause.due_after is None:
            return None, ""
        said = f"{clause.due_count}{SPAN_LABELS[clause.due_span]}"
        begin: date | None
        match clause.due_after:
            case Anchor.SIGNING:
                begin = clause.signed_on
            case Anchor.START:
                begin = self._stage(Stage.STARTED)
            case Anchor.PRODUCTION:
                begin = self._stage(Stage.PRODUCTION)
            case Anchor.CLAUSE:
                begin = self._kept(clause.due_clause)
            case Anchor.CONDITION:
                begin = met_on
        what = f"第 {clause.due_clause} 号条款履行" if clause.due_after is Anchor.CLAUSE else None
        after = f"{what or ANCHOR_LABELS[clause.due_after]}后 {said}"
        if begin is None:
            return None, f"期限为{after}，起算的事实尚未发生"
        return after_days(begin, clause.due_count, clause.due_span), f"（{after}）"


def after_days(begin: date, count: int, span: Span) -> date:
    """The due day: so many days after one, or the same day so many months later."""
    if span is Span.MONTHS:
        return months_after(begin, count)
    return min(begin + timedelta(days=count), date(LAST_YEAR, 12, 31))


def _part(much: str) -> tuple[str, ...]:
    return (f"已履行{much.strip('（）')}",) if much.startswith("（") and "，承诺" in much else (much,) if much else ()
