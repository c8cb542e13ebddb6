"""Everybody files at once: the reporters of many units, each several times, over one server process."""

import json
import socket
import threading
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import httpx2
from sqlalchemy import Connection, func, select

from app.facts.engagements.models import Engagement, EngagementProject
from app.facts.enterprises.models import Enterprise
from app.facts.reports.models import Report, ReportEngagement, ReportProgress, ReportStep
from app.facts.reports.terms import ReportState
from app.kernel import calendar
from app.kernel.db import Database
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_session, make_unit, make_user
from tests.factories.projects import make_project
from tests.factories.reports import make_week
from tests.servers import LiveServer

UNITS, TIMES, VISITS = 35, 5, 4
COMPANY = "众家公司"


@dataclass
class Filed:
    """What was answered: seconds and status of each request, and what was neither expected nor a refusal."""

    took: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of the requests was answered."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def fill(database: Database, *, begun: bool = False) -> list[tuple[str, str, str]]:
    """Units, each with a reporter and a project; code, token and project of each. Three officers hear of it all.

    `begun` is an ordinary week: it is open already, and the company that all have visited is known.
    """
    with database.unit_of_work() as db:
        if begun:
            make_week(db, calendar.iso_week(calendar.today()))
            make_enterprise(db, name=COMPANY)
        for number in range(3):
            make_user(db, "officer", login=f"officer{number}")
        found = []
        for number in range(UNITS):
            unit = make_unit(db, f"u{number:02}", f"第{number}单位")
            project = make_project(db, unit=unit)
            token = make_session(db, make_user(db, "reporter", unit=unit))
            found.append((unit.code, token, project.code))
    return found


def document(project: str, more: bool = False) -> dict[str, Any]:
    """A week of four visits, one of them about the project; with one more."""
    day = calendar.today().isoformat()
    visits = [
        {"key": f"v{number}", "kind": "outgoing_visit", "title": f"拜访企业{number}", "starts_on": day}
        | ({"projects": [project]} if number == 0 else {"enterprises": [{"name": COMPANY, "create": True}]})
        for number in range(VISITS + more)
    ]
    progress = [{"project": project, "text": "设备进场"}]
    return {"engagements": visits, "progress": progress, "problems": [{"text": "缺地"}]}


def file_all(server: LiveServer, people: list[tuple[str, str, str]]) -> Filed:
    """Every reporter at once: sends and is cut off, sends again, adds a visit to what was read, submits, submits."""
    filed, lock, together = Filed(), threading.Lock(), threading.Barrier(len(people))
    week = calendar.iso_week(calendar.today())

    def one(unit: str, token: str, project: str) -> None:
        path = f"/api/v1/weekly/{week}/reports/{unit}"
        headers = {"Authorization": f"Bearer {token}"}

        def ask(method: str, at: str, expected: tuple[int, ...], **sent: Any) -> Any:
            started = perf_counter()
            answer = client.request(method, at, **sent)
            with lock:
                filed.took.append(perf_counter() - started)
                filed.statuses.append(answer.status_code)
                if answer.status_code not in expected:
                    filed.wrong.append(f"{method} {at}: {answer.status_code} {answer.text[:300]}")
            return answer

        with httpx2.Client(base_url=server.base_url, headers=headers, trust_env=False, timeout=60) as client:
            together.wait(30)
            _cut_off(server, path, token, document(project))
            for time in range(TIMES):
                if time < TIMES - 1:
                    ask("PUT", path, (200, 201), json=document(project))
                    continue
                seen = ask("GET", path, (200,)).headers["ETag"]
                ask("PUT", path, (200,), json=document(project, more=True), headers={"If-Match": seen})
            done = [ask("POST", f"{path}/submit", (200, 409)).status_code for _ in range(TIMES)]
            if done != [200] + [409] * (TIMES - 1):
                with lock:
                    filed.wrong.append(f"{path}/submit: {done}")

    threads = [threading.Thread(target=one, args=person) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return filed


def _cut_off(server: LiveServer, path: str, token: str, body: dict[str, Any]) -> None:
    """Send the whole request and leave without an answer, as a phone in a tunnel does."""
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    sent = json.dumps(body).encode()
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(sent)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as phone:
        phone.sendall(head.encode() + sent)


def counted(connection: Connection) -> dict[str, int]:
    """What there is after all."""

    def count(kind: Any, *which: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(kind).where(*which)).scalar_one())

    return {
        "reports": count(Report, Report.state == ReportState.SUBMITTED),
        "engagements": count(Engagement),
        "standing": count(Engagement, Engagement.voided_at.is_(None)),
        "linked": count(ReportEngagement),
        "enterprises": count(Enterprise),
        "projects": count(EngagementProject),
        "progress": count(ReportProgress),
        "steps": count(ReportStep),
    }
