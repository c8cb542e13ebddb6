"""Databases and server processes for the benchmarks, built once a run."""

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from app.kernel.db import Database
from app.kernel.schema import upgrade as build
from tests import postgres
from tests.benchmarks.data import fill
from tests.benchmarks.load import Script, Target
from tests.databases import Databases, drop_templates
from tests.servers import APPLICATION, LiveServer, serve

BARE = "tests.benchmarks.bare:create"
CORE = "tests.benchmarks.core:create"
# As `zhaoshang serve` runs it.
OPTIONS = ("--no-access-log", "--log-level", "warning", "--no-server-header")


@dataclass(frozen=True, slots=True)
class Place:
    """A filled database and the header of an officer who may use it."""

    url: str
    auth: str


@dataclass(frozen=True, slots=True)
class Server:
    """A running process with one worker."""

    live: LiveServer

    @property
    def port(self) -> int:
        port = urlsplit(self.live.base_url).port
        assert port is not None
        return port

    @property
    def pid(self) -> int:
        return self.live.process.pid

    def target(self, script: Callable[[int], Script], status: int = 200) -> Target:
        return Target(self.port, self.pid, script, status)

    def ask(self, path: str, *headers: str) -> tuple[Mapping[str, str], Any]:
        """One answer: its headers and its decoded body."""
        asked = urllib.request.Request(self.live.base_url + path)
        for line in headers:
            asked.add_header(*line.split(": ", 1))
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=60) as answer:
            return answer.headers, json.loads(answer.read())

    def megabytes(self) -> float:
        """What of its memory is resident now."""
        told = Path(f"/proc/{self.pid}/status").read_text()
        return int(told.split("VmRSS:")[1].split()[0]) / 1024


@dataclass
class Lab:
    """What a run has built."""

    folder: Path = field(default_factory=postgres.open_folder)
    backends: dict[str, Databases] = field(default_factory=dict)
    places: dict[tuple[str, int], Place] = field(default_factory=dict)

    def place(self, backend: str, projects: int) -> Place:
        """The database of that size, filled at first use."""
        found = self.places.get((backend, projects))
        if found is None:
            databases = self.backends.setdefault(backend, Databases(backend, self.folder, "bench", build))
            url = databases.new()
            database = Database(url)
            token = fill(database, projects)
            database.close()
            found = self.places[backend, projects] = Place(url, f"Authorization: Bearer {token}")
        return found

    @contextmanager
    def server(self, place: Place, application: str = APPLICATION) -> Iterator[Server]:
        """One server process on that database while the block runs."""
        log = Path(mkdtemp(dir=self.folder)) / "log"
        environment = {"WORKER_INSIDE": "false"}
        live = serve(place.url, log, environment, application=application, options=OPTIONS)
        try:
            yield Server(live)
        finally:
            live.stop()

    def close(self) -> None:
        for databases in self.backends.values():
            databases.close()
        drop_templates(self.folder)
        postgres.close_folder(self.folder)
