"""The kinds of things that the log tells of, and who may see one of them: one table for all who pass news on.

The live stream and notices are such readers. The table is said in `app/domains.py`; nothing here knows a domain.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.kernel.access import Actor, Permission


def to_all(_actor: Actor, _sight: Any) -> bool:
    """Whoever has the permission sees every subject of the kind."""
    return True


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing whose changes are told to those with `permission`.

    `kinds` are the first words of its events' kinds (`rule` in `rule.saved`), `admits` judges the sight an event
    carries, `newest` gives the present sights of some subjects: what is told later is judged by these.
    """

    permission: Permission
    kinds: tuple[str, ...]
    admits: Callable[[Actor, Any], bool] = to_all
    newest: Callable[[Connection, Collection[int]], Mapping[int, Any]] | None = None

    def shown(self, actor: Actor, sight: Any) -> bool:
        """May the actor see a subject of this kind that has this sight?"""
        return self.permission in actor.permissions and self.admits(actor, sight)


SUBJECTS: dict[str, Subject] = {}


def declare(table: Mapping[str, Subject]) -> Mapping[str, Subject]:
    """Make the table known to whoever passes news on."""
    SUBJECTS.update(table)
    return table


def still_shown(connection: Connection, actor: Actor, name: str, ids: Collection[int]) -> set[int]:
    """Which of these subjects of one kind the actor may see now; none of a kind that nobody is told of."""
    subject = SUBJECTS.get(name)
    if subject is None or subject.permission not in actor.permissions:
        return set()
    if subject.newest is None:
        return set(ids)
    return {key for key, sight in subject.newest(connection, ids).items() if subject.admits(actor, sight)}
