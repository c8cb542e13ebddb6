"""A client of the stream, as a browser's EventSource is one: it reads in a thread and never sleeps."""

import contextlib
import json
import queue
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

PATIENCE = 15.0


@dataclass
class Told:
    """One event: `id` is the newest number the stream has given, `data` its JSON."""

    event: str
    data: Any
    id: int | None


class Listener:
    """An open stream. What comes waits in order; `next()` and `until()` take it, within a time limit."""

    def __init__(
        self, base_url: str, token: str | None, *, after: int | None = None, narrow: bool = False, **asked: Any
    ) -> None:
        address = urlsplit(base_url)
        self.connection = HTTPConnection(address.hostname or "", address.port, timeout=60)
        if narrow:  # little fits on the way to it
            self.connection.sock = socket.socket()
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            self.connection.sock.connect((address.hostname, address.port))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        query = urlencode(asked, doseq=True)
        self.connection.request("GET", f"/api/v1/stream?{query}", headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.last_id: int | None = None
        self.beats = 0
        self.numbered = threading.Event()
        self.free = threading.Event()
        self.free.set()
        self.arrived: queue.Queue[Told | None] = queue.Queue()
        if self.status != 200:
            self.problem = json.loads(self.response.read())
            self.connection.close()
            return
        self.socket: socket.socket = self.connection.sock
        # Closing says so to the server, also when it was waiting for us to take something.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        # The first number says from where on this stream tells.
        assert self.numbered.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self.status == 200:
            self.free.set()
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
            self.thread.join(PATIENCE)
            self.response.close()
        self.connection.close()

    def hold(self) -> None:
        """Stop taking what comes."""
        self.free.clear()

    def go_on(self) -> None:
        self.free.set()

    def _read(self) -> None:
        event, data = "message", ""
        try:
            while self.free.wait() and (line := self.response.readline()):
                text = line.decode().rstrip("\n")
                if text.startswith(":"):
                    self.beats += 1
                    self.arrived.put(Told("beat", None, self.last_id))
                elif text.startswith("id: "):
                    self.last_id = int(text[4:])
                    self.numbered.set()
                elif text.startswith("event: "):
                    event = text[7:]
                elif text.startswith("data: "):
                    data = text[6:]
                elif not text and data:
                    self.arrived.put(Told(event, json.loads(data), self.last_id))
                    event, data = "message", ""
        except (OSError, HTTPException, ValueError, AttributeError):
            pass  # cut off in the middle, or closed by the test
        self.arrived.put(None)

    def next(self, *, beats: bool = False) -> Told | None:
        """The next event, or None when the stream has ended."""
        while True:
            told = self.arrived.get(timeout=PATIENCE)
            if told is None or beats or told.event != "beat":
                return told

    def until(self, done: Callable[[Told], bool]) -> list[Told]:
        """Events up to and with the one that is `done`."""
        found = []
        while True:
            told = self.next()
            assert told is not None, f"the stream ended after {[t.event for t in found]}"
            found.append(told)
            if done(told):
                return found

    def rest(self) -> list[Told]:
        """All that comes until the stream ends."""
        found = []
        while (told := self.next()) is not None:
            found.append(told)
        return found
