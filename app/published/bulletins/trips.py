"""The principal leaders' trips, and what came of what was agreed on them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from app.facts.engagements.follow_up_queries import standing_on
from app.facts.engagements.models import (
    Engagement,
    EngagementEnterprise,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
    FollowUp,
)
from app.facts.engagements.terms import FollowUpStanding, FollowUpState
from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import Project, ProjectAlias
from app.facts.projects.terms import Confidentiality
from app.figures.sources import FROM_DAY, SOURCES, TO_DAY
from app.identity.units.models import Unit
from app.identity.units.queries import terms
from app.kernel import calendar
from app.kernel.calendar import Period
from app.kernel.regions import region_name
from app.published.bulletins.schemas import (
    EarlierTrip,
    FollowUpCount,
    FollowUpLine,
    LeaderTrips,
    Touched,
    Trip,
)
from app.published.named import UnitName

FIRST_DAY = date(1949, 1, 1)
UNNAMED = "有关项目"
"""What a project is called that is not named."""
_PENDING = (FollowUpStanding.OPEN, FollowUpStanding.OVERDUE)
_TRIP = func.coalesce(Engagement.joined_into_id, Engagement.id)
"""The trip a report is of: the one it was joined into, or itself."""


def leader_trips(connection: Connection, month: Period) -> LeaderTrips:
    """Trips that the figure `leader_trips` counts in the month, and earlier ones of which something is to come."""
    day = min(month.end, calendar.today())
    trips = _trips(connection, month.start, month.end)
    agreed = _follow_ups(connection, _of(trips), day)
    before = _trips_pending(connection, month.start - timedelta(days=1), day)
    pending = {
        trip: [row for row in rows if standing_on(row, day) in _PENDING]
        for trip, rows in _follow_ups(connection, _of(before), day).items()
    }
    earlier = [trip for trip in before if pending.get(trip.id)]
    told = _Told(connection, (*trips, *earlier), month.end)
    items = [told.trip(trip, agreed.get(trip.id, []), day) for trip in trips]
    left = [told.earlier(trip, pending[trip.id], day) for trip in earlier]
    return LeaderTrips(
        as_of=day.isoformat(),
        items=items,
        follow_ups=_count(line for trip in items for line in trip.follow_ups),
        earlier=left,
        earlier_follow_ups=_count(line for trip in left for line in trip.follow_ups),
    )


def _count(lines: Iterable[FollowUpLine]) -> FollowUpCount:
    states = Counter(line.state for line in lines)
    return FollowUpCount(agreed=states.total(), **{state.value: states[state] for state in FollowUpStanding})


# -- rows ----------------------------------------------------------------------------------------------------------


def _trips(
    connection: Connection, first: date, last: date, *conditions: ColumnElement[bool], **more: Any
) -> Sequence[Any]:
    of = SOURCES["leader_trips"]
    return connection.execute(
        select(
            Engagement.id, Engagement.title, Engagement.starts_on, Engagement.ends_on, Engagement.half_days,
            Engagement.region, Engagement.place, Engagement.unit_id,
        )
        .select_from(of.least)
        .where(*of.where, *conditions)
        .order_by(Engagement.starts_on, Engagement.id),
        {FROM_DAY.key: first, TO_DAY.key: last, **more},
    ).all()  # fmt: skip


def _trips_pending(connection: Connection, last: date, day: date) -> Sequence[Any]:
    """Trips until `last` of which something was not settled at the end of `day`, or was only later."""
    report = Engagement.__table__.alias()
    pending = (
        select(func.coalesce(report.c.joined_into_id, report.c.id))
        .join(FollowUp, FollowUp.engagement_id == report.c.id)
        .where(
            report.c.voided_at.is_(None),
            or_(
                FollowUp.state == FollowUpState.OPEN,
                FollowUp.done_on > day,
                (FollowUp.state == FollowUpState.DROPPED)
                & (FollowUp.closed_at >= calendar.midnight_after(calendar.midnight_of(day))),
            ),
        )
        .correlate(None)
    )
    return _trips(connection, FIRST_DAY, last, Engagement.id.in_(pending))


def _of(trips: Iterable[Any]) -> list[int]:
    return [trip.id for trip in trips]


def _follow_ups(connection: Connection, trips: list[int], day: date) -> dict[int, list[Any]]:
    """What was agreed on each trip, in whichever of its reports it stands, by when it is due."""
    term = terms(day).subquery()
    rows = connection.execute(
        select(FollowUp.__table__, Unit.code, func.coalesce(term.c.name, Unit.name).label("unit_name"), _TRIP)
        .select_from(FollowUp)
        .join(Engagement, Engagement.id == FollowUp.engagement_id)
        .join(Unit, Unit.id == FollowUp.unit_id)
        .outerjoin(term, term.c.unit_id == Unit.id)
        .where(_TRIP.in_(trips), Engagement.voided_at.is_(None))
        .order_by(FollowUp.due_on, FollowUp.id)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[-1]].append(row)
    return found


def _parts(connection: Connection, part: Any, trips: list[int], *columns: Any, to: Any = None) -> dict[int, list[Any]]:
    """What hangs on the reports of each trip, the kept report's first; `to` is what is joined to get at it."""
    query = select(_TRIP.label("trip"), *columns).select_from(part).join(
        Engagement, Engagement.id == part.engagement_id
    )  # fmt: skip
    for table, on in to or ():
        query = query.join(table, on)
    rows = connection.execute(query.where(_TRIP.in_(trips)).order_by(Engagement.id != _TRIP, part.id))
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.trip].append(row)
    return found


# -- in words ------------------------------------------------------------------------------------------------------


class _Told:
    """Trips as the bulletin tells them; units under their names of `day`, projects by name where they are open."""

    def __init__(self, connection: Connection, trips: Iterable[Any], day: date) -> None:
        numbers = _of(trips)
        names = {row.unit_id: row.name for row in connection.execute(terms(day))}
        self.leaders = {
            trip: list(dict.fromkeys(row.office for row in rows if row.principal and row.office))
            for trip, rows in _parts(
                connection, EngagementPerson, numbers, EngagementPerson.office, EngagementPerson.principal
            ).items()
        }
        self.units = {
            trip: {row.id: UnitName(unit=row.code, name=names.get(row.id, row.name)) for row in rows}
            for trip, rows in _parts(
                connection, EngagementUnit, numbers, Unit.id, Unit.code, Unit.name,
                to=[(Unit, Unit.id == EngagementUnit.unit_id)],
            ).items()
        }  # fmt: skip
        self.enterprises = {
            trip: list(dict.fromkeys(row.name for row in rows))
            for trip, rows in _parts(
                connection, EngagementEnterprise, numbers, Enterprise.name,
                to=[(Enterprise, Enterprise.id == EngagementEnterprise.enterprise_id)],
            ).items()
        }  # fmt: skip
        self.projects = {
            trip: {row.code: row for row in rows}
            for trip, rows in _parts(
                connection, EngagementProject, numbers, Project.id, Project.code, Project.name,
                Project.confidentiality, to=[(Project, Project.id == EngagementProject.project_id)],
            ).items()
        }  # fmt: skip
        self.secret = self._secret(connection)

    def _secret(self, connection: Connection) -> dict[int, list[str]]:
        """By what words the projects that are not named may occur in what was written of a trip."""
        held = {
            row.id: row
            for rows in self.projects.values()
            for row in rows.values()
            if row.confidentiality is not Confidentiality.OPEN
        }
        words: dict[int, list[str]] = {number: [row.name, row.code] for number, row in held.items()}
        aliases = select(ProjectAlias.project_id, ProjectAlias.alias).where(ProjectAlias.project_id.in_(held))
        for project_id, alias in connection.execute(aliases) if held else ():
            words[project_id].append(alias)
        return {
            trip: sorted((word for row in rows.values() for word in words.get(row.id, ())), key=len, reverse=True)
            for trip, rows in self.projects.items()
        }

    def _said(self, trip: Any, text: str) -> str:
        for word in self.secret.get(trip.id, ()):
            text = text.replace(word, UNNAMED)
        return text

    def _head(self, trip: Any) -> dict[str, Any]:
        return {
            "id": trip.id,
            "title": self._said(trip, trip.title),
            "starts_on": trip.starts_on.isoformat(),
            "ends_on": trip.ends_on.isoformat(),
            "days": f"{trip.half_days // 2}.{5 * (trip.half_days % 2)}",
            "region": None if trip.region is None else region_name(trip.region),
            "place": None if trip.place is None else self._said(trip, trip.place),
            "leaders": self.leaders.get(trip.id, []),
        }

    def _lines(self, trip: Any, rows: Iterable[Any], day: date) -> list[FollowUpLine]:
        return [self._line(trip, row, day) for row in rows]

    def _line(self, trip: Any, row: Any, day: date) -> FollowUpLine:
        state = standing_on(row, day)
        done, dropped = state is FollowUpStanding.DONE, state is FollowUpStanding.DROPPED
        ended = row.done_on if done else day if state is FollowUpStanding.OVERDUE else row.due_on
        return FollowUpLine(
            id=row.id, what=self._said(trip, row.what), unit=row.code, unit_name=row.unit_name,
            due_on=row.due_on.isoformat(), state=state, days_overdue=max(0, (ended - row.due_on).days),
            done_on=row.done_on.isoformat() if done else None,
            result=self._said(trip, row.result) if done and row.result else None,
            dropped_reason=self._said(trip, row.dropped_reason) if dropped and row.dropped_reason else None,
        )  # fmt: skip

    def trip(self, trip: Any, rows: Iterable[Any], day: date) -> Trip:
        """One of the month's."""
        touched = list(self.projects.get(trip.id, {}).values())
        named = [row for row in touched if row.confidentiality is Confidentiality.OPEN]
        units = self.units.get(trip.id, {})
        return Trip(
            **self._head(trip),
            # The unit whose report was kept stands first.
            units=[units[number] for number in sorted(units, key=lambda number: number != trip.unit_id)],
            enterprises=self.enterprises.get(trip.id, []),
            projects=[Touched(project=row.code, name=row.name) for row in named],
            withheld=len(touched) - len(named),
            follow_ups=self._lines(trip, rows, day),
        )

    def earlier(self, trip: Any, rows: Iterable[Any], day: date) -> EarlierTrip:
        """One of an earlier month."""
        return EarlierTrip(**self._head(trip), follow_ups=self._lines(trip, rows, day))
