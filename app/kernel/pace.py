"""How long reads of a kind take: what is over at once need not go to a thread.

The way to a thread and back costs more than a short read of SQLite, and there is no socket to wait for. A kind that
used little processor in a few runs is read on the event loop; one that keeps the loop waiting goes back to the threads
for a good while.
"""

from collections.abc import Hashable

SWIFT, SLOW = 0.0015, 0.01  # seconds
TRIALS, BANISHED = 3, 300
KINDS = 2000


class Pace:
    """What is known of the kinds of reads in one process. Used on the event loop and in its threads alike."""

    def __init__(self) -> None:
        self.trials: dict[Hashable, int] = {}  # how many swift runs a kind still owes

    def is_swift(self, kind: Hashable) -> bool:
        return self.trials.get(kind) == 0

    def ran_in_thread(self, kind: Hashable, seconds: float) -> None:
        """A run has used so much processor."""
        if len(self.trials) >= KINDS:  # somebody is trying every combination
            self.trials.clear()
        owed = self.trials.get(kind, TRIALS)
        self.trials[kind] = max(owed, TRIALS) if seconds > SWIFT else max(owed - 1, 0)

    def ran_on_loop(self, kind: Hashable, seconds: float) -> None:
        """A run has kept the event loop for so long."""
        if seconds > SLOW:
            self.trials[kind] = BANISHED
