"""Reconciling with the city as the officer does: asked, by a list, by a file; and putting right what differs."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from fastapi import FastAPI
from sqlalchemy import func, select

from app.exchange.municipal.models import Contact, Record, RecordState
from app.kernel import calendar
from tests.clients import As, Work
from tests.exchange.municipal import carrying
from tests.factories.municipal import make_report_rule
from tests.factories.municipal_desk import make_channel, make_connection, make_record
from tests.factories.projects import make_project

API = "/api/v1/municipal/reconciliations"
WHY = {"reason": "对账发现差异"}


@pytest.fixture(autouse=True)
def connections(app: FastAPI) -> Iterator[dict[str, Any]]:
    before = app.state.connections
    app.state.connections = {"city": make_connection(), "files": make_connection(mode="file", address=None)}
    yield app.state.connections
    app.state.connections = before


def held(kind: str, key: str, version: int, payload: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "kind": kind, "key": key, "version": version, "op": "put" if payload else "delete", "payload": payload,
    }  # fmt: skip


def test_what_the_sandbox_holds_otherwise_is_found_put_right_and_then_the_same(
    app: FastAPI, as_: As, db: Work, tmp_path: Path, connections: dict[str, Any]
) -> None:
    officer, long_ago = as_("officer"), calendar.now() - timedelta(days=1)
    with db() as session:
        channel = make_channel(session)
        make_report_rule(session, kinds=["project"])
        for key, version in (("same", 2), ("lost", 2), ("other", 3), ("older", 4), ("newer", 2)):
            make_record(session, channel, key=key, payload={"name": key}, state="held", version=version, at=long_ago)
        make_record(session, channel, key="waits", payload={"name": "waits"}, at=long_ago)
    with carrying.sandbox(tmp_path, check=False) as city:
        connections["city"] = carrying.connection(city)
        city.hold(
            held("project", "same", 2, {"name": "same"}), held("project", "other", 3, {"name": "不同"}),
            held("project", "older", 3, {"name": "旧"}), held("project", "newer", 9, {"name": "newer"}),
            held("week", "2019-W01", 5, {"week": "2019-W01"}),
        )  # fmt: skip
        made = officer.post(API, json={"channel": "city", "source": "ask"})
        assert made.status_code == 201, made.text
        told = made.json()
        counts = {name: told[name] for name in ("missing_there", "missing_here", "different", "older", "newer_there")}
        assert set(counts.values()) == {1}, counts
        assert (told["compared"], told["in_flight"], told["source"]) == (7, 1, "asked")
        where = made.headers["Location"]
        rows = {row["key"]: row for row in officer.get(f"{where}/differences").json()["items"]}
        assert {key: row["what"] for key, row in rows.items()} == {
            "lost": "missing_there", "other": "different", "older": "older", "newer": "newer_there",
            "2019-W01": "missing_here",
        }  # fmt: skip
        assert rows["other"]["fields"] == [{"field": "name", "ours": "other", "theirs": "不同"}]
        assert officer.post(f"{where}/resend", json=WHY).json() == {"resent": 5, "removed": 1, "skipped": 0}
        assert officer.post(f"{where}/resend", json=WHY).json()["code"] == "already_resent"

        def settled() -> bool:
            with app.state.database.reading() as connection:
                query = select(func.count()).where(Record.state != RecordState.HELD)
                return bool(connection.execute(query).scalar_one() == 0)

        with carrying.carrying(app.state.database, {"city": connections["city"]}):
            carrying.wait_for(settled, "the courier does not bring all of it")
        again = officer.post(API, json={"channel": "city", "source": "ask"}).json()
        assert {name: again[name] for name in counts} == dict.fromkeys(counts, 0)
        assert (again["compared"], again["in_flight"], again["rejected"]) == (7, 0, 0)


def test_a_city_that_does_not_answer_is_told_of(as_: As, db: Work, tmp_path: Path, connections: dict[str, Any]) -> None:
    with db() as session:
        make_channel(session)
    with carrying.sandbox(tmp_path, check=False) as city:
        connections["city"] = carrying.connection(city)
    answer = as_("officer").post(API, json={"channel": "city", "source": "ask"})
    assert (answer.status_code, answer.json()["code"]) == (502, "city_failed")
    with db() as session:
        kept = session.scalars(select(Contact)).one()
        assert (kept.what, kept.outcome, kept.code) == ("held", "failed", "unreachable")
    asked = {"channel": "files", "source": "ask"}
    assert as_("officer").post(API, json=asked).json()["code"] == "no_channel"
    with db() as session:
        make_channel(session, "files")
    assert as_("officer").post(API, json=asked).json()["code"] == "nothing_to_ask"


def test_a_list_is_compared_and_what_has_changed_since_is_left(as_: As, db: Work) -> None:
    officer = as_("officer")
    with db() as session:
        channel = make_channel(session)
        moved = make_record(session, channel, key="moved", state="held", version=3).id
        make_record(session, channel, "fund", "5", {"number": "5"}, state="held")
    body: dict[str, Any] = {"channel": "city", "kinds": ["project"], "held": [held("fund", "9", 1, {"a": 1})]}
    where = officer.post(API, json=body).headers["Location"]
    # Funds were not in the list.
    found = officer.get(where).json()
    assert (found["missing_there"], found["missing_here"], found["compared"]) == (1, 0, 1)
    assert officer.post(f"/api/v1/municipal/records/{moved}/resend", json=WHY).status_code == 200
    assert officer.post(f"{where}/resend", json=WHY).json() == {"resent": 0, "removed": 0, "skipped": 1}
    for wrong in (
        {"channel": "city"}, body | {"source": "ask"}, body | {"kinds": []},
        body | {"held": [held("project", "a\u0000", 1, {"a": 1})]},
        body | {"held": [held("project", "a", 2**53, {"a": 1})]},
        body | {"as_of": (calendar.now() + timedelta(days=1)).isoformat()},
    ):  # fmt: skip
        assert officer.post(API, json=wrong).status_code == 422, wrong


def sheet(*rows: list[Any]) -> dict[str, Any]:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("市级清单")
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return {"file": ("清单.xlsx", file.getvalue(), "application/octet-stream")}


def test_a_file_is_compared_and_its_mistakes_are_named_by_cell(as_: As, db: Work) -> None:
    officer, long_ago = as_("officer"), calendar.now() - timedelta(days=1)
    with db() as session:
        channel = make_channel(session, "files")
        payload = {"code": "p1", "name": "甲项目", "contract_amount": "2223000000.00"}
        make_record(session, channel, key="p1", payload=payload, state="held", version=2, at=long_ago)
        make_record(session, channel, key="p2", payload=payload | {"name": "乙"}, state="held", at=long_ago)
    head = ["类型", "编号", "版本", "项目名称", "合同金额(元)", "录入时间"]
    good = sheet(head, ["项目", "p1", 2, "甲项目", 2223000000, "x"], ["项目", "p2", 1, "丙", "2223000000.00", ""])
    form = {"channel": "files"}
    answer = officer.post(f"{API}/file", data=form, files=good)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["different"], answer.json()["compared"]) == (1, 2)
    rows = officer.get(f"{answer.headers['Location']}/differences").json()["items"]
    assert rows[0]["fields"] == [{"field": "name", "ours": "乙", "theirs": "丙"}]
    bad = sheet(["清单"], head, ["专案", "p1", 2], ["项目", "", "二"])
    errors = officer.post(f"{API}/file", data=form, files=bad).json()["errors"]
    assert [error["field"] for error in errors] == ["市级清单 A3", "市级清单 B4", "市级清单 C4"]
    headless = officer.post(f"{API}/file", data=form, files=sheet(["项目", "p1"]))
    assert headless.json()["errors"][0]["code"] == "no_headings"


def test_of_a_sealed_project_the_differences_tell_nothing(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, confidentiality="sealed", name="绝密")
        make_channel(session)
        code = project.code
    officer = as_("officer")
    body = {"channel": "city", "held": [held("project", code, 4, {"name": "绝密"})]}
    where = officer.post(API, json=body).headers["Location"]
    told = officer.get(f"{where}/differences")
    assert code not in told.text
    assert [(row["what"], row["withheld"]) for row in told.json()["items"]] == [("missing_here", True)]
    assert officer.post(f"{where}/resend", json=WHY).json()["removed"] == 1
    assert code not in officer.get("/api/v1/municipal/records").text
