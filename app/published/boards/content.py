"""What the board of a week says: the figures' own counts, scored by the rule of that week's Monday."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, select

from app.facts.reports import weeks
from app.facts.reports.terms import WeekState
from app.figures.indicators import INDICATORS_BY_CODE, Rulebook, rulebook
from app.figures.questions import Question, answer
from app.identity.units.models import TIER_LABELS, Tier, Unit
from app.identity.units.queries import TIERS, terms
from app.kernel import rules
from app.kernel.calendar import Period
from app.published.boards import words
from app.published.boards.rules import ACTIVITY, LABELS, ActivityRule, plain
from app.published.boards.schemas import (
    BoardContent,
    BoardLine,
    PartPoints,
    RuleUsed,
    SubIndexHead,
    SummaryLine,
    TierBoard,
)
from app.published.boards.scoring import Measured, Scored, score
from app.published.issues.kinds import NotSettled
from app.published.named import NamedList, UnitName, named

SUMMARY = (
    "signed_count", "contract_amount", "started_count", "outgoing_visits", "days_out", "incoming_visits", "visitors",
    "events_held", "press_items",
)  # fmt: skip
LATE, MISSING = "late_reports", "missing_reports"
_YI = 100_000_000


@dataclass(frozen=True, slots=True)
class UnitOfWeek:
    """A unit as it was called and ranked on the week's last day."""

    code: str
    name: str
    tier: Tier
    pinyin: str


@dataclass(frozen=True, slots=True)
class WeekRead:
    """All that a board of the week rests on whatever the rule: read once, scored as often as one likes."""

    week: Period
    units: Mapping[str, UnitOfWeek]
    measured: Sequence[Measured]
    summary: list[SummaryLine]
    signed: NamedList
    started: NamedList


def content(connection: Connection, week: Period) -> BoardContent:
    """The board of a week under the rule of its Monday, in a number of statements that no number of units changes."""
    rule = rules.in_force(connection, ACTIVITY, week.start)
    return board(read(connection, week, rule.body), rule.body, rule.number)


def to_publish(connection: Connection, week: Period) -> BoardContent:
    """The same of a week that may be published: while reports of it are taken nobody is late, and it changes."""
    known = weeks.load(connection)
    if week.text in known.rows:
        held = known.of(week)
        if held.row.settled_at is None or held.state is WeekState.REOPENED:
            raise NotSettled
    return content(connection, week)


# -- reading -------------------------------------------------------------------------------------------------------


def read(connection: Connection, week: Period, *asking: ActivityRule) -> WeekRead:
    """Everything that these rules measure in a week."""
    book = rulebook(connection)
    term = terms(week.end).subquery()
    units = {
        row.code: UnitOfWeek(row.code, row.name, row.tier, row.pinyin)
        for row in connection.execute(
            select(Unit.code, Unit.pinyin, term.c.name, term.c.tier).join(term, term.c.unit_id == Unit.id)
        )
    }
    wanted = dict.fromkeys(code for rule in asking for code in rule.indicators)
    counted = _by_unit(connection, book, (*wanted, LATE, MISSING), week)
    measured = []
    for unit in units.values():
        counts = counted.get(unit.code, {})
        late, missing = (int(counts.pop(code, 0)) for code in (LATE, MISSING))
        measured.append(Measured(unit.code, unit.tier, counts, late, missing))
    return WeekRead(
        week, units, measured, _summary(connection, book, week), named(connection, "signings", week),
        named(connection, "starts", week),
    )  # fmt: skip


def _ask(
    connection: Connection, book: Rulebook, codes: tuple[str, ...], week: Period, *by: str
) -> list[dict[str, Any]]:
    asked = tuple(INDICATORS_BY_CODE[code] for code in codes)
    return answer(connection, Question(book, indicators=asked, period=week, as_of=week.end, by=by), None)


def _by_unit(
    connection: Connection, book: Rulebook, codes: tuple[str, ...], week: Period
) -> dict[str, dict[str, Fraction]]:
    found: dict[str, dict[str, Fraction]] = {}
    for item in _ask(connection, book, codes, week, "unit"):
        counts = found.setdefault(item["dimensions"]["unit"], {})
        counts[item["indicator"]] = quantity(item["value"], item["unit"])
    return found


def quantity(value: Any, unit: str) -> Fraction:
    """A figure's value as rules measure it: money in 亿元, everything else as it is."""
    number = Fraction(str(value))
    return number / _YI if unit == "元" else number


def _summary(connection: Connection, book: Rulebook, week: Period) -> list[SummaryLine]:
    return [
        SummaryLine(
            indicator=item["indicator"], label=item["label"], unit=item["unit"], value=item["value"], text=item["text"]
        )
        for item in _ask(connection, book, SUMMARY, week)
    ]


# -- writing -------------------------------------------------------------------------------------------------------


def board(found: WeekRead, rule: ActivityRule, number: int | None) -> BoardContent:
    """What was read of a week, scored by a rule; `number` is its version, None for one that nobody has saved."""
    scored = score(rule, found.measured)
    week = found.week
    by_place = sorted(found.units.values(), key=lambda unit: (unit.pinyin, unit.code))
    return BoardContent(
        period=week.text,
        label=week.label,
        starts_on=week.start.isoformat(),
        ends_on=week.end.isoformat(),
        rule=used(rule, number),
        sub_indices=heads(rule),
        tiers=[
            TierBoard(code=tier, label=TIER_LABELS[tier], units=lines)
            for tier in TIERS
            if (lines := _lines([unit for unit in by_place if unit.tier is tier], scored))
        ],
        summary=found.summary,
        late=_faults(by_place, {unit.unit for unit in found.measured if unit.late}),
        missing=_faults(by_place, {unit.unit for unit in found.measured if unit.missing}),
        signed=found.signed,
        started=found.started,
    )


def used(rule: ActivityRule, number: int | None) -> RuleUsed:
    """Which version of the rule a board rests on, and what it says of all units alike."""
    version = f"{ACTIVITY.code}/{'trial' if number is None else number}"
    return RuleUsed(version=version, title=rule.title, sample=number == 0, how=words.how(rule))


def heads(rule: ActivityRule) -> list[SubIndexHead]:
    """The six columns of a board."""
    return [SubIndexHead(**head(rule, code)) for code in rule.parts]


def head(rule: ActivityRule, code: str) -> dict[str, str]:
    """What stands at the top of one column."""
    part = rule.parts[code]
    return {
        "code": code,
        "label": LABELS[code],
        "weight": plain(part.weight),
        "measure": words.measure(part),
        "method": words.method(part, rule),
    }


def _lines(units: list[UnitOfWeek], scored: Mapping[str, Scored]) -> list[BoardLine]:
    """The units that take part, by rank, those of one rank as they came."""
    taking_part = [unit for unit in units if unit.code in scored]
    # Units with the same counts have one part, which is written once.
    written: dict[int, PartPoints] = {}
    return [
        _line(unit, scored[unit.code], written) for unit in sorted(taking_part, key=lambda unit: scored[unit.code].rank)
    ]


def _line(unit: UnitOfWeek, found: Scored, written: dict[int, PartPoints]) -> BoardLine:
    for part in found.parts:
        if id(part) not in written:
            written[id(part)] = PartPoints(
                code=part.code, measure=words.exact(part.measure), score=str(part.score), points=str(part.points)
            )
    return BoardLine(
        unit=unit.code,
        name=unit.name,
        rank=found.rank,
        parts=[written[id(part)] for part in found.parts],
        subtotal=str(found.subtotal),
        late=found.late,
        missing=found.missing,
        penalty=str(found.penalty),
        total=str(found.total),
    )


def _faults(units: Sequence[UnitOfWeek], codes: set[str]) -> list[UnitName]:
    return [
        UnitName(unit=unit.code, name=unit.name)
        for unit in sorted(units, key=lambda unit: TIERS.index(unit.tier))
        if unit.code in codes
    ]
