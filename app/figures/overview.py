"""What a landing page needs, in one answer."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from app.facts.projects.models import Project
from app.figures.dimensions import NONE, OTHER
from app.figures.engine import Cell, Measure, cells
from app.figures.indicators import INDICATORS_BY_CODE, Indicator, rulebook
from app.figures.queries import eyes, frame_of
from app.figures.questions import Question, answer
from app.figures.schemas import OverviewQuery
from app.figures.sides import count, effective, fold, side
from app.figures.sources import FROM_DAY, SOURCES, TO_DAY
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.money import format_yuan
from app.kernel.paging import Sight
from app.kernel.statements import Statement

UNITS = 10
RECENT = 10


def _indicators(*codes: str) -> tuple[Indicator, ...]:
    return tuple(INDICATORS_BY_CODE[code] for code in codes)


HEADLINE = _indicators(
    "signed_count", "contract_amount", "funds_arrived", "funds_rate", "started_count", "same_year_started",
    "start_rate", "large_count", "large_share", "large_amount", "framework_count", "framework_amount",
)  # fmt: skip
_SIGNINGS = _indicators("signed_count", "contract_amount")
_TRACKED = _indicators("projects_in_database")


def overview(connection: Connection, actor: Actor, q: OverviewQuery) -> dict[str, Any]:
    """Headline indicators with last year's, their main breakdowns, the course of the year, what is new."""
    text = q.period or Period.of(q.as_of or calendar.today(), "year").text
    period, day, said = frame_of(connection, text, q.as_of)
    sight = eyes(actor)
    ask = Question(rulebook(connection), indicators=HEADLINE, period=period, as_of=day)
    stages = answer(connection, replace(ask, indicators=_TRACKED, by=("stage",)), sight)
    return {
        **said,
        "headline": answer(connection, replace(ask, yoy=True), sight),
        "sectors": answer(connection, replace(ask, indicators=_SIGNINGS, by=("sector",)), sight),
        "stages": stages,
        "units": _units(connection, ask, sight),
        "months": _months(connection, ask),
        "recent": _recent(connection, ask, sight),
        "tracked": sum(item["value"] for item in stages),
    }


def _units(connection: Connection, ask: Question, sight: Sight | None) -> list[dict[str, Any]]:
    """The units with the largest amounts, as far as the actor may see them named."""
    period = effective(ask.period, ask.as_of)
    at = side(connection, period, ask.book, ask.as_of, ("unit",), (), sight)
    counted = count(connection, _SIGNINGS, at)
    hidden = {key for found in counted.values() for key in found.hidden}
    signed, amounts = (fold(counted[indicator.code].part, hidden, at) for indicator in _SIGNINGS)
    named = [key for key in {**amounts, **signed} if key[0] not in (NONE, OTHER)]
    none = Cell()
    named.sort(key=lambda key: (-amounts.get(key, none).value, -signed.get(key, none).value, key))
    return [
        {
            "unit": key[0],
            "label": at.frame.names[0].label(key[0]),
            "signed_count": signed.get(key, none).value,
            "contract_amount": format_yuan(amounts.get(key, none).value),
        }
        for key in named[:UNITS]
    ]


def _months(connection: Connection, ask: Question) -> list[dict[str, Any]]:
    # By time alone nothing is hidden: each month is a period of its own.
    period = effective(ask.period, ask.as_of)
    at = side(connection, period, ask.book, ask.as_of, ("month",), (), None)
    measures = {
        indicator.code: part
        for indicator in (*_SIGNINGS, INDICATORS_BY_CODE["funds_arrived"])
        for part in indicator.parts(at.on)
        if isinstance(part, Measure)
    }
    counted = cells(connection, measures.values(), at.frame)
    signed = amount = funds = 0
    months = []
    for month in period.parts("month"):
        new = {code: counted[m].get((month.text,), Cell()).value for code, m in measures.items()}
        signed += new["signed_count"]
        amount += new["contract_amount"]
        funds += new["funds_arrived"]
        months.append(
            {
                "month": month.text,
                "signed_count": new["signed_count"],
                "signed_total": signed,
                "contract_amount": format_yuan(new["contract_amount"]),
                "contract_total": format_yuan(amount),
                "funds_arrived": format_yuan(new["funds_arrived"]),
                "funds_total": format_yuan(funds),
            }
        )
    return months


_newest: dict[str | None, Statement] = {}


def _recent(connection: Connection, ask: Question, sight: Sight | None) -> list[dict[str, Any]]:
    shape = sight.shape if sight else None
    statement = _newest.get(shape)
    if statement is None:
        source = SOURCES["signings"]
        query = (
            select(
                Project.code.label("project"),
                Project.name,
                Project.signed_on,
                source.amount.label("amount"),
                Project.sector,
            )
            .where(*source.where)
            .order_by(source.sort.desc(), Project.id.desc())
            .limit(RECENT)
        )
        if sight is not None and sight.condition is not None:
            query = query.where(sight.condition)
        statement = _newest[shape] = Statement(query)
    period = effective(ask.period, ask.as_of)
    values = {FROM_DAY.key: period.start, TO_DAY.key: period.end, **(sight.values if sight else {})}
    rows = statement.spelled(connection, statement.rows(connection, values))
    return [dict(zip(statement.names, row, strict=True)) for row in rows]
