"""What can be asked, and its answer: indicators of a period, broken down, filtered, compared with a year earlier.

A figure counts everything for everyone. What an actor may see only decides which parts of a breakdown are shown
by name: a part made up of nothing he may see goes into `other`. Time alone hides nothing, since each stretch of it
is a period whose total everybody may ask for.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from app.figures.corrections import corrected
from app.figures.dimensions import NONE, Dimension, label_of, sorted_keys
from app.figures.engine import Cell, Cells, Key
from app.figures.indicators import Definitions, Indicator, Part, Rulebook, Typed, share_of
from app.figures.sides import Counted, Filters, Side, a_year_before, count, effective, fold, moved, side
from app.figures.sources import SOURCES
from app.figures.spelling import MEAN, Figure, Style, compared, flag, plain, ratio, reason, text_of, value_of
from app.kernel.calendar import Period
from app.kernel.errors import Invalid
from app.kernel.money import Rounding
from app.kernel.paging import Sight

TOTAL: Key = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `filters` maps a dimension to the keys of which any will do."""

    book: Rulebook
    indicators: tuple[Indicator, ...]
    period: Period
    as_of: date
    by: tuple[str, ...] = ()
    filters: Filters = ()
    share: bool | None = None
    yoy: bool = False
    rounding: Rounding | None = None
    digits: int | None = None


def answer(connection: Connection, question: Question, sight: Sight | None) -> list[dict[str, Any]]:
    """The items of an answer, in the order asked. `sight` None is somebody who sees all."""
    asked = [shared(indicator, question.share) for indicator in question.indicators]
    items: list[dict[str, Any]] = []
    # Indicators that are broken down alike are counted together.
    groups: dict[tuple[str, ...], list[Indicator]] = {}
    for indicator in asked:
        groups.setdefault(_by(indicator, question), []).append(indicator)
    found: dict[str, list[dict[str, Any]]] = {}
    for by, indicators in groups.items():
        found.update(_answer(connection, replace(question, by=by), indicators, sight))
    for indicator in asked:
        items += found[indicator.code]
    return items


def shared(indicator: Indicator, share: bool | None) -> Indicator:
    """The indicator as the request wants its filters to apply: to the numerator only, or to all of it."""
    if share is None or share is indicator.share:
        return indicator
    if share and (indicator.median or indicator.unit == MEAN):
        raise Invalid.field("share", "not_a_share", f"{indicator.wording}没有占比")
    if indicator.is_ratio:
        return replace(indicator, share=share)
    if not share:
        return indicator
    if indicator.unit == "位":
        raise Invalid.field("share", "not_a_share", "位次没有占比")
    return share_of(indicator, indicator, indicator.code)


def _by(indicator: Indicator, question: Question) -> tuple[str, ...]:
    named = {*question.by, *(name for name, _ in question.filters)}
    if indicator.implied is None or indicator.implied in named:
        return question.by
    return (*question.by, indicator.implied)


# -- answering -------------------------------------------------------------------------------------------------


def _answer(
    connection: Connection, question: Question, indicators: list[Indicator], sight: Sight | None
) -> dict[str, list[dict[str, Any]]]:
    period = effective(question.period, question.as_of)
    asked = (question.book, question.as_of, question.by, question.filters, sight)
    this = side(connection, period, *asked, typed_for=question.period.text)
    this = replace(this, restated=corrected(connection, period))
    counted = count(connection, indicators, this)
    last: Side | None = None
    before: dict[str, Counted] = {}
    if question.yoy and (earlier := a_year_before(period)) is not None:
        last = replace(side(connection, earlier, *asked, back=1), restated=corrected(connection, earlier))
        before = count(connection, indicators, last)
    found = {}
    for indicator in indicators:
        now, then = counted[indicator.code], before.get(indicator.code)
        then = _a_year_on(then, this.frame.by) if then else None
        # What is hidden in one of the years is hidden in both: else a comparison would be with half a part.
        hidden = now.hidden | (then.hidden if then else set())
        shown = _shown(indicator, this, now, hidden)
        earlier_shown = _shown(indicator, last, then, hidden) if last and then else None
        found[indicator.code] = _items(question, indicator, this, shown, last, earlier_shown)
    return found


@dataclass(slots=True)
class Shown:
    """An indicator's figures by key, and the figure of any other key."""

    figures: dict[Key, Figure]
    otherwise: Figure


def _shown(indicator: Indicator, at: Side, counted: Counted, hidden: set[Key]) -> Shown:
    first = indicator.parts(at.on)[0]
    unit = _unit_of(indicator, first)
    if isinstance(first, Typed):
        missing = "missing_statistic" if counted.typed is None else None
        return Shown({TOTAL: Figure(unit, counted.typed, missing=missing)}, Figure(unit, missing="missing_statistic"))
    part, whole = fold(counted.part, hidden, at), counted.whole
    if not at.frame.by:
        part.setdefault(TOTAL, Cell())
    if at.narrowed and _withheld(indicator, counted):
        figure = Figure(unit, missing="withheld")
        return Shown(dict.fromkeys(part, figure), figure)
    if indicator.median:
        return Shown({key: _median(unit, cell) for key, cell in part.items()}, _median(unit, Cell()))
    if not indicator.is_ratio:
        return Shown({key: Figure(unit, cell.value) for key, cell in part.items()}, Figure(unit, 0))
    if whole is None or (at.frame.by and whole.keys() <= {TOTAL}):
        base = counted.typed if whole is None else whole.get(TOTAL, Cell()).value
        figures = {key: ratio(unit, cell.value, base) for key, cell in part.items()}
        return Shown(figures, ratio(unit, 0, base))
    whole = fold(whole, hidden, at)
    figures = {key: ratio(unit, part.get(key, Cell()).value, whole.get(key, Cell()).value) for key in {**part, **whole}}
    return Shown(figures, ratio(unit, 0, 0))


def _median(unit: str, cell: Cell) -> Figure:
    return Figure(unit, cell.value) if cell.rows else Figure(unit, missing="no_rows")


def _unit_of(indicator: Indicator, first: Part) -> str:
    """The unit of an indicator's numbers: for a rate, that of numerator and denominator."""
    if not indicator.is_ratio or isinstance(first, Typed):
        return indicator.unit
    return SOURCES[first.source].unit if first.what == "amount" else "个"


def _withheld(indicator: Indicator, counted: Counted) -> bool:
    """A filter that leaves nothing the actor may see is a part of a breakdown like any other."""
    groups = [counted.part]
    if counted.whole is not None and not indicator.share:
        groups.append(counted.whole)
    return any(sum(cell.rows for cell in g.values()) and not any(cell.seen for cell in g.values()) for g in groups)


def _a_year_on(counted: Counted, by: tuple[Dimension, ...]) -> Counted:
    """Last year's cells under the keys of this year's."""

    def key_of(key: Key) -> Key | None:
        if key == TOTAL:
            return key
        parts = [
            moved(part, 1) if item.time is not None and part != NONE else part
            for part, item in zip(key, by, strict=True)
        ]
        return tuple(part for part in parts if part) if all(parts) else None

    def all_of(group: Cells) -> Cells:
        return {key: cell for old, cell in group.items() if (key := key_of(old)) is not None}

    whole = None if counted.whole is None else all_of(counted.whole)
    return Counted(all_of(counted.part), whole, counted.typed)


# -- spelling --------------------------------------------------------------------------------------------------


def style(question: Question, on: Definitions) -> Style:
    """Rounding and digits as asked, else as the rule has them."""
    body, digits = on.indicators.body, question.digits
    return Style(
        question.rounding or body.rounding,
        body.ratio_digits if digits is None else digits,
        body.money_digits if digits is None else digits,
    )


def _items(
    question: Question, indicator: Indicator, this: Side, shown: Shown, last: Side | None, earlier: Shown | None
) -> list[dict[str, Any]]:
    by, names = this.frame.by, this.frame.names
    keys = sorted_keys({**shown.figures, **(earlier.figures if earlier else {})}, names)
    version, print_as = indicator.version(this.on), style(question, this.on)
    corrected, corrected_before = this.restates(indicator), last is not None and last.restates(indicator)
    label = indicator.label(this.on, this.chosen if indicator.share else "")
    items: list[dict[str, Any]] = []
    for key in keys:
        figure = shown.figures.get(key, shown.otherwise)
        items.append(
            {
                "indicator": indicator.code,
                "label": label,
                "period": question.period.text,
                "dimensions": {item.code: part for item, part in zip(by, key, strict=True)},
                "labels": {item.code: label_of(n, part) for item, n, part in zip(by, names, key, strict=True)},
                "value": value_of(figure),
                "text": text_of(figure, print_as),
                "unit": indicator.unit,
                "numerator": plain(figure.numerator, figure.unit),
                "denominator": plain(figure.denominator, figure.unit),
                "version": version,
                "restated": corrected,
                "reason": reason(figure.missing) if figure.missing else None,
                "compare": None,
            }
        )
        if question.yoy:
            before = earlier.figures.get(key, earlier.otherwise) if earlier else Figure("", missing="no_period")
            items[-1]["compare"] = {
                "period": last.period.text if last else None,
                "version": indicator.version(last.on) if last else None,
                "restated": corrected_before,
                "flag": _flag(question, indicator, this, last),
                **compared(figure, before, print_as),
            }
    return items


def _flag(question: Question, indicator: Indicator, this: Side, last: Side | None) -> dict[str, str] | None:
    used = {*question.by, *(name for name, _ in question.filters)}
    further = tuple(rule for name, rule in _RULES_OF_DIMENSIONS.items() if name in used)
    if last is None or indicator.meaning(this.on, further) == indicator.meaning(last.on, further):
        return None
    return flag("definition_changed")


_RULES_OF_DIMENSIONS = {"sector": "sector_groups", "amount_band": "scale.bands"}
