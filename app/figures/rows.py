"""The rows behind a figure: those the actor may see, and how many more were counted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, case, null, select

from app.facts.projects.models import Project
from app.figures.engine import Frame, Measure, cells, filter_conditions, filter_shape, measure_condition, values_of
from app.figures.indicators import Indicator, Typed, find, rulebook
from app.figures.queries import eyes, frame_of, parsed
from app.figures.questions import shared
from app.figures.schemas import RowQuery
from app.figures.sides import Side, effective, side
from app.figures.sources import SOURCES, Source
from app.kernel.access import Actor, Permission
from app.kernel.errors import Forbidden, Invalid
from app.kernel.paging import Listing, Sight


class _Page(msgspec.Struct):
    items: msgspec.Raw
    next: str | None = None
    total: int | None = None


_PROJECTS: dict[str, Any] = {
    "project": Project.code, "name": Project.name, "sector": Project.sector, "stage": Project.stage,
    "status": Project.status,
}  # fmt: skip


_FURTHER = ("engagement", "ticket", "enterprise", "enterprise_name")


def _listing(source: Source) -> Listing:
    columns: Mapping[str, Any] = source.columns or _PROJECTS | {"amount": source.amount}
    return Listing(
        name=f"figure_rows_{source.code}",
        asked=RowQuery,
        source=select(
            columns["project"].label("project"),
            columns["name"].label("name"),
            source.sort.label("date"),
            case((source.happened != source.event, source.happened)).label("deferred_from"),
            columns["amount"].label("amount"),
            (null() if source.why is None else source.why).label("why"),
            source.row_id.label("id"),
            *(columns[name].label(name) for name in ("sector", "stage", "status")),
            *(columns.get(name, null()).label(name) for name in _FURTHER),
        )
        .select_from(source.table if source.narrow is None else source.narrow)
        .where(*source.where),
        key=source.row_id,
        sorts={"date": source.sort},
        filters={},
        default_sort="-date",
    )


_LISTINGS = {code: _listing(source) for code, source in SOURCES.items()}


def rows(connection: Connection, actor: Actor, q: RowQuery) -> dict[str, Any]:
    """A page of the rows that an indicator (of a rate: its numerator or denominator) counts."""
    period, day, said = frame_of(connection, q.period, q.as_of)
    indicator = shared(find(q.indicator), q.share)
    sight = eyes(actor)
    filters = parsed(q.filter)
    at = side(connection, effective(period, day), rulebook(connection), day, (), filters, None)
    measure = _measure(indicator, at, q.part)
    unfiltered = indicator.share and q.part == "denominator"
    frame = replace(at.frame, sight=sight, filters=() if unfiltered else at.frame.filters)
    source = SOURCES[measure.source]
    if source.parts is not None and not actor.may(Permission.ENGAGEMENT_READ):
        raise Forbidden
    body = _LISTINGS[source.code].page(connection, q, _sight(measure, frame, source))
    page = msgspec.json.decode(body, type=_Page)
    return {
        "items": page.items,
        "next": page.next,
        **({"total": page.total} if q.count else {}),
        "withheld": _withheld(connection, measure, frame),
        "indicator": indicator.code,
        "period": said["period"],
        "part": q.part,
        "version": indicator.version(at.on),
        "source": {"code": source.code, "label": source.label, "kind": source.kind},
    }


def _measure(indicator: Indicator, at: Side, part: str) -> Measure:
    parts = indicator.parts(at.on)
    if part == "denominator" and len(parts) == 1:
        raise Invalid.field("part", "not_a_rate", f"{indicator.label(at.on)}不是比率，没有分母")
    found = parts[1 if part == "denominator" else 0]
    if isinstance(found, Typed):
        raise Invalid.field("indicator", "typed", "这是录入的统计数据，没有明细，见 GET /statistics")
    return found


def _sight(measure: Measure, frame: Frame, source: Source) -> Sight:
    """The rows of the measure that the actor may see, as the one condition of a list."""
    conditions = filter_conditions(frame.filters, source, len(frame.bands))
    if measure.only:
        conditions.append(measure_condition(measure.only))
    if conditions and source.narrow is not None:
        # Asked apart: of a unit's rows each is there once, whatever number of units has it.
        among = select(source.row_id).select_from(source.table).where(*source.where, *conditions).correlate(None)
        conditions = [source.row_id.in_(among)]
    if frame.sight is not None and (shown := source.shown(frame.sight)) is not None:
        conditions.append(shown)
    seen_by = frame.sight.shape if frame.sight else None
    shape = repr((seen_by, measure.only, filter_shape(frame.filters), len(frame.bands)))
    return Sight(shape, and_(*conditions) if conditions else None, values_of(measure.window, frame))


def _withheld(connection: Connection, measure: Measure, frame: Frame) -> int:
    return sum(cell.rows - cell.seen for cell in cells(connection, [measure], frame)[measure].values())
