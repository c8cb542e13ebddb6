"""A file that is older than what people have changed by hand since the last one."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select

from app.facts.projects.models import Project
from app.kernel import calendar
from tests.clients import Kept
from tests.exchange.ledgers.importing import book, confirm, kinds, know_units, row, send, told
from tests.factories.funds import make_fund
from tests.replay import assert_log_equals_tables

Fixture = Callable[..., Any]
FULL = {
    "产业链": "玻纤材料", "备注": "原备注", "别名": "杭玻", "协同单位": "区商务委、区林业局", "开工日期": "2020-06-01",
    "阶段": "开工", "用地面积(亩)": 120.5, "经度": 108.77, "纬度": 29.53, "总投资(万元)": 15000, "产业类别": "工业",
    "到位资金(万元)": 1000, "到位日期": "2020-06-30", "框架协议日期": "2020-01-05", "框架协议金额(万元)": 9000,
    "计划竣工日期": "2021-03-01", "状态": "推进中", "牵头区领导": "张区长",
}  # fmt: skip


@pytest.fixture
def there(kept: Kept, db: Fixture, as_: Fixture) -> str:
    """The project of `row()` with all that `FULL` says, imported, its funds confirmed; its code."""
    return str(kept(brought, db, as_))


def brought(db: Fixture, as_: Fixture) -> str:
    know_units(db)
    result = send(as_("officer"), book(row(**FULL)))
    assert result["state"] == "done", told(result)
    confirm(as_("reviewer"), result)
    return str(result["rows"][0]["code"])


@pytest.fixture
def officer(request: pytest.FixtureRequest, kept: Kept, db: Fixture, as_: Fixture) -> Any:
    """After `there`, which begins the database anew."""
    if "there" in request.fixturenames:
        request.getfixturevalue("there")
    else:
        kept(know_units, db)
    return as_("officer")


def at(code: str, *parts: object) -> str:
    return "/".join(["/api/v1/projects", code, *map(str, parts)])


def edit(client: Any, code: str, **fields: Any) -> None:
    etag = client.get(at(code)).headers["ETag"]
    answer = client.patch(at(code), json=fields, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def asked(client: Any, method: str, path: str, code: str, **body: Any) -> Any:
    answer = client.request(method, path, json=body, headers={"If-Match": client.get(at(code)).headers["ETag"]})
    assert answer.status_code in (200, 201, 204), answer.text
    return answer


def warned(result: Any, code: str = "edited_since") -> dict[str, str]:
    """Cell → message of the warnings of a kind."""
    found = [f for each in result["rows"] for f in each["findings"] if f["code"] == code]
    assert all(f["level"] == "warning" for f in found)
    return {f["cell"]: f["message"] for f in found}


def unchanged(result: Any) -> bool:
    assert result["state"] == "done", told(result)
    return [each["outcome"] for each in result["rows"]] == ["unchanged"] * len(result["rows"])


# -- fields --------------------------------------------------------------------------------------------------------


def test_an_older_file_leaves_what_was_edited_by_hand(officer: Any, there: str, db: Fixture) -> None:
    edit(officer, there, chain="新材料", note=None, jobs=30)
    before = kinds(db, "project")
    result = send(officer, book(row(**FULL)))
    assert unchanged(result)
    messages = list(warned(result).values())
    assert len(messages) == 2, messages
    chain = next(message for message in messages if "产业链" in message or "玻纤材料" in message)
    name = officer.get("/api/v1/auth/me").json()["name"]
    assert name in chain and calendar.today().isoformat() in chain and "“新材料”" in chain and "“玻纤材料”" in chain
    assert "改为空" in next(message for message in messages if "原备注" in message)
    project = officer.get(at(there)).json()
    assert (project["chain"], project["note"], project["jobs"]) == ("新材料", None, 30)
    assert kinds(db, "project") == before
    assert unchanged(send(officer, book(row(**FULL)))), "nor the second time"


def test_every_value_of_before_is_older(officer: Any, there: str) -> None:
    edit(officer, there, chain="一")
    edit(officer, there, chain="二")
    assert unchanged(send(officer, book(row(**{"产业链": "一"}))))
    assert officer.get(at(there)).json()["chain"] == "二"


def test_a_third_value_is_taken_and_told(officer: Any, there: str) -> None:
    edit(officer, there, chain="新材料")
    result = send(officer, book(row(**{"产业链": "复合材料"})))
    assert [(c["from"], c["to"]) for c in result["rows"][0]["changes"]] == [("新材料", "复合材料")]
    ((cell, message),) = warned(result, "edit_overwritten").items()
    assert cell == "K2" and all(
        word in message for word in ("新材料", "玻纤材料", "复合材料", calendar.today().isoformat())
    )
    back = send(officer, book(row(**{"产业链": "新材料"})))
    assert officer.get(at(there)).json()["chain"] == "新材料", "an import has spoken since: files are equal again"
    assert warned(back) == {} and warned(back, "edit_overwritten") == {}


def test_another_file_between_does_not_hide_an_edit(officer: Any, there: str) -> None:
    edit(officer, there, chain="新材料")
    send(officer, book(row(**{"备注": "另一份台账"})))
    assert unchanged(send(officer, book(row(**{"产业链": "玻纤材料"}))))


def test_what_is_so_anyway_is_not_warned_of(officer: Any, there: str) -> None:
    edit(officer, there, chain="新材料")
    result = send(officer, book(row(**{"产业链": "新材料"})))
    assert unchanged(result) and warned(result) == {}


def test_a_project_entered_by_hand_has_edits_too(officer: Any) -> None:
    made = officer.post("/api/v1/projects", json={"name": "手录项目", "kind": "services", "chain": "旧"}).json()
    edit(officer, made["code"], chain="新")
    plain = {"项目编号": made["code"], "项目名称": "手录项目", "项目类型": "服务业", "责任单位": "", "阶段": ""}
    bare = dict.fromkeys(("投资企业", "企业性质", "行业代码", "签约日期", "合同编号", "合同金额(万元)"), "")
    result = send(officer, book(row(**plain, **bare, **{"产业链": "旧"})))
    assert unchanged(result) and len(warned(result)) == 1


def test_a_name_given_by_hand_stays(officer: Any, there: str) -> None:
    edit(officer, there, name="玻纤新材料项目")
    result = send(officer, book(row(**{"项目编号": there})))
    assert unchanged(result) and list(warned(result)) == ["B2"]
    assert officer.get(at(there)).json()["name"] == "玻纤新材料项目"


def test_a_file_with_the_name_of_before_means_the_renamed_project(officer: Any, there: str) -> None:
    edit(officer, there, name="玻纤新材料项目")
    result = send(
        officer,
        book(row(), 到位资金=[["项目名称", "到位日期", "到位金额(万元)"], ["玻纤制品项目", "2020-06-30", 1000]]),
    )
    assert unchanged(result) and result["rows"][0]["code"] == there and list(warned(result)) == ["A2"]
    assert "改名前" in warned(result, "second_name")["A2"]
    other = send(officer, book(row(**{"投资企业": "宁波海运集团有限公司", "合同编号": "HT-9"})))
    assert [each["outcome"] for each in other["rows"]] == ["created"]


def test_a_new_project_may_have_the_name_that_another_gave_up(officer: Any, there: str) -> None:
    edit(officer, there, name="玻纤新材料项目")
    rows = [row(**{"项目名称": "玻纤新材料项目"}), row(**{"合同编号": "HT-2"})]
    assert [each["outcome"] for each in send(officer, book(*rows))["rows"]] == ["unchanged", "created"]


def test_what_hangs_on_a_project_stays_as_it_was_made(officer: Any, there: str, app: Any) -> None:
    project = officer.get(at(there)).json()
    asked(officer, "DELETE", at(there, "aliases", project["aliases"][0]["id"]), there)
    asked(officer, "PUT", at(there, "units"), there, responsible="qsww", cooperating=["qjxw"])
    edit(officer, there, plans={"completed": "2021-09-01"}, longitude=108.8, latitude=29.6)
    before = officer.get(at(there)).json()
    result = send(officer, book(row(**FULL)))
    assert unchanged(result)
    assert officer.get(at(there)).json() == before
    messages = " ".join(warned(result).values())
    assert "杭玻" in messages and "协同单位" in messages and "2021-09-01" in messages and "区商务委" in messages
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_an_investor_set_by_hand_stays(officer: Any, there: str) -> None:
    firm = officer.post("/api/v1/enterprises", json={"name": "成都玻纤有限公司", "ownership": "private"}).json()["id"]
    asked(officer, "POST", at(there, "enterprises"), there, enterprise_id=firm, role="investor", main=True)
    result = send(officer, book(row(**FULL)))
    assert unchanged(result) and "成都玻纤有限公司" in " ".join(warned(result).values())
    assert officer.get(at(there)).json()["enterprise"] == "成都玻纤有限公司"


# -- stages --------------------------------------------------------------------------------------------------------


def test_a_stage_and_its_date_stay_as_corrected(officer: Any, there: str) -> None:
    asked(officer, "PATCH", at(there, "stages", "started"), there, happened_on="2020-06-20", reason="开工令日期")
    assert unchanged(send(officer, book(row(**FULL))))
    assert officer.get(at(there)).json()["started_on"] == "2020-06-20"
    asked(officer, "POST", at(there, "moves"), there, to="signed", happened_on="2020-07-01", reason="并未开工")
    result = send(officer, book(row(**FULL)))
    assert unchanged(result) and len(warned(result)) == 2, warned(result)
    project = officer.get(at(there)).json()
    assert (project["stage"], project["started_on"]) == ("signed", None)


# -- papers --------------------------------------------------------------------------------------------------------

PAPERS = [["项目名称", "协议类型", "合同编号", "签订日期", "合同金额(万元)", "增资金额(万元)"],
          ["玻纤制品项目", "正式合同", "HT-1", "2020-03-12", 12000, ""],
          ["玻纤制品项目", "补充协议", "HT-1-1", "2020-08-01", "", 3000]]  # fmt: skip


def papers_of(client: Any, code: str) -> list[tuple[Any, ...]]:
    items = client.get(at(code, "agreements")).json()["items"]
    return [(p["type"], p["number"], p["signed_on"], p["amount"], p["voided_reason"]) for p in items]


def paper(client: Any, code: str, kind: str = "formal") -> int:
    items = client.get(at(code, "agreements")).json()["items"]
    return next(int(p["id"]) for p in items if p["type"] == kind and p["voided_reason"] is None)


@pytest.mark.parametrize("sheets", [{}, {"合同协议": PAPERS}], ids=["beside", "sheet"])
@pytest.mark.parametrize(
    "body", [{"amount": "150000000.00"}, {"signed_on": "2020-03-20"}, {"number": "HT-2020-001"}], ids=list
)
def test_a_corrected_contract_stays(officer: Any, there: str, sheets: Any, body: dict[str, str]) -> None:
    send(officer, book(row(**FULL), **sheets))
    asked(officer, "PATCH", at(there, "agreements", paper(officer, there)), there, **body, reason="更正")
    before = papers_of(officer, there)
    result = send(officer, book(row(**FULL), **sheets))
    assert unchanged(result) and warned(result), told(result, "warning")
    assert papers_of(officer, there) == before


def test_a_contract_corrected_to_something_else_again_is_overwritten_and_told(officer: Any, there: str) -> None:
    asked(officer, "PATCH", at(there, "agreements", paper(officer, there)), there, amount="150000000.00")
    result = send(officer, book(row(**{"合同金额(万元)": 16000})))
    assert "150000000" not in str(result["rows"][0]["changes"]) and result["changed"] == 1
    (message,) = warned(result, "edit_overwritten").values()
    assert "15000万元" in message and "16000万元" in message and "12000万元" in message


@pytest.mark.parametrize("sheets", [{}, {"合同协议": PAPERS}], ids=["beside", "sheet"])
def test_a_voided_contract_does_not_come_back(officer: Any, there: str, sheets: Any, app: Any) -> None:
    asked(officer, "POST", at(there, "agreements"), there, type="formal", signed_on="2020-03-12",
          amount="130000000.00", number="HT-1A")  # fmt: skip
    first = next(p["id"] for p in officer.get(at(there, "agreements")).json()["items"] if p["number"] == "HT-1")
    asked(officer, "POST", at(there, "agreements", first, "void"), there, reason="重复登记")
    before = papers_of(officer, there)
    result = send(officer, book(row(**FULL), **({} if not sheets else {"合同协议": PAPERS[:2]})))
    assert unchanged(result) and "重复登记" in " ".join(warned(result, "voided").values())
    assert papers_of(officer, there) == before


def test_the_last_contract_once_voided_is_not_entered_again(officer: Any, there: str) -> None:
    asked(officer, "POST", at(there, "moves"), there, to="framework", happened_on="2020-07-01", reason="合同无效")
    asked(officer, "POST", at(there, "agreements", paper(officer, there), "void"), there, reason="未生效")
    result = send(officer, book(row(**FULL)))
    assert unchanged(result) and list(warned(result, "voided"))
    project = officer.get(at(there)).json()
    assert (project["stage"], project["signed_on"], project["contract_amount"]) == ("framework", None, "0.00")


def test_papers_added_by_hand_do_not_make_an_older_total_wrong(officer: Any, there: str) -> None:
    asked(officer, "POST", at(there, "agreements"), there, type="supplement", signed_on="2020-09-01",
          increment="10000000.00")  # fmt: skip
    asked(officer, "POST", at(there, "agreements"), there, type="framework", signed_on="2020-02-01",
          amount="50000000.00")  # fmt: skip
    result = send(officer, book(row(**FULL)))
    assert unchanged(result), told(result)
    fresh = send(officer, book(row(**FULL, **{"合同编号": ""}) | {"合同金额(万元)": 15000}, 合同协议=PAPERS))
    assert fresh["state"] == "done", told(fresh)


# -- funds ---------------------------------------------------------------------------------------------------------


FUNDS = [["项目名称", "到位日期", "到位金额(万元)"], ["玻纤制品项目", "2020-06-30", 1000],
         ["玻纤制品项目", "2020-08-01", 500]]  # fmt: skip


def pay(db: Fixture, code: str, amount_fen: int, **other: Any) -> None:
    """Money that somebody enters by hand."""
    with db() as session:
        project = session.scalars(select(Project).where(Project.code == code)).one()
        make_fund(session, project, amount_fen, dt.date(2020, 8, 1), **other)


def test_money_entered_by_hand_makes_an_older_total_old(officer: Any, there: str, db: Fixture) -> None:
    pay(db, there, 500_000_000)
    result = send(officer, book(row(**FULL)))
    assert unchanged(result) and "1500万元" in " ".join(warned(result).values())
    wrong = send(officer, book(row(**FULL | {"到位资金(万元)": 1200})))
    assert [code for _, _, code in told(wrong)] == ["funds_fell"]
    more = send(officer, book(row(**FULL | {"到位资金(万元)": 1600, "到位日期": "2020-12-31"})))
    assert more["state"] == "done" and officer.get(at(there, "funds")).json()["declared"] == "1000000.00"


def test_money_that_was_reversed_does_not_come_back_as_a_total(officer: Any, there: str, as_: Fixture) -> None:
    entry = officer.get(at(there, "funds")).json()["items"][0]["id"]
    reviewer = as_("reviewer")
    asked(reviewer, "POST", at(there, "funds", entry, "reverse"), there, reason="未到账", on="2020-12-01")
    assert unchanged(send(officer, book(row(**FULL))))
    by_year = {k: v for k, v in FULL.items() if k not in ("到位资金(万元)", "到位日期")} | {
        "2020年到位资金(万元)": 1000
    }
    assert unchanged(send(officer, book(row(**by_year))))
    assert officer.get(at(there)).json()["funds_arrived"] == "0.00"


def test_entries_of_the_file_come_on_top_of_an_older_total(officer: Any, there: str, db: Fixture) -> None:
    pay(db, there, 500_000_000)
    funds = [["项目名称", "到位日期", "到位金额(万元)"], ["玻纤制品项目", "2020-06-30", 1000],
             ["玻纤制品项目", "2020-10-01", 200]]  # fmt: skip
    result = send(officer, book(row(**FULL | {"到位资金(万元)": 1200, "到位日期": "2020-10-01"}), 到位资金=funds))
    assert result["state"] == "done", told(result)
    found = officer.get(at(there, "funds")).json()
    assert (found["funds"], found["declared"]) == ("15000000.00", "2000000.00")


@pytest.mark.parametrize("state", ["declared", "rejected"])
@pytest.mark.parametrize("sheets", [{}, {"到位资金": FUNDS}], ids=["beside", "sheet"])
def test_money_that_nobody_has_recognised_does_not_come_in_by_a_file(
    officer: Any, there: str, db: Fixture, state: str, sheets: Any
) -> None:
    pay(db, there, 500_000_000, state=state)
    for column in ("到位资金(万元)", "2020年到位资金(万元)"):
        more = {k: v for k, v in FULL.items() if k != "到位资金(万元)"} | {column: 1500}
        result = send(officer, book(row(**more), **sheets))
        assert unchanged(result), told(result)
        assert warned(result, "fund_pending") or warned(result, "reversed"), told(result, "warning")
    assert officer.get(at(there)).json()["funds_arrived"] == "10000000.00"


# -- all of it -----------------------------------------------------------------------------------------------------


def test_an_old_export_changes_nothing(officer: Any, there: str, db: Fixture, app: Any) -> None:
    send(officer, book(row(**FULL), 合同协议=PAPERS))
    export = officer.get("/api/v1/ledgers/export").content
    assert unchanged(send(officer, export))
    edit(officer, there, name="新名", chain="新材料", park="正阳园区", investment="200000000.00", industry="A0111",
         officer="李四", plans={"completed": None}, channel="event")  # fmt: skip
    asked(officer, "POST", at(there, "status"), there, status="paused", reason="停工")
    asked(
        officer, "PATCH", at(there, "agreements", paper(officer, there)), there, amount="1.00", signed_on="2020-03-01"
    )
    asked(officer, "POST", at(there, "agreements", paper(officer, there, "supplement"), "void"), there, reason="错")
    pay(db, there, 700_000_000)
    before, events, papers = officer.get(at(there)).json(), kinds(db, "project"), papers_of(officer, there)
    result = send(officer, export)
    assert unchanged(result), told(result)
    assert officer.get(at(there)).json() == before and papers_of(officer, there) == papers
    assert kinds(db, "project") == events
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_the_log_is_asked_once_for_the_whole_file(officer: Any, app: Any) -> None:
    rows = [row(**{"项目名称": f"第{n}号项目", "合同编号": f"HT-{n}", "产业链": "旧"}) for n in range(12)]
    codes = [each["code"] for each in send(officer, book(*rows))["rows"]]
    for code in codes:
        edit(officer, code, chain="新")
    said: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM event" in statement and "body" in statement:
            said.append(statement)

    engines = {app.state.database.reader, app.state.database.writer}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        assert len(warned(send(officer, book(*rows)))) == 12
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    assert len(said) == 2
