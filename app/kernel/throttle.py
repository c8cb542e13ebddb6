"""How often one address may knock at a door that asks nobody who he is."""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from app.kernel import calendar
from app.kernel.errors import TooMany

ADDRESSES = 10_000


class Throttle:
    """At most `most` calls of one address within `window`, in one process. Addresses are forgotten, oldest first."""

    def __init__(self, most: int = 60, window: timedelta = timedelta(minutes=1)) -> None:
        self.most = most
        self.window = window
        self.calls: OrderedDict[str, deque[datetime]] = OrderedDict()
        self.lock = threading.Lock()

    def admit(self, address: str) -> None:
        """Count a call; 429 with `Retry-After` when there were too many."""
        now = calendar.now()
        with self.lock:
            calls = self.calls.setdefault(address, deque())
            self.calls.move_to_end(address)
            while calls and calls[0] <= now - self.window:
                calls.popleft()
            if len(calls) >= self.most:
                wait = int((calls[0] + self.window - now).total_seconds()) + 1
                raise TooMany(headers={"Retry-After": str(wait)})
            calls.append(now)
            while len(self.calls) > ADDRESSES:
                self.calls.popitem(last=False)
