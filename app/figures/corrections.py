"""Whether what a period counts was corrected after it was over."""

from sqlalchemy import Connection, Date, and_, bindparam, case, func, select

from app.facts.projects.models import Restatement
from app.figures.sources import FROM_DAY, TO_DAY
from app.kernel.calendar import Period
from app.kernel.statements import Statement

OVER = bindparam("over", type_=Date)
LATER = and_(Restatement.day <= TO_DAY, Restatement.recorded_on > OVER)
"""Corrections of what lies before the end of a period, recorded after it was over."""

_touched = Statement(
    select(Restatement.source, func.sum(case((Restatement.day >= FROM_DAY, 1), else_=0)))
    .where(LATER)
    .group_by(Restatement.source)
)


def corrected(connection: Connection, period: Period) -> frozenset[tuple[str, str]]:
    """Which sources were corrected after a period was over: in it (`within`) or up to its end (`until`, `since`)."""
    found = set()
    values = {FROM_DAY.key: period.start, TO_DAY.key: period.end, OVER.key: period.end}
    for source, within in _touched.rows(connection, values):
        found |= {(source, "until"), (source, "since")} | ({(source, "within")} if within else set())
    return frozenset(found)
