"""A report as a workbook: downloaded, filled in, sent, sent again, refused by cell."""

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.exchange.weekly.columns import COVER, ENGAGEMENTS, PROBLEMS, PROGRESS, SHEETS, SheetSpec
from app.facts.engagements.models import Engagement
from app.kernel.sheets import ColumnOut, SheetOut, read_workbook, write_workbook
from tests.clients import As, Work
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

AT = "/api/v1/weekly/2026-W48/reports/jxw"
VISIT = {
    "kind": "企业到访", "title": "接待甲公司来访", "starts_on": date(2026, 11, 24), "starts_half": "下午",
    "visitors": "6人", "enterprises": "甲公司", "create": "是",
    "people": "张三（区长）、（区委书记）、李工", "units": "区农业农村委",
    "region": "杭州市", "said": "就用地交换意见",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-26T10:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def reporter(as_: As) -> TestClient:
    return as_("reporter", unit="jxw")


def book(**parts: list[dict[str, Any]]) -> bytes:
    """A workbook with these rows; the cover is right unless told otherwise."""
    rows = {"cover": [{"week": "2026-W48", "unit": "jxw"}]} | parts
    out = BytesIO()
    write_workbook(out, [_sheet(spec, rows.get(spec.part, [])) for spec in SHEETS])
    return out.getvalue()


def _sheet(spec: SheetSpec, rows: list[dict[str, Any]]) -> SheetOut:
    columns = [ColumnOut(column.heading, style="date" if column.kind == "date" else "text") for column in spec.columns]
    cells = [[row.get(column.field) for column in spec.columns] for row in rows]
    return SheetOut(spec.title, columns, cells, (spec.note,))


def send(client: TestClient, data: bytes, version: str | None = None, name: str = "周报.xlsx") -> Any:
    headers = {} if version is None else {"If-Match": version}
    return client.put(f"{AT}/sheet", files={"file": (name, data)}, headers=headers)


def rows(data: bytes, spec: SheetSpec) -> list[dict[str, Any]]:
    sheet = next(sheet for sheet in read_workbook(data) if sheet.name == spec.title)
    return [dict(zip([column.field for column in spec.columns], line, strict=False)) for line in sheet.rows[2:]]


def count(db: Work) -> int:
    with db() as session:
        return session.execute(select(func.count()).select_from(Engagement)).scalar_one()


def test_a_blank_one_has_the_units_projects_and_drop_downs(db: Work, reporter: TestClient) -> None:
    with db() as session:
        project = make_project(session, unit=make_unit(session, "jxw"))
        make_project(session, unit=make_unit(session, "nyw"))
        make_project(session, unit=make_unit(session, "jxw"), confidentiality="sealed")
    answer = reporter.get(f"{AT}/sheet")
    assert answer.status_code == 200 and "ETag" not in answer.headers
    assert rows(answer.content, COVER)[0]["unit"] == "jxw" and rows(answer.content, COVER)[0]["week"] == "2026-W48"
    assert [(row["project"], row["name"]) for row in rows(answer.content, PROGRESS)] == [(project.code, project.name)]
    choices = next(sheet for sheet in read_workbook(answer.content) if sheet.name == "选项")
    assert {"外出拜访", "新闻宣传", "国家级"} <= {cell for line in choices.rows for cell in line}


def test_filled_in_it_is_the_report(db: Work, reporter: TestClient) -> None:
    with db() as session:
        make_unit(session, "nyw")
        project = make_project(session, unit=make_unit(session, "jxw")).code
    data = book(
        engagements=[VISIT | {"projects": project}],
        progress=[{"project": project, "text": "封顶"}, {"project": "500114-1999-0009", "name": "没有进展的不读"}],
        problems=[{"text": "缺地", "help": "请协调"}],
    )
    made = send(reporter, data)
    assert made.status_code == 201, made.text
    one = made.json()["engagements"][0]
    assert (one["kind"], one["starts_half"], one["days"], one["visitors"]) == ("incoming_visit", "pm", "0.5", 6)
    assert [(who["name"], who["office"]) for who in one["people"]] == [
        ("张三", "区长"), (None, "区委书记"), ("李工", None),
    ]  # fmt: skip
    assert (one["units"], one["region"], one["projects"]) == (["nyw"], "330100", [project])
    assert made.json()["progress"][0]["text"] == "封顶" and made.json()["problems"][0]["help"] == "请协调"
    again = send(reporter, data)
    assert again.status_code == 200 and again.json() == made.json() and count(db) == 1


def test_what_comes_back_as_it_was_is_kept_and_what_changed_changes(db: Work, reporter: TestClient) -> None:
    with db() as session:
        make_unit(session, "nyw")
        other = make_engagement(session, unit="nyw", units=("jxw",), starts_on=date(2026, 11, 25), title="同行").id
    entered = {
        "key": "phone", "kind": "outgoing_visit", "title": "拜访乙公司（上海）", "starts_on": "2026-11-24",
        "people": [{"name": "李工", "unit": "jxw"}], "said": "谈妥\n第二行",
    }  # fmt: skip
    first = reporter.put(AT, json={"engagements": [entered], "linked": [other]}).json()
    sheet = reporter.get(f"{AT}/sheet")
    lines = rows(sheet.content, ENGAGEMENTS)
    assert [line["title"] for line in lines] == ["拜访乙公司（上海）", "同行"]
    assert send(reporter, sheet.content).status_code == 428
    kept = send(reporter, sheet.content, sheet.headers["ETag"])
    assert kept.status_code == 200, kept.text
    assert kept.json()["engagements"] == first["engagements"]
    lines[0]["title"] = "拜访丙公司"
    changed = send(reporter, book(engagements=lines), kept.headers["ETag"])
    assert changed.status_code == 200, changed.text
    assert [one["id"] for one in changed.json()["engagements"]] == [one["id"] for one in first["engagements"]]
    assert changed.json()["engagements"][0]["title"] == "拜访丙公司" and count(db) == 2
    assert changed.json()["engagements"][0]["people"] == first["engagements"][0]["people"]
    lines[1]["title"] = "不是本单位登记的"
    refused = send(reporter, book(engagements=lines), changed.headers["ETag"])
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("对接活动!W4", "not_here")]
    gone = send(reporter, book(engagements=lines[:1]), changed.headers["ETag"])
    assert [one["title"] for one in gone.json()["engagements"]] == ["拜访丙公司"]


def test_every_wrong_cell_is_named_with_its_value_and_reason(db: Work, reporter: TestClient) -> None:
    refused = send(
        reporter,
        book(
            cover=[{"week": "2026-W47", "unit": "nyw", "zero": "也许"}],
            engagements=[
                {"kind": "旅游", "title": "x", "starts_on": "2026年11月", "visitors": "许多"},
                {
                    "kind": "外出拜访",
                    "title": "y",
                    "starts_on": "2026-13-45",
                    "units": "没有的局",
                    "region": "火星",
                    "people": "李工（科长；没有的局）",
                },
            ],
        ),
    )
    assert refused.status_code == 422
    found = {error["field"]: error["message"] for error in refused.json()["errors"]}
    assert found == {
        "周报!D3": "“也许”：应为是或否",
        "对接活动!A3": "“旅游”：不在可选值之中：外出拜访、企业到访、招商活动、推介、新闻宣传、视频洽谈、云签约",
        "对接活动!C3": "“2026年11月”：日期须写到日，例如 2026-11-24",
        "对接活动!I3": "“许多”：应为整数",
        "对接活动!C4": found["对接活动!C4"],
        "对接活动!G4": "“火星”：不是行政区划名称，请写省、市或区县",
        "对接活动!L4": "“没有的局”：没有这个单位",
        "对接活动!M4": "“没有的局”：没有这个单位",
        "周报!A3": "“2026-W47”：与所报的周 2026-W48 不符",
        "周报!B3": "“nyw”：与所报的单位 jxw 不符",
    }
    assert found["对接活动!C4"].startswith("“2026-13-45”：") and count(db) == 0


def test_what_the_rules_refuse_is_named_by_cell_too(db: Work, reporter: TestClient) -> None:
    with db() as session:
        foreign = make_project(session, unit=make_unit(session, "nyw")).code
        make_enterprise(session, name="甲公司")
    visit = {"kind": "外出拜访", "title": "z", "starts_on": date(2026, 11, 24)}
    refused = send(
        reporter,
        book(
            engagements=[
                visit | {"starts_on": date(2026, 11, 16)},
                visit | {"enterprises": "甲公司、丁公司"},
                visit | {"outlet": "日报", "projects": "500114-1999-0001"},
            ],
            progress=[{"project": foreign, "text": "x"}],
        ),
    )
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [
        ("项目进展!A3", "not_its_project"),
        ("对接活动!C3", "outside_week"),
        ("对接活动!J4", "unknown_enterprise"),
        ("对接活动!Q5", "only_press"),
    ]
    assert "请在“新企业”列选“是”" in refused.json()["errors"][2]["message"] and "create" not in refused.text
    late = send(reporter, book(engagements=[visit | {"starts_on": date(2026, 11, 28)}, {"kind": "推介"}]))
    assert [(e["field"], e["code"]) for e in late.json()["errors"]] == [
        ("对接活动!C3", "in_future"), ("对接活动!B4", "missing"), ("对接活动!C4", "missing"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "not_a_workbook"), (b"PK\x03\x04nonsense", "not_a_workbook"), (b"<html>", "not_a_workbook")],
)
def test_what_is_no_workbook(reporter: TestClient, data: bytes, code: str) -> None:
    assert send(reporter, data).json()["errors"][0]["code"] == code


def test_a_workbook_of_something_else(reporter: TestClient) -> None:
    out = BytesIO()
    write_workbook(out, [SheetOut("台账", [ColumnOut("项目")])])
    assert send(reporter, out.getvalue()).json()["errors"][0]["code"] == "not_a_report"
    out = BytesIO()
    write_workbook(out, [SheetOut("周报", [ColumnOut("别的")], [["x"]])])
    codes = [error["code"] for error in send(reporter, out.getvalue()).json()["errors"]]
    assert "no_headings" in codes


def test_a_zero_report_in_a_cell(reporter: TestClient) -> None:
    zero = [{"week": "2026-W48", "unit": "jxw", "zero": "是", "note": "本周集中学习"}]
    assert send(reporter, book(cover=zero)).json()["zero"] is True
    both = send(reporter, book(cover=zero, problems=[{"text": "x"}]), '"1-0"')
    assert both.json()["errors"][0]["code"] == "zero_with_content"


def test_whose_it_is(as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw")
    other = as_("reporter", unit="nyw")
    assert other.get(f"{AT}/sheet").status_code == 404
    assert send(other, book()).json()["code"] == "not_your_unit"
    assert send(as_("leader"), book()).status_code == 403
    assert as_("officer").get(f"{AT}/sheet").status_code == 200
    assert PROBLEMS.column("nothing") == 0
