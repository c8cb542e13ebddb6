"""The district's dynamics: every number is an answer of the figures, none is computed here."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from app.facts.reports.models import ReportWeek
from app.figures.indicators import INDICATORS_BY_CODE, Rulebook
from app.figures.questions import Question, answer
from app.identity.units.models import Unit
from app.identity.units.queries import TIERS, terms
from app.kernel.calendar import Period
from app.kernel.money import format_yuan, parse_yuan
from app.published.bulletins.schemas import Compared, Line, ReportWeekLine, UnitLine
from app.published.named import UnitName

HEADLINE = (
    "signed_count", "contract_amount", "large_count", "framework_count", "framework_amount", "funds_arrived",
    "funds_rate", "started_count", "start_rate", "leader_trips", "outgoing_visits", "days_out", "incoming_visits",
    "late_reports", "missing_reports",
)  # fmt: skip
BY_UNIT = (
    "signed_count", "contract_amount", "funds_arrived", "started_count", "days_out", "outgoing_visits",
    "incoming_visits", "late_reports", "missing_reports",
)  # fmt: skip
REPORTS = ("late_reports", "missing_reports")
_THURSDAY = timedelta(days=3)


def _ask(
    connection: Connection, book: Rulebook, codes: tuple[str, ...], period: Period, **more: Any
) -> list[dict[str, Any]]:
    asked = tuple(INDICATORS_BY_CODE[code] for code in codes)
    question = Question(book, indicators=asked, period=period, as_of=period.end, **more)
    return answer(connection, question, None)


def headline(connection: Connection, book: Rulebook, month: Period, year: Period) -> list[Line]:
    """The district's indicators: the month and the year so far, beside a year earlier."""
    of_month, of_year = (_ask(connection, book, HEADLINE, period, yoy=True) for period in (month, year))
    return [
        Line(
            indicator=item["indicator"], label=item["label"], unit=item["unit"], version=item["version"],
            month=_compared(item), year=_compared(total),
        )
        for item, total in zip(of_month, of_year, strict=True)
    ]  # fmt: skip


def _compared(item: dict[str, Any]) -> Compared:
    last = item["compare"]
    return Compared(
        value=item["value"], text=item["text"], last_value=last["value"], restated=item["restated"],
        change=last["percentage_points_text"] or last["text"], last_restated=last["restated"],
    )  # fmt: skip


def units(
    connection: Connection, book: Rulebook, month: Period, year: Period
) -> tuple[list[UnitLine], UnitLine | None]:
    """All units of the month's last day, those without anything too; what belongs to none of them apart."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, period in (("month", month), ("year", year)):
        for item in _ask(connection, book, BY_UNIT, period, by=("unit",)):
            values = found.setdefault(item["dimensions"]["unit"], {}).setdefault(name, {})
            values[item["indicator"]] = item["value"]
    term = terms(month.end).subquery()
    rows = connection.execute(
        select(Unit.code, Unit.pinyin, term.c.name, term.c.tier).join(term, term.c.unit_id == Unit.id)
    ).all()
    lines = [
        _line(row.code, row.name, row.tier, found.pop(row.code, {}))
        for row in sorted(rows, key=lambda row: (TIERS.index(row.tier), row.pinyin, row.code))
    ]
    return lines, _together(list(found.values())) if found else None


_ZEROS: dict[str, int | str] = {"元": format_yuan(0), "天": "0.0"}


def _line(code: str, name: str, tier: str, values: dict[str, dict[str, Any]]) -> UnitLine:
    zeros = {i: _ZEROS.get(INDICATORS_BY_CODE[i].unit, 0) for i in BY_UNIT}
    return UnitLine(
        unit=code, name=name, tier=tier, month=zeros | values.get("month", {}), year=zeros | values.get("year", {})
    )


def _together(of_units: list[dict[str, dict[str, Any]]]) -> UnitLine:
    """Units that were none of the month's last day, and projects without one, as one line."""

    def total(stretch: str, code: str) -> int | str:
        values = [values[stretch][code] for values in of_units if code in values.get(stretch, {})]
        match INDICATORS_BY_CODE[code].unit:
            case "元":
                return format_yuan(sum(parse_yuan(value) for value in values))
            case "天":
                halves = sum(int(days) * 2 + (half == "5") for days, half in (value.split(".") for value in values))
                return f"{halves // 2}.{5 * (halves % 2)}"
        return sum(int(value) for value in values)

    month, year = ({code: total(stretch, code) for code in BY_UNIT} for stretch in ("month", "year"))
    return UnitLine(unit="other", name="其他", tier="", month=month, year=year)


def weeks(connection: Connection, book: Rulebook, month: Period) -> list[ReportWeekLine]:
    """The weeks that belong to the month, as its figures count them: by their Thursday."""
    of_month = [week for week in month.parts("week") if month.contains(week.start + _THURSDAY)]
    settled = set(connection.scalars(select(ReportWeek.week).where(ReportWeek.settled_at.is_not(None))))
    units_of: dict[tuple[str, str], list[UnitName]] = {}
    for item in _ask(connection, book, REPORTS, month, by=("week", "unit")):
        if item["value"]:
            unit = UnitName(unit=item["dimensions"]["unit"], name=item["labels"]["unit"])
            units_of.setdefault((item["dimensions"]["week"], item["indicator"]), []).append(unit)
    return [
        ReportWeekLine(
            week=week.text, label=week.label, starts_on=week.start.isoformat(), ends_on=week.end.isoformat(),
            settled=week.text in settled, late=units_of.get((week.text, "late_reports"), []),
            missing=units_of.get((week.text, "missing_reports"), []),
        )
        for week in of_month
    ]  # fmt: skip
