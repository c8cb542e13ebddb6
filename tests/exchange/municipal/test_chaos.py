"""The city fails in every way it can, people edit, and whoever delivers is killed: in the end it holds what we hold.

`CHAOS_SEED` repeats what was chosen at random here (not what the machine makes of it); `CHAOS_KILLS` is how many die.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from app.exchange.municipal import wanting
from app.exchange.municipal.channels import Connection
from app.exchange.municipal.models import Channel, Contact, Record, RecordState
from app.kernel import calendar, chain, events
from app.kernel.calendar import Period
from app.kernel.db import Database
from tests.exchange.municipal.carrying import DISTRICT, SECRET, Sandbox, sandbox, wait_for
from tests.factories.agreements import make_agreement
from tests.factories.funds import make_fund
from tests.factories.identity import make_session, make_unit, make_user
from tests.factories.municipal import make_report_rule
from tests.factories.projects import make_project
from tests.servers import ROOT, free_port

KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
PROJECTS = 40
REFUSED_PLACE = "市级不认的地方"
PLACES = ("正阳街道", "城东街道", "舟白街道", REFUSED_PLACE)
FAULTS = {
    "slow": 0.2, "slow_seconds": 0.2, "later": 0.03, "retry": 0.03, "retry_after": 0, "forget": 0.005,
    **dict.fromkeys(
        ("down", "error", "busy", "redirect", "lost", "cut", "answer_twice", "twice", "bad_signature", "old",
         "replayed", "oversize", "malformed"),
        0.03,
    ),
    "rules": [{"kind": "project", "field": "place", "value": REFUSED_PLACE, "code": "P-7", "message": "地名有误"}],
}  # fmt: skip
CHANNELS = f"""
[channels.city]
name = "市级"
address = "%s"
key_id = "tests"
secret = "{SECRET}"
batch = 10
connect_seconds = 1
answer_seconds = 1.5
lease_seconds = 4
backoff_seconds = 0.05
longest_backoff_seconds = 0.4
failures_to_open = 4
receipt_hours = 0.0004
"""


@dataclass
class Nursery:
    """Where processes come from, and which of them live."""

    process: subprocess.Popen[str]
    port: int
    living: dict[str, int] = field(default_factory=dict)

    def start(self, name: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"server {self.port}\n" if name == "server" else "worker\n")
        self.process.stdin.flush()
        self.living[name] = int(self.process.stdout.readline())

    def kill(self, name: str) -> None:
        number = self.living.pop(name)
        os.kill(number, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{number}").exists() and not _alive(number), f"{name} does not die")


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def nursery(url: str, folder: Path, city: Sandbox) -> Iterator[Nursery]:
    channels = folder / "channels.toml"
    channels.write_text(CHANNELS % city.url)
    environment = {
        "DATABASE_URL": url, "DATA_DIR": str(folder / "files"), "MUNICIPAL_FILE": str(channels),
        "LOG_LEVEL": "error", "PYTHONPATH": str(ROOT), "DISTRICT": DISTRICT,
    }  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))], cwd=ROOT, env=os.environ | environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            yield Nursery(process, free_port())
        finally:
            process.communicate(timeout=30)


@dataclass
class Editors:
    """People who edit, whatever becomes of the server meanwhile."""

    base_url: str
    tokens: dict[str, str]
    codes: list[str]
    dice: random.Random
    stop: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        seeds = [self.dice.random() for _ in range(3)]
        self.threads = [threading.Thread(target=self._edit, args=(random.Random(seed),)) for seed in seeds]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self.threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in self.threads:
                thread.join(30)

    def client(self, who: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return httpx2.Client(base_url=self.base_url, headers=headers, trust_env=False, timeout=20)

    def _edit(self, dice: random.Random) -> None:
        with self.client("reviewer") as http:
            while not self.stop.wait(dice.random() / 15):
                try:
                    if self.change(http, dice.choice(self.codes), dice):
                        self.done += 1
                except httpx2.HTTPError:
                    continue  # the server is gone; another will come

    def change(self, http: httpx2.Client, code: str, dice: random.Random) -> bool:
        """Give a project another place, or another level; whether that went through."""
        at = f"/api/v1/projects/{code}"
        found = http.get(at)
        if found.status_code != 200:
            return self._judged(found)
        tag = {"If-Match": found.headers["etag"]}
        if dice.random() < 0.15:
            opens = found.json()["confidentiality"] == "sealed"
            body = {"level": "open" if opens else "sealed", "users": [] if opens else ["reviewer"], "reason": "试"}
            return self._judged(http.put(f"{at}/confidentiality", json=body, headers=tag))
        return self._judged(http.patch(at, json={"place": dice.choice(PLACES)}, headers=tag))

    def _judged(self, answer: httpx2.Response) -> bool:
        # 404: who may see the project changed between two looks of one request.
        if answer.status_code not in (200, 404, 412) and answer.status_code < 500:
            self.refused.append(answer.text)
        return answer.status_code == 200


def _fill(database: Database) -> tuple[dict[str, str], list[str]]:
    """People and projects with money; the tokens and the codes."""
    with database.unit_of_work() as db:
        weeks = Period.of(calendar.today() - timedelta(days=21), "week").text
        make_report_rule(db, weeks_from=weeks)
        unit = make_unit(db, "jxw")
        tokens = {role: make_session(db, make_user(db, role, login=role)) for role in ("officer", "reviewer")}
        codes = []
        for number in range(PROJECTS):
            project = make_project(db, stage="signed", unit=unit)
            make_agreement(db, project)
            if number % 4 == 0:
                make_fund(db, project)
            codes.append(project.code)
    return tokens, codes


def _settled(database: Database) -> bool:
    """Is everything held, and nothing in the log that has not been looked at?"""
    with database.reading() as connection:
        open_ = select(func.count()).where(Record.channel_id == Channel.id, Record.state != RecordState.HELD)
        row = connection.execute(
            select(Channel.cursor, open_.scalar_subquery()).where(Channel.code == "city")
        ).one_or_none()
        return row is not None and tuple(row) == (chain.head(connection)[0], 0)


def _told(database: Database, folder: Path) -> str:
    """What is to be known when it does not come to rest."""
    with database.reading() as connection:
        rows = connection.execute(
            select(Record.kind, Record.key, Record.state, Record.wanted_version, Record.held_version, Record.code,
                   Record.attempts, Record.next_try, Record.lease_until).where(Record.state != RecordState.HELD)
        ).all()  # fmt: skip
        channels = connection.execute(select(Channel.__table__)).all()
    return f"{rows[:10]}\n{channels}\n{(folder / 'log').read_text()[-3000:]}"


def test_the_city_ends_up_with_what_we_hold(database_url: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED", str(random.SystemRandom().randrange(10**6))))
    sys.stdout.write(f"CHAOS_SEED={seed}\n")  # told when it fails
    dice = random.Random(seed)
    database = Database(database_url)
    events.install(database, {})
    tokens, codes = _fill(database)
    with sandbox(tmp_path / "city") as city, nursery(database_url, tmp_path, city) as born:
        city.fail(**FAULTS, seed=seed)
        for name in ("server", "first", "second"):
            born.start(name)
        editors = Editors(f"http://127.0.0.1:{born.port}", tokens, codes, dice)
        with editors.at_work():
            for _ in range(KILLS):
                _some_time(city, dice)
                victim = dice.choices(("server", "first", "second"), (1, 2, 2))[0]
                born.kill(victim)
                born.start(victim)
            assert editors.done > KILLS, editors.refused
        assert editors.refused == []
        city.fail()
        with editors.client("reviewer") as http:
            _correct(http, codes)
            _rest(database, tmp_path)
            found = _reconcile(http)
            if _differences(found):
                # The city has lost its memory; nobody told us.
                answer = http.post(f"/api/v1/municipal/reconciliations/{found['id']}/resend", json={"reason": "补报"})
                assert answer.status_code == 200, answer.text
                _rest(database, tmp_path)
                found = _reconcile(http)
            assert _differences(found) == {}
            assert found["compared"] > PROJECTS / 2
        journal = city.journal()
        with database.reading() as connection:
            spans = {
                row.batch: (row.started_at, row.ended_at)
                for row in connection.execute(select(Contact.batch, Contact.started_at, Contact.ended_at))
            }
    _in_order(journal)
    _never_twice_at_once(journal, spans)
    held = _held(tmp_path / "city")
    with database.reading() as connection:
        rows = connection.execute(
            select(Record.kind, Record.key, Record.wanted_version, Record.op, Record.digest)
        ).all()
        outcomes = {tuple(row) for row in connection.execute(select(Contact.outcome, Contact.code))}
        many = connection.execute(select(func.count()).select_from(Contact)).scalar_one()
    ours = {(str(r.kind), r.key): (r.wanted_version, str(r.op), r.digest) for r in rows}
    # A tombstone may have been lost with the city's memory: then there is nothing that it stood for.
    gone = {place for place, (_, op, _) in ours.items() if op == "delete" and place not in held}
    assert held == {place: version for place, version in ours.items() if place not in gone}
    assert {op for _, op, _ in ours.values()} == {"put", "delete"}
    # All that was loaded anew says the same as what was followed step by step.
    wanting.follow(database, {"anew": Connection(mode="file")}, district=DISTRICT)
    assert _wanted(database, "anew") == _wanted(database, "city")
    # That there was chaos at all.
    assert len({outcome for outcome, _ in outcomes}) == 3 and len(outcomes) > 5 and many > KILLS, (many, outcomes)
    database.close()


def _some_time(city: Sandbox, dice: random.Random) -> None:
    """Until the city has answered for some records more: somewhere amid of it all."""

    def seen() -> int:
        return sum(city.http.get("/control").json()["results"].values())

    until, enough = time.monotonic() + 0.3 + dice.random(), seen() + dice.randrange(1, 20)
    while seen() < enough and time.monotonic() < until:
        threading.Event().wait(0.01)


def _correct(http: httpx2.Client, codes: list[str]) -> None:
    """Places that the city does not know are put right."""
    for code in codes:
        at = f"/api/v1/projects/{code}"
        wait_for(lambda at=at: _answers(http, at), "the server does not answer")  # type: ignore[misc]
        found = http.get(at)
        if found.json()["place"] == REFUSED_PLACE:
            answer = http.patch(at, json={"place": PLACES[0]}, headers={"If-Match": found.headers["etag"]})
            assert answer.status_code == 200, answer.text


def _answers(http: httpx2.Client, at: str) -> bool:
    try:
        return http.get(at).status_code == 200
    except httpx2.HTTPError:
        return False


def _rest(database: Database, folder: Path) -> None:
    try:
        wait_for(lambda: _settled(database), "it does not come to rest", 60)
    except AssertionError:
        pytest.fail(_told(database, folder))


def _reconcile(http: httpx2.Client) -> dict[str, Any]:
    answer = http.post("/api/v1/municipal/reconciliations", json={"channel": "city", "source": "ask"})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _differences(found: dict[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in ("missing_there", "missing_here", "different", "older") if found[name]}


def _in_order(journal: list[dict[str, Any]]) -> None:
    """Of each record every version came after those before it, whatever was killed meanwhile."""
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in journal:
        versions[line["kind"], line["key"]].append(line["version"])
    assert {place: seen for place, seen in versions.items() if seen != sorted(seen)} == {}


def _never_twice_at_once(journal: list[dict[str, Any]], spans: dict[str, tuple[datetime, datetime]]) -> None:
    """No record was under way in two batches at the same time; who was killed has not told how long his took."""
    of_record: dict[tuple[str, str], set[tuple[datetime, datetime]]] = defaultdict(set)
    for line in journal:
        if line["batch"] in spans:
            of_record[line["kind"], line["key"]].add(spans[line["batch"]])
    assert max(len(times) for times in of_record.values()) > 2
    for place, times in of_record.items():
        row = sorted(times)
        assert all(before[1] <= after[0] for before, after in pairwise(row)), (place, row)


def _held(folder: Path) -> dict[tuple[str, str], tuple[int, str, str]]:
    with closing(sqlite3.connect(folder / "municipal-sandbox.db")) as store:
        rows = store.execute("select kind, key, version, op, digest from held").fetchall()
    return {(kind, key): (version, op, digest) for kind, key, version, op, digest in rows}


def _wanted(database: Database, code: str) -> dict[tuple[str, str], str]:
    """Kind and key → digest of what should be held; without tombstones."""
    with database.reading() as connection:
        rows = connection.execute(
            select(Record.kind, Record.key, Record.digest)
            .join(Channel, Channel.id == Record.channel_id)
            .where(Channel.code == code, Record.op == "put")
        ).all()
    return {(str(row.kind), row.key): row.digest for row in rows}
