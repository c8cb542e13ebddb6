"""A ledger meets projects that are there: who is meant, what changes, what stays."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from app.facts.agreements.models import Agreement
from app.facts.enterprises.models import Enterprise, Ownership
from app.facts.projects.models import Project
from app.kernel import calendar
from tests.clients import As, Kept
from tests.exchange.ledgers.importing import book, confirm, kinds, know_units, row, send, sheet, told
from tests.factories.enterprises import make_enterprise
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

Fixture = Callable[..., Any]
CODE = "500114-2020-0001"


@pytest.fixture
def officer(request: pytest.FixtureRequest, kept: Kept, db: Fixture, as_: Fixture) -> Any:
    """After `there`, which begins the database anew."""
    if "there" in request.fixturenames:
        request.getfixturevalue("there")
    else:
        kept(know_units, db)
    return as_("officer")


@pytest.fixture
def there(kept: Kept, db: Fixture, as_: Fixture) -> str:
    """The project of `row()`, imported; its code."""
    return str(kept(brought, db, as_))


def brought(db: Fixture, as_: Fixture) -> str:
    know_units(db)
    result = send(as_("officer"), book(row()))
    assert result["state"] == "done", told(result)
    return str(result["rows"][0]["code"])


def changes(result: Any) -> list[tuple[str, str | None, str | None]]:
    return [(c["field"], c["from"], c["to"]) for r in result["rows"] for c in r["changes"]]


def project(client: Any, code: str = CODE) -> Any:
    return client.get(f"/api/v1/projects/{code}").json()


# -- who is meant --------------------------------------------------------------------------------------------------


def test_a_name_is_known_however_it_is_written(officer: Any, there: str) -> None:
    result = send(officer, book(row(**{"项目名称": " 玻纤制品 \n项目"})))
    assert [r["outcome"] for r in result["rows"]] == ["unchanged"] and result["rows"][0]["code"] == there


def test_a_code_means_its_project_and_a_new_name_renames_it(officer: Any, there: str) -> None:
    result = send(officer, book(row(**{"项目编号": there, "项目名称": "玻纤新材料项目"})))
    assert [code for _, _, code in told(result, "warning")] == ["renamed"]
    assert ("name", "玻纤制品项目", "玻纤新材料项目") in changes(result)
    found = project(officer)
    assert found["name"] == "玻纤新材料项目" and [a["alias"] for a in found["aliases"]] == ["玻纤制品项目"]
    again = send(officer, book(row(**{"项目名称": "玻纤制品项目"})))
    assert [r["outcome"] for r in again["rows"]] == ["unchanged"]
    warned = [f["message"] for f in again["rows"][0]["findings"] if f["code"] == "second_name"]
    assert "玻纤制品项目" in warned[0] and "玻纤新材料项目" in warned[0]


def test_two_rows_of_the_file_may_be_one_known_project(officer: Any, there: str, db: Fixture) -> None:
    send(officer, book(row(**{"别名": "杭州玻纤"})))
    result = send(officer, book(row(), row(**{"项目名称": "杭州玻纤", "合同编号": ""})))
    assert result["state"] == "done", told(result)
    assert result["counts"]["projects"]["unchanged"] == 1
    assert "second_name" in [code for _, _, code in told(result, "warning")]
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Project)) == 1


def test_a_code_of_another_project_is_refused(officer: Any, there: str) -> None:
    other = row(**{"项目编号": there, "项目名称": "高山有机茶园", "投资企业": "遵义茶业公司", "合同编号": "C-9"})
    assert [code for _, _, code in told(send(officer, book(other)))] == ["code_of_another"]


def test_the_same_name_of_another_enterprise_is_asked_about(officer: Any, there: str) -> None:
    result = send(officer, book(row(**{"投资企业": "宁波海运集团有限公司"})))
    assert [code for _, _, code in told(result)] == ["same_name_other_enterprise"]
    assert there in result["rows"][0]["findings"][0]["message"]


def test_two_codes_are_two_projects_unless_all_else_is_the_same(officer: Any, there: str) -> None:
    same = send(officer, book(row(**{"项目编号": "500114-2020-0500"})))
    assert [r["outcome"] for r in same["rows"]] == ["unchanged"] and same["rows"][0]["code"] == there
    assert [code for _, _, code in told(same, "warning")] == ["code_differs"]
    phase = row(**{"项目编号": "500114-2020-0501", "投资企业": "", "企业性质": "", "合同编号": "HT-9"})
    other = send(officer, book(phase))
    assert [r["outcome"] for r in other["rows"]] == ["created"]
    assert "namesake" in [code for _, _, code in told(other, "warning")]
    both = send(officer, book(row(**{"项目编号": there}), phase))
    assert [r["outcome"] for r in both["rows"]] == ["unchanged", "unchanged"], told(both)
    asked = send(officer, book(row(**{"投资企业": "", "企业性质": ""})))
    assert [code for _, _, code in told(asked)] == ["name_ambiguous"]


def test_codes_come_with_the_ledger_or_follow_in_its_year(officer: Any) -> None:
    rows = [row(**{"项目编号": "500114-2019-0007", "项目名称": "甲项目", "合同编号": "A"}),
            row(**{"项目名称": "乙项目", "合同编号": "B", "签约日期": "2019-05-06"}),
            row(**{"项目名称": "丙项目", "合同编号": "C", "签约日期": "2018-05-06"})]  # fmt: skip
    result = send(officer, book(*rows))
    assert [r["code"] for r in result["rows"]] == ["500114-2019-0007", "500114-2019-0008", "500114-2018-0001"]


def test_a_sealed_project_is_neither_changed_nor_told_of(officer: Any, db: Fixture) -> None:
    with db() as session:
        make_project(session, name="秘密项目", code="500114-2020-0099", confidentiality="sealed")
    result = send(officer, book(row(**{"项目编号": "500114-2020-0099", "项目名称": "别的项目"})))
    assert [code for _, _, code in told(result)] == ["code_taken"]
    assert "秘密" not in str(result)


# -- what changes --------------------------------------------------------------------------------------------------


def test_what_the_file_says_is_applied_and_empty_cells_erase_nothing(officer: Any, there: str, app: Any) -> None:
    send(officer, book(row(**{"备注": "原来的备注", "产业链": "玻纤材料"})))
    version = project(officer)["version"]
    result = send(officer, book(row(**{"备注": "", "产业链": "新材料", "阶段": ""})))
    assert changes(result) == [("chain", "玻纤材料", "新材料")]
    assert result["rows"][0]["changes"][0]["heading"] == "产业链"
    found = project(officer)
    assert (found["chain"], found["note"], found["stage"]) == ("新材料", "原来的备注", "signed")
    assert found["version"] == version + 1
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_a_project_moves_on_and_never_back(officer: Any, there: str) -> None:
    result = send(officer, book(row(**{"阶段": "开工", "开工日期": "2020-06-01"})))
    assert ("stage", "签约", "开工") in changes(result)
    moves = officer.get(f"/api/v1/projects/{there}/moves").json()["items"]
    assert (moves[-1]["from"], moves[-1]["to"], moves[-1]["imported"]) == ("signed", "started", True)
    back = send(officer, book(row()))
    assert [code for _, _, code in told(back, "warning")] == ["stage_not_back"]
    assert [r["outcome"] for r in back["rows"]] == ["unchanged"] and project(officer)["stage"] == "started"


def test_a_new_unit_holds_from_today(officer: Any, there: str, app: Any) -> None:
    result = send(officer, book(row(**{"责任单位": "区商务委", "协同单位": "区经信委、区林业局"})))
    assert ("unit", "区经济信息委", "区商务委") in changes(result)
    units = {(u["name"], u["role"]): (u["valid_from"], u["valid_to"]) for u in project(officer)["units"]}
    today = calendar.today()
    assert units["区经济信息委", "responsible"] == ("2020-03-12", (today - dt.timedelta(days=1)).isoformat())
    assert units["区商务委", "responsible"] == (today.isoformat(), None)
    assert units["区林业局", "cooperating"] == (today.isoformat(), None)
    again = send(officer, book(row(**{"责任单位": "区商务委", "协同单位": "区林业局、区经信委"})))
    assert [r["outcome"] for r in again["rows"]] == ["unchanged"]
    fewer = send(officer, book(row(**{"责任单位": "区商务委", "协同单位": "区林业局"})))
    assert changes(fewer) == [("co_units", "区林业局、区经济信息委", "区林业局")]
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_the_contract_beside_the_project_is_corrected_and_named(officer: Any, there: str, db: Fixture) -> None:
    result = send(officer, book(row(**{"合同金额(万元)": 15000})))
    assert changes(result) == [("contract_amount", "12000万元", "15000万元")]
    assert [code for _, _, code in told(result, "warning")] == ["contract_changed"]
    assert project(officer)["contract_amount"] == "150000000.00"
    with db() as session:
        assert session.scalar(select(func.count()).select_from(Agreement)) == 1


def test_several_contracts_are_not_overwritten_by_one_sum(officer: Any, there: str) -> None:
    papers = [["项目名称", "协议类型", "签订日期", "增资金额(万元)"], ["玻纤制品项目", "补充协议", "2020-08-01", 3000]]
    assert send(officer, book(合同协议=papers))["counts"]["agreements"]["created"] == 1
    assert project(officer)["contract_amount"] == "150000000.00"
    for stated in (12000, 15000):  # the first contract, or all of it
        same = send(officer, book(row(**{"合同金额(万元)": stated})))
        assert [r["outcome"] for r in same["rows"]] == ["unchanged"], told(same)
    result = send(officer, book(row(**{"合同金额(万元)": 16000})))
    assert [code for _, _, code in told(result)] == ["contract_total_differs"]


def test_cumulative_funds_only_grow(officer: Any, as_: As, there: str) -> None:
    first = send(officer, book(row(**{"到位资金(万元)": 1000, "到位日期": "2020-06-30"})))
    assert [code for _, _, code in told(first, "warning")] == ["funds_as_one_entry"]
    same = send(officer, book(row(**{"到位资金(万元)": 1000, "到位日期": "2020-09-30"})))
    assert [r["outcome"] for r in same["rows"]] == ["unchanged"]
    more = send(officer, book(row(**{"到位资金(万元)": 1500, "到位日期": "2020-09-30"})))
    assert ("funds", "1000万元", "1500万元") in changes(more)
    entries = officer.get(f"/api/v1/projects/{there}/funds").json()["items"]
    assert [(e["arrived_on"], e["amount"], e["imported"]) for e in entries] == [
        ("2020-06-30", "10000000.00", True), ("2020-09-30", "5000000.00", True)]  # fmt: skip
    for result in (first, more):
        confirm(as_("reviewer"), result)
    for total in (1200, 1000):  # also what it was once: that its money was confirmed since is no edit by hand
        less = send(officer, book(row(**{"到位资金(万元)": total, "到位日期": "2020-10-30"})))
        assert [code for _, _, code in told(less)] == ["funds_fell"]
    assert "1500万元" in less["rows"][0]["findings"][-1]["message"] and "冲销" in str(less["rows"])


def test_what_was_reversed_does_not_come_back(officer: Any, as_: As, there: str) -> None:
    funds = [["项目名称", "到位日期", "到位金额(万元)", "资金来源", "资金性质"],
             ["玻纤制品项目", "2020-05-01", 500, "市外", "股权"]]  # fmt: skip
    confirm(as_("reviewer"), send(officer, book(到位资金=funds)))
    entry = officer.get(f"/api/v1/projects/{there}/funds").json()["items"][0]["id"]
    answer = as_("reviewer").post(f"/api/v1/projects/{there}/funds/{entry}/reverse", json={"reason": "未到账"})
    assert answer.status_code in (200, 201), answer.text
    again = send(officer, book(到位资金=funds))
    assert [r["outcome"] for r in again["rows"]] == ["unchanged"]
    assert [code for _, _, code in told(again, "warning")] == ["reversed"]
    assert project(officer)["funds_arrived"] == "0.00"


def test_papers_of_a_project_that_nobody_knows(officer: Any, there: str) -> None:
    papers = [["项目名称", "协议类型", "签订日期", "合同金额(万元)"], ["没有的项目", "正式合同", "2020-08-01", 3000]]
    assert [code for _, _, code in told(send(officer, book(合同协议=papers)))] == ["project_unknown"]


def test_an_archived_project_keeps_its_record_and_takes_money(officer: Any, there: str) -> None:
    officer.post(f"/api/v1/projects/{there}/archive", json={"reason": "已达产"})
    refused = send(officer, book(row(**{"备注": "改动"})))
    assert [code for _, _, code in told(refused)] == ["archived"]
    paid = send(officer, book(row(**{"到位资金(万元)": 10, "到位日期": "2020-09-30"})))
    assert paid["state"] == "done", told(paid)


# -- enterprises and sector ----------------------------------------------------------------------------------------


def test_an_enterprise_is_found_and_its_gaps_are_filled(officer: Any, db: Fixture) -> None:
    with db() as session:
        firm = make_enterprise(session, name="杭州玻纤有限公司", ownership="other", aliases=("杭玻",)).id
    send(officer, book(row(**{"投资企业": "杭玻", "统一社会信用代码": "91350100M000100Y43"})))
    with db() as session:
        found = session.scalars(select(Enterprise)).one()
        assert (found.id, found.uscc, found.ownership) == (firm, "91350100M000100Y43", Ownership.PRIVATE)
    told_of = send(officer, book(row(**{"企业性质": "央企"})))
    assert "enterprise_differs" in [code for _, _, code in told(told_of, "warning")]
    assert "enterprise.changed" in kinds(db, "enterprise")


def test_two_projects_of_a_new_enterprise_enter_it_once(officer: Any, db: Fixture) -> None:
    result = send(officer, book(row(), row(**{"项目名称": "二号项目", "合同编号": "HT-2"})))
    assert result["counts"]["enterprises"]["created"] == 1


def test_a_sector_by_hand_keeps_its_reason(officer: Any) -> None:
    header = ("项目名称", "项目类型", "行业代码", "产业类别", "阶段", "责任单位")
    silk = {"项目名称": "蚕桑项目", "项目类型": "农业", "行业代码": "C1742", "产业类别": "农业", "阶段": "在谈",
            "责任单位": "区农委"}  # fmt: skip
    code = send(officer, book(**{"台账": sheet(silk, header=header)}))["rows"][0]["code"]
    found = project(officer, code)
    assert (found["sector"], found["sector_reason"]) == ("agriculture", "台账填报")
    ruled = send(officer, book(**{"台账": sheet(silk | {"产业类别": "工业"}, header=header)}))
    assert changes(ruled) == [("sector", "农业", "工业")]
    assert project(officer, code)["sector_reason"] is None


def test_dates_to_come_are_plans(officer: Any) -> None:
    result = send(officer, book(row(**{"开工日期": dt.date(2099, 5, 1)})))
    assert result["state"] == "done", told(result)
    assert "future_is_planned" in [code for _, _, code in told(result, "warning")]
    found = project(officer, result["rows"][0]["code"])
    assert found["started_on"] is None and found["plans"] == [{"stage": "started", "planned_on": "2099-05-01"}]


# -- on several sheets ---------------------------------------------------------------------------------------------

STARTS = ["项目名称", "责任单位", "开工日期"]


def test_a_unit_may_be_called_differently_on_each_sheet(officer: Any) -> None:
    starts = [STARTS, ["玻纤制品项目", "区经济信息委", "2020-06-01"]]
    result = send(officer, book(row(), 开工=starts))
    assert result["state"] == "done", told(result)
    assert project(officer, result["rows"][0]["code"])["unit_name"] == "区经济信息委"


@pytest.mark.parametrize("other", ["区商务委", "没有的单位"])
def test_two_units_of_one_project_contradict_each_other(officer: Any, other: str) -> None:
    result = send(officer, book(row(), 开工=[STARTS, ["玻纤制品项目", other, "2020-06-01"]]))
    assert result["state"] == "refused"
    (message,) = [f["message"] for r in result["rows"] for f in r["findings"] if f["code"] == "conflict"]
    assert "区经信委" in message and f"“开工”B2写作“{other}”" in message


def test_projects_of_one_name_leave_and_return(officer: Any) -> None:
    body = {"name": "同名项目", "kind": "services", "unit": "qsww", "accept_same_name": True}
    for _ in range(2):
        made = officer.post("/api/v1/projects", json=body)
        assert made.status_code == 201
    out = officer.get("/api/v1/ledgers/export")
    result = send(officer, out.content)
    assert [r["outcome"] for r in result["rows"]] == ["unchanged", "unchanged"], told(result)
