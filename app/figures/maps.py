"""Projects as points on a map."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from app.facts.projects.models import Project
from app.figures.engine import Frame, filter_conditions, filter_shape, values_of
from app.figures.indicators import rulebook
from app.figures.queries import eyes, parsed
from app.figures.schemas import MapQuery
from app.figures.sides import effective, side
from app.figures.sources import SOURCES, Source
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.statements import Statement

_PLACED = and_(Project.longitude.is_not(None), Project.latitude.is_not(None))
_PLACE = 2  # the first columns are the point, the others properties
_statements: dict[Any, tuple[Statement, Statement]] = {}


def features(connection: Connection, actor: Actor, q: MapQuery) -> dict[str, Any]:
    """The projects of a map: those signed in a period, or those in the database on the day."""
    day = q.as_of or calendar.today()
    period = effective(Period.parse(q.period), day) if q.period else Period.span(day, day)
    source = SOURCES["signings" if q.period else "tracked"]
    at = side(connection, period, rulebook(connection), day, (), parsed(q.filter), None)
    frame = replace(at.frame, sight=eyes(actor))
    points, counts = _of(source, frame)
    values = values_of("within", frame)
    found = points.spelled(connection, points.rows(connection, values))
    names = points.names[_PLACE:]
    placed, unplaced, every_placed = (int(number or 0) for number in counts.rows(connection, values)[0])
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row[_PLACE],
                "geometry": {"type": "Point", "coordinates": row[:_PLACE]},
                "properties": dict(zip(names, row[_PLACE:], strict=True)),
            }
            for row in found
        ],
        "withheld": every_placed - placed,
        "unplaced": unplaced,
    }


def _of(source: Source, frame: Frame) -> tuple[Statement, Statement]:
    shape = (source.code, filter_shape(frame.filters), frame.sight.shape if frame.sight else None, len(frame.bands))
    if shape not in _statements:
        if len(_statements) > 200:
            _statements.clear()
        _statements[shape] = _build(source, frame)
    return _statements[shape]


def _build(source: Source, frame: Frame) -> tuple[Statement, Statement]:
    chosen = and_(*source.where, *filter_conditions(frame.filters, source, len(frame.bands)))
    seen = frame.sight.condition if frame.sight else None
    points = (
        select(
            Project.longitude,
            Project.latitude,
            Project.code,
            Project.name,
            Project.stage,
            Project.status,
            Project.sector,
            Project.chain,
            Project.park,
            Unit.name.label("unit"),
            Project.signed_on,
            Project.contract_fen.label("contract_amount"),
        )
        .select_from(source.table.outerjoin(Unit.__table__, Unit.id == Project.unit_id))
        .where(chosen, _PLACED)
        .order_by(Project.code)
    )
    shown = and_(_PLACED, seen) if seen is not None else _PLACED
    unplaced = ~_PLACED if seen is None else and_(~_PLACED, seen)
    counts = select(
        func.sum(case((shown, 1), else_=0)),
        func.sum(case((unplaced, 1), else_=0)),
        func.sum(case((_PLACED, 1), else_=0)),
    ).where(chosen)
    return Statement(points if seen is None else points.where(seen)), Statement(counts)
