"""What the monthly bulletin says: every number is an answer of the figures, none is computed here."""

from typing import Any

from sqlalchemy import Connection, select

from app.facts.projects.rules import SCALE
from app.figures.indicators import INDICATORS_BY_CODE, Rulebook, rulebook
from app.figures.questions import Question, answer
from app.figures.rules import INDICATORS
from app.identity.units.models import Unit
from app.identity.units.queries import TIERS, terms
from app.kernel.calendar import Period
from app.kernel.money import format_yuan, parse_yuan
from app.published.bulletins.schemas import BulletinContent, Compared, Line, UnitLine
from app.published.issues.kinds import IssueKind, declare
from app.published.named import named

HEADLINE = (
    "signed_count", "contract_amount", "large_count", "framework_count", "framework_amount", "funds_arrived",
    "funds_rate", "started_count", "start_rate",
)  # fmt: skip
BY_UNIT = ("signed_count", "contract_amount", "funds_arrived", "started_count")


def content(connection: Connection, month: Period) -> BulletinContent:
    """The bulletin of a month that is over."""
    year = Period.span(month.start.replace(month=1, day=1), month.end)
    book = rulebook(connection)
    return BulletinContent(
        period=month.text,
        label=month.label,
        year_to_date=year.text,
        headline=_headline(connection, book, month, year),
        **_units(connection, book, month, year),
        signed=named(connection, "signings", month),
        started=named(connection, "starts", month),
    )


def _ask(
    connection: Connection, book: Rulebook, codes: tuple[str, ...], period: Period, **more: Any
) -> list[dict[str, Any]]:
    asked = tuple(INDICATORS_BY_CODE[code] for code in codes)
    question = Question(book, indicators=asked, period=period, as_of=period.end, **more)
    return answer(connection, question, None)


def _headline(connection: Connection, book: Rulebook, month: Period, year: Period) -> list[Line]:
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


def _units(connection: Connection, book: Rulebook, month: Period, year: Period) -> dict[str, Any]:
    """All units of the month's last day, those without anything too; what belongs to none of them apart."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, period in (("month", month), ("year", year)):
        for item in _ask(connection, book, BY_UNIT, period, by=("unit",)):
            values = found.setdefault(item["dimensions"]["unit"], {}).setdefault(name, {})
            values[item["indicator"]] = item["value"]
    term = terms(month.end).subquery()
    units = connection.execute(
        select(Unit.code, Unit.pinyin, term.c.name, term.c.tier).join(term, term.c.unit_id == Unit.id)
    ).all()
    lines = [
        _line(row.code, row.name, row.tier, found.pop(row.code, {}))
        for row in sorted(units, key=lambda row: (TIERS.index(row.tier), row.pinyin, row.code))
    ]
    return {"units": lines, "other_units": _together(list(found.values())) if found else None}


def _line(code: str, name: str, tier: str, values: dict[str, dict[str, Any]]) -> UnitLine:
    zeros = {i: 0 if INDICATORS_BY_CODE[i].unit == "个" else format_yuan(0) for i in BY_UNIT}
    return UnitLine(
        unit=code, name=name, tier=tier, month=zeros | values.get("month", {}), year=zeros | values.get("year", {})
    )


def _together(of_units: list[dict[str, dict[str, Any]]]) -> UnitLine:
    """Units that were none of the month's last day, and projects without one, as one line."""

    def total(stretch: str, code: str) -> int | str:
        values = [values[stretch][code] for values in of_units if code in values.get(stretch, {})]
        if INDICATORS_BY_CODE[code].unit == "个":
            return sum(int(value) for value in values)
        return format_yuan(sum(parse_yuan(value) for value in values))

    month, year = ({code: total(stretch, code) for code in BY_UNIT} for stretch in ("month", "year"))
    return UnitLine(unit="other", name="其他", tier="", month=month, year=year)


MONTHLY = declare(
    IssueKind(
        code="monthly_bulletin",
        label="月通报",
        period="month",
        content=content,
        title=lambda month, number: f"招商引资工作通报（{month.end.year}年第{number}期）",
        rules=(INDICATORS, SCALE),
    )
)
