"""What closed periods mean for facts.

A fact is always accepted and keeps its event date. When that lies in a closed period the fact counts on the first open
day after it, in the next issue, until the period is opened again (`deferral`). What a closed period already counts may
not be changed without opening it (`check`).

Of what units report weekly (`reported`), a week is closed besides when its reports are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, or_, select, text
from sqlalchemy.orm import Session

from app.identity.periods.models import Period
from app.kernel.errors import Conflict

_DAY = timedelta(days=1)


class PeriodLocked(Conflict):
    code = "period_locked"
    message = "该期间已锁定，请先由审核人说明理由后重新开放"
    english = "This period is closed. A reviewer can re-open it with a reason."


@dataclass(frozen=True, slots=True)
class Closed:
    """The closed periods: first day, last day and name of each, the shortest first."""

    periods: tuple[tuple[date, date, str], ...] = ()

    def name(self, day: date) -> str | None:
        """The closed period that contains a day (`2020-08`), the shortest where several do; None when it is open."""
        return next((name for first, last, name in self.periods if first <= day <= last), None)

    def deferral(self, day: date) -> date | None:
        """The first open day after one that is closed; None for a day that is open: its facts count on it."""
        opened = day
        while ends := [last for first, last, _ in self.periods if first <= opened <= last]:
            opened = max(ends) + _DAY
        return None if opened == day else opened

    def deferral_again(self, day: date, deferred_to: date) -> date | None:
        """Where a deferred fact counts once a period was opened: what a closed one counts by now stays there."""
        return deferred_to if self.name(deferred_to) else self.deferral(day)

    def check(self, days: Iterable[date | None]) -> None:
        """Refuse (409) a change of what is counted on one of these days and so by a closed period."""
        for day in sorted(day for day in days if day is not None):
            self._refuse(self.name(day), day)

    def stands_from(self, day: date) -> date:
        """The first day from `day` on that no closed period's last day follows.

        What is counted by its standing at a period's end (projects in the database) changes nothing that is closed
        when it begins or ends on this day.
        """
        return max([day, *(last + _DAY for _, last, _ in self.periods if last >= day)])

    def check_standing(self, day: date) -> None:
        """Refuse (409) a change from `day` on of what closed periods count by its standing at their end."""
        self._refuse(next((name for _, last, name in self.periods if last >= day), None), day)

    @staticmethod
    def _refuse(name: str | None, day: date) -> None:
        if name is not None:
            raise PeriodLocked(
                f"{day.isoformat()} 起的这项更改会改变已锁定期间 {name} 的数据，请先由审核人说明理由后重新开放该期间"
            )


def closed(connection: Connection | Session, *, reported: bool = False) -> Closed:
    """The closed periods as they are now."""
    shut = or_(Period.locked.is_(True), Period.reports_closed.is_(True)) if reported else Period.locked.is_(True)
    rows = connection.execute(select(Period.starts_on, Period.ends_on, Period.text).where(shut))
    found = [(row.starts_on, row.ends_on, row.text) for row in rows]
    return Closed(tuple(sorted(found, key=lambda period: period[1] - period[0])))


def hold(db: Session, *, reported: bool = False) -> Closed:
    """The closed periods for a write that counts on them: none is closed or opened until it has committed."""
    if db.connection().dialect.name == "postgresql":
        db.execute(text("LOCK TABLE period IN SHARE MODE"))
    return closed(db, reported=reported)
