"""Packages of files: what is in them, the city's receipt file, and no text that a spreadsheet takes for a formula."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
import xlsxwriter
from fastapi import FastAPI
from sqlalchemy import select

from app.exchange.municipal.models import Contact, Record
from app.exchange.municipal.packages import books
from app.exchange.municipal.packages.books import Head, Item
from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import Operation, RecordKind
from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality
from app.kernel.sheets import read_workbook, restore
from tests.clients import As, Work
from tests.factories.municipal_desk import make_channel, make_connection, make_record
from tests.factories.projects import make_project

API = "/api/v1/municipal"
MAKE = f"{API}/channels/files/packages"
WHY = {"reason": "文件损坏"}
HEAD = ["类型", "编号", "版本", "结果", "退回代码", "字段", "原因"]


@pytest.fixture(autouse=True)
def connections(app: FastAPI) -> Iterator[None]:
    before = app.state.connections
    app.state.connections = {"city": make_connection(), "files": make_connection(mode="file", address=None)}
    yield
    app.state.connections = before


def insides(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def item(kind: RecordKind, key: str, content: dict[str, Any] | None) -> Item:
    op = Operation.PUT if content else Operation.DELETE
    return Item(1, kind, key, 2, op, content, None if content is None else json.dumps(content))


LARGE = {"code": "p1", "name": "=HYPERLINK(1)", "contract_amount": "90071992547409.93", "jobs": 3}
WEEK = {"week": "2020-W34", "signed_amount": "2.00", "units": [{"unit": "@甲", "signed": 1}]}
ITEMS = [
    item(RecordKind.PROJECT, "p1", LARGE), item(RecordKind.PROJECT, "p2", None),
    item(RecordKind.FUND, "7", {"number": "7", "amount": "-1.50"}), item(RecordKind.WEEK, "2020-W34", WEEK),
]  # fmt: skip


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_files_say_what_is_reported_and_the_list_says_what_the_files_are(form: str) -> None:
    at = datetime(2020, 11, 24, 2, tzinfo=UTC)
    made = books.make(Head("files-20201124-01", "files", "500114", form, at), Report(), ITEMS)
    files = insides(made.data)
    manifest = json.loads(files["manifest.json"])
    assert manifest == made.manifest
    assert (manifest["records"], manifest["total_amount"]) == (4, "90071992547410.43")
    told = {entry["name"]: entry for entry in manifest["files"]}
    assert list(told) == [f"{name}.{form}" for name in ("projects", "funds", "weeks", "week_units")]
    for name, entry in told.items():
        assert entry["sha256"] == sha256(files[name]).hexdigest()
    assert told[f"projects.{form}"]["deletions"] == 1
    rows = read_workbook(files[f"projects.{form}"], f"projects.{form}")[0].rows
    assert rows[0][:6] == ["类型", "编号", "版本", "操作", "项目编号", "项目名称"]
    first = dict(zip(rows[0], rows[1], strict=True))
    # Exact beyond what a number in a spreadsheet holds, and a text that stays one.
    assert (first["项目名称"], first["合同金额(元)"], first["承诺用工"]) == ("=HYPERLINK(1)", "90071992547409.93", "3")
    assert rows[2][:4] == ["项目", "p2", "2", "删除"]
    assert read_workbook(files[f"week_units.{form}"], f"u.{form}")[0].rows[1][:3] == ["2020-W34", "@甲", "1"]
    if form == "csv":
        cell = next(csv.reader(io.StringIO(files["projects.csv"].decode("utf-8-sig").splitlines()[1])))[5]
        assert cell == "'=HYPERLINK(1)" and restore(cell) == "=HYPERLINK(1)"


def test_the_citys_names_are_the_headings_and_its_amounts_are_added_up() -> None:
    report = Report.model_validate({"fields": {"project": {"code": "XMBH", "contract_amount": "HTJE"}}})
    items = [item(RecordKind.PROJECT, "p1", {"XMBH": "p1", "HTJE": "5.00"})]
    made = books.make(Head("n", "files", "500114", "csv", datetime(2020, 1, 1, tzinfo=UTC)), report, items)
    assert made.total_fen == 500
    assert insides(made.data)["projects.csv"].decode("utf-8-sig").splitlines()[0] == "类型,编号,版本,操作,XMBH,HTJE"


def sheet(*rows: list[Any]) -> dict[str, Any]:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("回执")
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return {"file": ("回执.xlsx", file.getvalue(), "application/octet-stream")}


def test_a_package_goes_and_its_receipts_come_back(as_: As, db: Work) -> None:
    officer = as_("officer")
    with db() as session:
        channel = make_channel(session, "files")
        for key in ("a", "b", "c", "d"):
            make_record(session, channel, key=key, payload={"code": key, "contract_amount": "10.00"})
        make_record(session, channel, key="held", state="held")
    made = officer.post(MAKE, json={"form": "csv"})
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["records"], told["waiting"], told["total"], told["state"]) == (4, 4, "40.00", "open")
    where, number = made.headers["Location"], told["number"]
    assert officer.post(MAKE, json={}).json()["code"] == "nothing_pending"
    file = officer.get(f"{where}/file")
    assert (file.headers["Content-Type"], sha256(file.content).hexdigest()) == ("application/zip", told["digest"])
    assert set(insides(file.content)) == {"projects.csv", "manifest.json"}
    record = next(row for row in officer.get(f"{API}/records").json()["items"] if row["key"] == "a")
    again = officer.post(f"{API}/records/{record['id']}/resend", json=WHY)
    assert (record["state"], again.json()["code"]) == ("sent", "in_package")
    with db() as session:  # changed while it is on its way
        row = session.scalars(select(Record).where(Record.key == "b")).one()
        row.wanted_version, row.wanted = 2, '{"code":"b2"}'
    blank = read_workbook(officer.get(f"{where}/receipts").content)[0].rows
    assert [row[1] for row in blank[2:]] == ["a", "b", "c", "d"] and blank[1][:4] == HEAD[:4]

    wrong = sheet(
        HEAD,
        ["专案", "a", 1, "已接收"], ["项目", "z", 1, "已接收"], ["项目", "a", 9, "已接收"], ["项目", "b", "一", "好"],
        ["项目", "c", 1, "退回"], ["项目", "d", 1, "已接收", "x" * 65], ["项目", "d", 1, ""],
    )  # fmt: skip
    refused = officer.post(f"{where}/receipts", files=wrong)
    assert refused.status_code == 422
    assert [(error["field"], error["code"]) for error in refused.json()["errors"]] == [
        ("回执 A2", "kind"), ("回执 B3", "not_here"), ("回执 C4", "other_version"), ("回执 C5", "version"),
        ("回执 D5", "result"), ("回执 G6", "reason"), ("回执 E7", "too_long"), ("回执 D8", "result"),
    ]  # fmt: skip
    assert officer.get(where).json()["waiting"] == 4

    part = sheet(["市招商局回执"], HEAD, ["项目", "a", 1, "已接收"], ["项目", "b", 1, "accepted"],
                 ["项目", "c", 1.0, "退回", "E7", "合同金额", "金额不符"])  # fmt: skip
    answer = officer.post(f"{where}/receipts", files=part)
    assert answer.json() == {"accepted": 2, "rejected": 1, "again": 0, "waiting": 1}, answer.text
    rows = {row["key"]: row for row in officer.get(f"{API}/records").json()["items"]}
    assert {key: rows[key]["state"] for key in "abcd"} == {"a": "held", "b": "pending", "c": "rejected", "d": "sent"}
    assert (rows["b"]["held_version"], rows["b"]["wanted_version"], rows["c"]["reason"]) == (1, 2, "金额不符")
    last = officer.post(f"{where}/receipts", files=sheet(HEAD, ["项目", "d", 1, "稍后再报"]))
    assert last.json()["waiting"] == 0
    whole = officer.get(where).json()
    assert whole["state"] == "answered" and whole["answered_at"] is not None
    assert officer.post(f"{where}/receipts", files=part).json()["code"] == "package_not_open"
    assert officer.post(f"{where}/void", json=WHY).json()["code"] == "package_not_open"
    second = officer.post(MAKE, json={}).json()
    assert (second["records"], second["number"][-2:], second["form"]) == (2, "02", "xlsx")
    with db() as session:
        contacts = session.scalars(select(Contact.batch).where(Contact.what == "receipts")).all()
        assert contacts == [number, number]


def test_what_was_in_a_void_package_waits_again(as_: As, db: Work) -> None:
    officer = as_("officer")
    with db() as session:
        make_record(session, make_channel(session, "files"), key="a")
    where = officer.post(MAKE, json={}).headers["Location"]
    assert officer.post(f"{where}/void", json={}).status_code == 422
    void = officer.post(f"{where}/void", json=WHY).json()
    assert (void["state"], void["reason"], void["waiting"]) == ("void", "文件损坏", 0)
    row = officer.get(f"{API}/records").json()["items"][0]
    assert (row["state"], row["wanted_version"]) == ("pending", 1)
    assert officer.get(f"{API}/packages", params={"state": "void"}).json()["items"] == [void]
    assert officer.post(f"{API}/channels/city/packages", json={}).json()["code"] == "not_by_file"
    assert officer.get(f"{API}/packages/files-20200101-01").json()["code"] == "no_package"


def test_who_may_not_see_a_project_gets_no_file_that_holds_it(as_: As, db: Work) -> None:
    officer = as_("officer")
    with db() as session:
        channel, project = make_channel(session, "files"), make_project(session, name="绝密项目")
        make_record(session, channel, key=project.code, project_id=project.id, payload={"name": "绝密项目"})
        number = project.id
    where = officer.post(MAKE, json={}).headers["Location"]
    with db() as session:
        session.get_one(Project, number).confidentiality = Confidentiality.SEALED
    for answer in (
        officer.get(f"{where}/file"), officer.get(f"{where}/receipts"),
        officer.post(f"{where}/receipts", files=sheet(HEAD, ["项目", "a", 1, "已接收"])),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (403, "package_withheld")
    # Nor does it go into one from now on, until it is dropped there.
    assert officer.post(f"{where}/void", json=WHY).status_code == 200
    assert officer.post(MAKE, json={}).json()["code"] == "nothing_pending"
