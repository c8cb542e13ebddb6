"""A sealed project is known to those it names, and to nobody else: every route, every role.

The routes are those of the OpenAPI, so that a new one is under this table from its first day. Everything about the
sealed project carries a word that occurs nowhere else; whoever is not named may find it in no answer, and its code
only where the log is audited (numbers of records are no secret there, what they hold is).
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from app.facts.agreements.models import Agreement
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.kernel.access import Role
from tests.clients import As, Kept, Work, put_part
from tests.factories.agreements import make_agreement
from tests.factories.commitments import make_clearance, make_commitment
from tests.factories.identity import make_unit
from tests.factories.municipal_desk import make_channel, make_record
from tests.factories.projects import make_project
from tests.factories.rewards import make_claim, make_lead
from tests.factories.tickets import make_ticket

API = "/api/v1"
WORD = "绝密甲辰"
LATIN = "juemijiachen"
METHODS = ("get", "post", "put", "patch", "delete")
# An answer without end (the stream's own tests judge it) and the end of the client's own session.
APART = {"get /api/v1/stream", "post /api/v1/auth/logout"}

WATCHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "nobody": ("nobody", {}),
    **{role.value: (role.value, {}) for role in Role if role is not Role.REPORTER},
    "reporter of its unit": ("reporter", {"unit": "jxw"}),
    "reporter of another unit": ("reporter", {"unit": "nyw"}),
    "whoever entered it": ("officer", {"login": "maker"}),
}


@dataclass
class Sealed:
    """The project, and the numbers of what hangs on it."""

    code: str
    numbers: dict[str, Any] = field(default_factory=dict)


def made(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


@pytest.fixture
def sealed(kept: Kept, as_: As, db: Work) -> Sealed:
    made: Sealed = kept(one_of_everything, as_, db)
    return made


def one_of_everything(as_: As, db: Work) -> Sealed:
    """An internal project with one of everything, then sealed by a reviewer and shown to one officer."""
    with db() as session:
        make_unit(session, "jxw")
        make_unit(session, "nyw")
        # Beside it an open one, whose amount keeps the sealed one's from being the total, which everybody is told.
        make_agreement(session, make_project(session, code="500114-2019-0001"), "framework", amount_fen=100)
    as_("officer", login="named")
    maker, judge = as_("officer", login="maker"), as_("reviewer", login="sealer")
    body = {
        "name": f"{WORD}项目", "kind": "services", "unit": "jxw", "confidentiality": "internal",
        "lead_on": "2020-03-01",
        "officer": f"{WORD}负责人", "leader": f"{WORD}领导", "note": f"{WORD}备注", "place": f"{WORD}地点",
        "chain": f"{WORD}链", "park": f"{WORD}园", "longitude": 108.77, "latitude": 29.53, "tracked_from": "2020-03-01",
        "investment": "300000000.00",
    }  # fmt: skip
    code = made(maker.post(f"{API}/projects", json=body))["code"]
    of = f"{API}/projects/{code}"
    alias = made(maker.post(f"{of}/aliases", json={"alias": f"{WORD}别名"}))
    made(maker.post(f"{of}/notes", json={"text": f"{WORD}记录"}))
    problem = made(maker.post(f"{of}/problems", json={"text": f"{WORD}问题"}))
    paper = made(
        maker.post(
            f"{of}/agreements",
            json={"type": "framework", "signed_on": "2020-08-18", "amount": "98765432.10", "parties": f"{WORD}各方",
                  "number": f"{WORD}号"},
        )
    )  # fmt: skip
    file = {"file": (f"{WORD}进账单.txt", f"{WORD}正文".encode(), "text/plain")}
    evidence = made(maker.post(f"{of}/evidence", data={"kind": "contract", "dated_on": "2020-08-18"}, files=file))
    fund = maker.post(
        f"{of}/funds",
        json={"arrived_on": "2020-09-01", "amount": "1234567.89", "source": "local", "kind": "equity",
              "note": f"{WORD}资金"},
    )  # fmt: skip
    review = made(maker.post(f"{of}/reviews", json={"kind": "legal", "note": f"{WORD}送审"}))
    trip = {"kind": "video_talk", "title": "视频洽谈", "starts_on": "2020-08-20", "unit": "jxw", "platform": "腾讯会议"}
    made(maker.post(f"{API}/engagements", json=trip | {"projects": [code]}))
    with db() as session:
        session.scalars(select(Project).where(Project.code == code)).one().stage = Stage.TALK
    force = {"leader_office": f"{WORD}职务", "lead_unit": "jxw", "formed_on": "2020-09-01", "goal": f"{WORD}目标"}
    force_id = made(maker.post(f"{of}/task-force", json=force | {"members": [{"unit": "nyw"}]}))["id"]
    task = {"title": f"{WORD}任务", "unit": "nyw", "planned_start": "2020-09-01", "due_on": "2020-10-01"}
    made(maker.post(f"{API}/task-forces/{force_id}/tasks", json=task))
    points = {"unit": "jxw", "year": 2020, "points": "1", "basis": f"{WORD}依据", "evidence": evidence.get("id", 1)}
    made(maker.post(f"{of}/bonuses", json=points))
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        unit = make_unit(session, "jxw")
        lead = make_lead(session, project=project, unit=unit, information=f"{WORD}线索", investor=f"{WORD}投资方")
        agreement = session.get_one(Agreement, paper["id"])
        clause = make_commitment(session, agreement, unit=unit, text=f"{WORD}条款", due_on=date(2020, 12, 31))
        make_clearance(session, clause, text=f"{WORD}认定")
        make_ticket(session, unit=unit, project=project, text=f"{WORD}诉求", result=f"{WORD}结果")
        make_claim(session, lead, gross_fen=76_543_21, now_fen=76_543_21, held_reason=f"{WORD}理由", paid=True)
    with db() as session:
        # The city holds it still, and is to drop it.
        number = session.scalars(select(Project.id).where(Project.code == code)).one()
        make_record(
            session, make_channel(session), key=code, project_id=number, payload={}, state="rejected", version=2,
            held_version=1, held={"name": f"{WORD}项目", "contract_amount": "98765432.10"}, reason=f"{WORD}退回",
        )  # fmt: skip
    seal = {"level": "sealed", "users": ["named"], "reason": "投资方要求"}
    assert put_part(judge, of, "confidentiality", seal).status_code == 200
    numbers = {
        "code": code, "alias_id": alias.get("id", 1), "problem_id": problem.get("id", 1), "agreement_id": paper["id"],
        "evidence_id": evidence.get("id", 1), "fund_id": made(fund).get("id", 1), "review_id": review["id"],
        "stage": "framework",
    }  # fmt: skip
    return Sealed(code, numbers)


@pytest.fixture
def operations(app: FastAPI) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Method, path and parameters of every route."""
    spec = json.loads(json.dumps(app.openapi()))
    return [
        (method, path, item[method].get("parameters", []))
        for path, item in spec["paths"].items()
        for method in METHODS
        if method in item and f"{method} {path}" not in APART
    ]


VALUES = {
    "period": "2020",
    "indicator": "framework_amount",
    "q": WORD,
    "text": "2019",
    "year": 2019,
    "day": "2020-01-01",
    "week": "2020-W34",
    "unit": "jxw",
}


def address(path: str, parameters: list[dict[str, Any]], sealed: Sealed) -> tuple[str, dict[str, Any]]:
    """The path about the sealed project as far as it names one, and what is needed to ask."""

    def value(name: str) -> str:
        known = {**VALUES, **(sealed.numbers if "/projects/{code}" in path else {})}
        return str(known.get(name, "jxw" if name == "code" else 1))

    query = {
        p["name"]: VALUES.get(p["name"], 1)
        for p in parameters
        if p["in"] == "query" and (p.get("required") or p["name"] in ("q", "count"))
    }
    if "count" in query:
        query["count"] = "true"
    return re.sub(r"\{(\w+)\}", lambda found: value(found[1]), path), query


def told(answer: Any) -> str:
    """Everything an answer says, headers and the insides of a workbook too."""
    content = answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return f"{dict(answer.headers)} {content.decode('utf-8', 'replace')}"


def unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)


def leaks(text: str, sealed: Sealed) -> list[str]:
    found = [word for word in (WORD, LATIN, "98765432.10", "1234567.89", "76543.21") if word in unescaped(text)]
    return found + ([sealed.code] if sealed.code in text else [])


def client(as_: As, watcher: str) -> TestClient:
    who, more = WATCHERS[watcher]
    return as_(None) if who == "nobody" else as_(who, **more)


@pytest.mark.parametrize("watcher", WATCHERS)
def test_nothing_sealed_is_told_by_any_route(
    as_: As, db: Work, sealed: Sealed, operations: list[tuple[str, str, list[dict[str, Any]]]], watcher: str
) -> None:
    asking = client(as_, watcher)
    with db() as session:
        before = session.scalars(select(Project.version).where(Project.code == sealed.code)).one()
    for method, path, parameters in operations:
        where, query = address(path, parameters, sealed)
        more: dict[str, Any] = {}
        if method != "get":
            more = {"json": {}, "headers": {"If-Match": '"1-1"'}} if method != "delete" else {}
        answer = asking.request(method.upper(), where, params=query, **more)
        found = leaks(told(answer).replace(where, "").replace(f'"path":"{where}"', ""), sealed)
        if path == "/api/v1/log" and watcher in ("auditor",):
            found = [word for word in found if word != sealed.code]
        assert found == [], f"{watcher}: {method} {path} tells {found}: {answer.text[:400]}"
        if "/projects/{code}" in path:
            assert answer.status_code in (401, 403, 404, 422, 405), f"{watcher}: {method} {path} {answer.status_code}"
            if answer.status_code == 422:
                # Wrong before anything was looked up: the same for a project that does not exist.
                other = asking.request(
                    method.upper(), where.replace(sealed.code, "500114-2020-9999"), params=query, **more
                )
                assert other.status_code == 422
    with db() as session:
        assert session.scalars(select(Project.version).where(Project.code == sealed.code)).one() == before


def test_who_is_named_sees_it(as_: As, sealed: Sealed, operations: list[tuple[str, str, list[dict[str, Any]]]]) -> None:
    """The table above can fail: the same questions, asked by the officer who is named, find the word."""
    asking = as_("named")
    telling = set()
    for method, path, parameters in operations:
        if method == "get":
            where, query = address(path, parameters, sealed)
            if leaks(told(asking.get(where, params=query)), sealed):
                telling.add(path)
    of = "/api/v1/projects/{code}"
    assert telling >= {
        "/api/v1/rewards/leads", "/api/v1/rewards/leads/{lead_id}", "/api/v1/rewards/claims",
        "/api/v1/rewards/claims/{claim_id}", "/api/v1/rewards/claims/{claim_id}/calculation", "/api/v1/rewards/bonuses",
        "/api/v1/rewards/payments",
        "/api/v1/projects", of, f"{of}/agreements", f"{of}/funds", f"{of}/evidence", f"{of}/reviews", f"{of}/history",
        f"{of}/evidence/{{evidence_id}}/file", "/api/v1/engagements/{engagement_id}", "/api/v1/figures/rows",
        "/api/v1/map", "/api/v1/ledgers/export", "/api/v1/municipal/records",
        "/api/v1/municipal/records/{record_id}", f"{of}/municipal",
        "/api/v1/task-forces", "/api/v1/tasks", "/api/v1/tickets",
        "/api/v1/tickets/{ticket_id}", "/api/v1/tickets/{ticket_id}/history",
    }  # fmt: skip


def test_totals_are_the_same_for_all_and_the_row_is_withheld(as_: As, sealed: Sealed) -> None:
    asked = {"indicator": "framework_amount", "period": "2020"}
    totals = {
        who: as_(who).get(f"{API}/figures", params=asked).json()["items"][0]["value"]
        for who in ("named", "officer", "leader", "reporter")
    }
    assert set(totals.values()) == {"98765433.10"}
    rows = as_("leader").get(f"{API}/figures/rows", params=asked).json()
    assert ([row["amount"] for row in rows["items"]], rows["withheld"]) == (["1.00"], 1)


@pytest.mark.parametrize("who", ["officer", "reporter"])
def test_a_project_of_the_same_name_is_recorded_without_a_word(as_: As, sealed: Sealed, who: str) -> None:
    """The warning of namesakes would tell that there is one."""
    body = {"name": f"{WORD}项目", "kind": "services", "lead_on": "2020-03-01"}
    answer = as_(who).post(f"{API}/projects", json=body)
    assert sealed.code not in answer.text
    assert answer.status_code == (201 if who == "officer" else 403), answer.text


def test_a_ledger_that_names_it_is_told_nothing_of_it(as_: As, db: Work, sealed: Sealed) -> None:
    """Not even by what it changes: neither its code nor what it holds may come back from an import."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["项目编号", "项目名称", "责任单位", "合同金额(万元)", "签约日期"])
        sheet.write_row(1, 0, [sealed.code, f"{WORD}项目", "jxw", 500, "2020-05-05"])
        sheet.write_row(2, 0, ["", f"{WORD}别名", "jxw", 700, "2020-05-06"])
    with db() as session:
        before = session.scalars(select(Project.version).where(Project.code == sealed.code)).one()
    answer = as_("officer").post(
        f"{API}/ledgers/imports",
        params={"dry_run": "true", "wait": 30},
        files={"file": ("台账.xlsx", file.getvalue(), "application/octet-stream")},
    )
    text = unescaped(answer.text)
    for secret in (f"{WORD}负责人", f"{WORD}备注", f"{WORD}各方", "98765432.10", "9876.54", "1234567.89"):
        assert secret not in text
    with db() as session:
        assert session.scalars(select(Project.version).where(Project.code == sealed.code)).one() == before
