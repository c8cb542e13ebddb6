"""`kill -9` in the middle of writes: what was answered is there, what was not is whole or absent, the log is intact."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from app.facts.projects.models import Project, ProjectNote
from app.kernel import chain, events
from app.kernel.db import Database
from tests.factories.identity import make_session, make_unit, make_user
from tests.replay import assert_log_equals_tables
from tests.servers import PATIENCE, ROOT, LiveServer

NEWEST_ONLY = True  # it is the server that is killed, not the database

WRITERS = 8
ENOUGH = 40
"""Answers after which the server is killed, while the next ones are on their way."""


class Writers:
    """Clients that create projects, and change each, until the server is gone; what they were told."""

    def __init__(self, server: LiveServer, token: str, label: str) -> None:
        self.place = urlsplit(server.base_url).netloc
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.label = label
        self.created: dict[str, str] = {}
        self.noted: list[str] = []
        self.refused: list[str] = []
        self.enough = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self, number: int) -> None:
        connection = http.client.HTTPConnection(self.place, timeout=PATIENCE)
        try:
            for turn in range(10_000):
                name = f"{self.label}第{number}号写入者的第{turn}个项目"
                code = self._post(connection, "/api/v1/projects", {"name": name, "kind": "lease", "unit": "jxw"})[
                    "code"
                ]
                self.created[code] = name
                self._post(connection, f"/api/v1/projects/{code}/notes", {"text": name})
                self.noted.append(code)
                if len(self.created) >= ENOUGH:
                    self.enough.set()
        except (OSError, http.client.HTTPException):
            return  # the server is gone
        except Exception as refusal:
            self.refused.append(str(refusal))
            self.enough.set()

    def _post(self, connection: http.client.HTTPConnection, path: str, body: dict[str, str]) -> dict[str, str]:
        connection.request("POST", path, json.dumps(body), self.headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status != 201:
            raise ValueError(f"{answer.status} {told.decode()}")
        found: dict[str, str] = json.loads(told)
        return found

    def end(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self.threads)
        assert self.refused == []


def test_a_killed_server_loses_nothing_it_has_answered(
    database_url: str, live_server: Callable[..., LiveServer], tmp_path: Path
) -> None:
    database = Database(database_url)
    events.install(database, {})
    with database.unit_of_work() as db:
        token = make_session(db, make_user(db, "officer", unit=make_unit(db, "jxw")))
    created: dict[str, str] = {}
    noted: set[str] = set()
    for turn in (1, 2):
        server = live_server(database_url)
        writers = Writers(server, token, f"第{turn}轮")
        assert writers.enough.wait(PATIENCE), server.tail()
        server.kill()
        writers.end()
        assert len(writers.created) >= ENOUGH
        created |= writers.created
        noted.update(writers.noted)

        with database.unit_of_work() as db:
            # Whose commit had reached the database holds this lock until it is done.
            db.execute(select(chain.LogHead.seq).with_for_update())
        with database.reading() as connection:
            assert_log_equals_tables(connection)
            rows = connection.execute(select(Project.code, Project.name).order_by(Project.id)).all()
            there = {row.code: row.name for row in rows}
            with_notes = set(connection.scalars(select(Project.code).join(ProjectNote)))
            told = {row.subject_key for row in chain.stored(connection) if row.kind == "project.created"}
        # At most one answer for each writer was under way.
        assert created.items() <= there.items()
        assert len(there) <= len(created) + WRITERS * turn
        assert noted <= with_notes
        assert told == there.keys()
    database.close()
    verify = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "log", "verify"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert verify.returncode == 0 and verify.stdout.startswith("日志完整"), verify.stdout + verify.stderr
