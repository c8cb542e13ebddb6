"""Tickets as figures count them: received by the unit of the first contact, solved by the unit that owned them then.

Each solution counts once and stays counted when the ticket is taken up anew, which is counted beside: what a period
said does not move afterwards. Whoever may not see a ticket sees no row of it.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, literal, null, select

from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import Project
from app.facts.tickets.models import RECEIVED_COUNTS_ON, SOLVED_COUNTS_ON, Ticket, TicketRating, TicketRound
from app.facts.tickets.sights import among
from app.facts.tickets.terms import TicketState
from app.figures.facts import FROM_DAY, TO_DAY, Source
from app.identity.units.models import UnitTerm

_TICKET: FromClause = Ticket.__table__
_ROUND: FromClause = TicketRound.__table__
_RATING: FromClause = TicketRating.__table__
_ENTERPRISE: FromClause = Enterprise.__table__
_PROJECT: FromClause = Project.__table__


def _whole(table: FromClause) -> FromClause:
    """With the ticket's enterprise, and its project if it has one."""
    return table.join(_ENTERPRISE, Enterprise.id == Ticket.enterprise_id).outerjoin(
        _PROJECT, Project.id == Ticket.project_id
    )


def _tier(unit: ColumnElement[int], day: ColumnElement[Any], *tables: FromClause) -> ColumnElement[Any]:
    term = select(UnitTerm.tier).where(UnitTerm.unit_id == unit)
    on_the_day = term.where(UnitTerm.valid_from <= day).order_by(UnitTerm.valid_from.desc())
    first = term.order_by(UnitTerm.valid_from)
    return func.coalesce(*(one.limit(1).correlate(*tables).scalar_subquery() for one in (on_the_day, first)))


_NAME = Enterprise.name + literal("：") + func.substr(Ticket.text, 1, 60)


def _tickets(
    code: str, label: str, kind: str, own: FromClause, row_id: Any, unit_id: Any, happened: Any,
    event: ColumnElement[Any], *where: ColumnElement[bool], amount: ColumnElement[int] = literal(0),
    shown: ColumnElement[Any] | None = None, unit: str = "件",
) -> Source:  # fmt: skip
    table = own if own is _TICKET else own.join(_TICKET, Ticket.id == own.c.ticket_id)
    tables = tuple(dict.fromkeys((own, _TICKET, _ENTERPRISE, _PROJECT)))
    return Source(
        code=code,
        label=label,
        kind=kind,
        table=_whole(table),
        tables=tables,
        row_id=row_id.expression,
        happened=happened.expression,
        event=event,
        amount=amount,
        where=(event >= FROM_DAY, event <= TO_DAY, *where),
        sort=event,
        unit=unit,
        parts={
            "unit": unit_id.expression,
            "tier": _tier(unit_id, happened, *tables),
            "ticket_category": Ticket.category.expression,
        },
        columns={
            "project": Project.code.expression, "name": _NAME,
            "sector": null(), "stage": null(), "status": null(), "ticket": Ticket.id.expression,
            "enterprise": Enterprise.id.expression, "enterprise_name": Enterprise.name.expression,
            "amount": null() if shown is None else shown,
        },
        seen=among,
    )  # fmt: skip


TICKET_SOURCES = (
    _tickets(
        "tickets_received", "接到的企业诉求", "ticket", _TICKET, Ticket.id, Ticket.first_unit_id, Ticket.received_on,
        RECEIVED_COUNTS_ON, Ticket.state != TicketState.VOIDED,
    ),
    _tickets(
        "ticket_solutions", "企业诉求的办结", "ticket_round", _ROUND, TicketRound.id, TicketRound.unit_id,
        TicketRound.solved_on, SOLVED_COUNTS_ON, TicketRound.void.is_(False),
        amount=func.coalesce(TicketRound.days, 0), shown=TicketRound.days.expression, unit="天",
    ),
    _tickets(
        "ticket_reopenings", "企业诉求的重新办理", "ticket_round", _ROUND, TicketRound.id, TicketRound.unit_id,
        TicketRound.opened_on, TicketRound.opened_on.expression, TicketRound.number > 1, TicketRound.void.is_(False),
    ),
    _tickets(
        "ticket_ratings", "企业对办理的评价", "ticket_rating", _RATING, TicketRating.id, TicketRating.unit_id,
        TicketRating.rated_on, TicketRating.rated_on.expression, TicketRating.void.is_(False),
        amount=func.coalesce(TicketRating.score, 0), shown=TicketRating.score.expression, unit="分",
    ),
)  # fmt: skip

TICKET_CONDITIONS: dict[str, ColumnElement[bool]] = {"solved_in_time": TicketRound.in_time.is_(True)}

TICKET_FIGURES = {
    "tickets_received": ("企业诉求件数", "首次接到之日在期内的企业诉求件数，按首接单位细分，作废的不计"),
    "tickets_solved": ("诉求办结件次", "办结之日在期内的办结件次，重新办理后再次办结另计一次，按办结时的责任单位细分"),
    "tickets_reopened": ("诉求重新办理件次", "期内重新办理的件次，按原办结单位细分"),
    "tickets_in_time_rate": ("诉求按时办结率", "期内按时办结的件次 ÷ 期内办结件次，时限按工作日历"),
    "ticket_days_median": (
        "诉求办结天数中位数",
        "期内各次办结自起算之日至办结之日的自然日数，由少到多居中的一个；件次为偶数时取居中两个的平均",
    ),
    "ticket_rating": ("企业评价平均分", "期内企业评价的分数之和 ÷ 评价次数，1 至 5 分"),
}
"""What the indicators over these sources are called, and what they say."""
