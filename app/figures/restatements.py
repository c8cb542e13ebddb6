"""The corrections by which figures of a period were restated after it was over: those the actor may see."""

from typing import Any

import msgspec
from sqlalchemy import Connection, and_, false, func, or_, select

from app.facts.projects.models import Project, Restatement
from app.figures.corrections import LATER, OVER
from app.figures.engine import BEGINNING
from app.figures.indicators import Typed, find, rulebook
from app.figures.queries import eyes, frame_of
from app.figures.schemas import RestatementQuery
from app.figures.sources import FROM_DAY, SOURCES, TO_DAY
from app.kernel.access import Actor
from app.kernel.paging import Listing, Sight

_LIST = Listing(
    name="restatements",
    asked=RestatementQuery,
    source=select(
        Project.code.label("project"),
        Project.name,
        Restatement.source,
        Restatement.day,
        Restatement.recorded_on,
        Restatement.reason,
    )
    .select_from(Restatement)
    .join(Project, Project.id == Restatement.project_id),
    key=Restatement.__table__.c.id,
    sorts={"recorded_on": Restatement.__table__.c.recorded_on},
    filters={},
    default_sort="-recorded_on",
)


def page(connection: Connection, actor: Actor, q: RestatementQuery) -> dict[str, Any]:
    """The corrections that the actor may see, and how many more there are."""
    period, _, said = frame_of(connection, q.period, None)
    indicator = find(q.indicator)
    parts = indicator.parts(rulebook(connection).on(period.end))
    measures = [part for part in parts if not isinstance(part, Typed)]
    sources = sorted({measure.source for measure in measures})
    start = period.start if all(measure.window == "within" for measure in measures) else BEGINNING
    sight = eyes(actor)
    values = {FROM_DAY.key: start, TO_DAY.key: period.end, OVER.key: period.end, **(sight.values if sight else {})}
    of_source = or_(false(), *(Restatement.source == source for source in sources))
    chosen = and_(LATER, Restatement.day >= FROM_DAY, of_source)
    condition = chosen if sight is None or sight.condition is None else and_(chosen, sight.condition)
    shape = repr((sources, sight.shape if sight else None))
    found = msgspec.json.decode(_LIST.page(connection, q, Sight(shape, condition, values)))
    for item in found["items"]:
        item["label"] = SOURCES[item["source"]].label
    of_projects = select(func.count()).select_from(Restatement).join(Project, Project.id == Restatement.project_id)
    every, visible = (connection.execute(of_projects.where(what), values).scalar_one() for what in (chosen, condition))
    return {**found, "withheld": every - visible, "indicator": indicator.code, "period": said["period"]}
