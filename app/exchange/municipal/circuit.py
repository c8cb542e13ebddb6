"""When to try again, and when not to try at all: pure decisions on the numbers a channel keeps.

A circuit is closed while contacts succeed, open for a while once several failed one after the other, and then half
open: one worker tries one record, and what becomes of it opens or closes it for all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

Random = Callable[[], float]
"""Gives a number from 0 up to, but not including, 1."""

LONGEST_ASKED = timedelta(hours=1)
"""How long a city may ask us to stay away (`Retry-After`); what it asks beyond is not heeded."""


class Passage(StrEnum):
    OPEN = "open"  # nothing is sent
    PROBE = "probe"  # one may try
    CLOSED = "closed"  # all is well


@dataclass(frozen=True, slots=True)
class Pace:
    """What a connection says of waiting, in seconds, and how many failures open the circuit."""

    first: float
    longest: float
    failures: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """What a channel keeps of it."""

    failures: int = 0
    open_until: datetime | None = None
    probing_until: datetime | None = None

    def passage(self, now: datetime) -> Passage:
        """May something be sent now?"""
        if self.open_until is None:
            return Passage.CLOSED
        if now < self.open_until or (self.probing_until is not None and now < self.probing_until):
            return Passage.OPEN
        return Passage.PROBE

    def succeeded(self) -> "Circuit":
        """After a contact that went well, whoever had it: closed."""
        return Circuit()

    def failed(
        self, now: datetime, pace: Pace, random: Random, *, asked: timedelta | None = None, at_once: bool = False
    ) -> "Circuit":
        """After one that did not: open from the last failure that is borne, longer after each that follows.

        `asked` is what the city wants us to wait, which opens it too; `at_once` opens for the longest (it does not
        know us: trying again changes nothing).
        """
        failures = self.failures + 1
        if at_once:
            wait = timedelta(seconds=pace.longest)
        elif failures >= pace.failures:
            wait = _half_sure(failures - pace.failures + 1, pace, random)
        elif asked is not None:
            wait = timedelta(0)
        else:
            return Circuit(failures, self.open_until, None)
        if asked is not None:
            wait = max(wait, min(asked, LONGEST_ASKED))
        until = now + wait
        return Circuit(failures, until if self.open_until is None else max(until, self.open_until), None)


def backoff(attempts: int, pace: Pace, random: Random) -> timedelta:
    """How long to wait after so many attempts (≥ 1): exponential with full jitter, never above the longest."""
    return timedelta(seconds=_ceiling(attempts, pace) * random())


def _half_sure(attempts: int, pace: Pace, random: Random) -> timedelta:
    # A circuit that opened for no time at all would be none.
    ceiling = _ceiling(attempts, pace)
    return timedelta(seconds=ceiling / 2 + ceiling / 2 * random())


def _ceiling(attempts: int, pace: Pace) -> float:
    # 2**40 seconds are beyond every limit, and more would be beyond floats.
    return min(pace.longest, pace.first * 2.0 ** min(max(attempts, 1) - 1, 40))
