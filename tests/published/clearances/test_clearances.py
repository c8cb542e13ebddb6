"""A clearance: what it goes through, what is proposed, found and done, who sees it, and its frozen report."""

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import python_calamine
import time_machine
from fastapi import FastAPI

from app.facts.commitments.judging import Judged
from app.facts.commitments.terms import ClauseState, Party
from app.facts.projects.models import Project
from app.published.clearances.terms import ClauseVerdict, proposed
from tests.clients import As, Work
from tests.factories.agreements import make_agreement
from tests.factories.commitments import make_commitment
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.published.documents.reading import words
from tests.replay import assert_log_equals_tables

API = "/api/v1"
S, V = ClauseState, ClauseVerdict


@pytest.mark.parametrize(
    ("state", "party", "due", "verdict"),
    [
        (S.FULFILLED, Party.ENTERPRISE, True, V.FULFILLED),
        (S.OVERDUE, Party.ENTERPRISE, True, V.ENTERPRISE_IN_BREACH),
        (S.OVERDUE, Party.DISTRICT, True, V.DUE_UNPAID),
        (S.NOT_DUE, Party.DISTRICT, True, V.NOT_DUE),
        (S.CONDITION_NOT_MET, Party.DISTRICT, True, V.NOT_DUE),
        (S.DUE, Party.DISTRICT, True, V.NOT_DUE),
        (S.DUE, Party.DISTRICT, False, V.UNCLEAR),
        (S.PARTLY, Party.ENTERPRISE, False, V.UNCLEAR),
        (S.STOPPED, Party.DISTRICT, True, V.STOPPED),
        (S.WAIVED, Party.ENTERPRISE, True, V.STOPPED),
    ],
)
def test_what_a_state_proposes(state: ClauseState, party: Party, due: bool, verdict: ClauseVerdict) -> None:
    assert proposed(Judged(state, ("x",), due_on=date(2021, 1, 1) if due else None), party) is verdict


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel("2021-06-30T09:00:00+08:00", tick=False):
        yield


@pytest.fixture
def place(db: Work) -> dict[str, Any]:
    """Two projects that are gone through, one archived and one sealed, and a third signed before."""
    with db() as session:
        jxw, czj = make_unit(session, "jxw"), make_unit(session, "czj", "区财政局")
        enterprise = make_enterprise(session, name="甲公司")
        first = make_project(session, name="甲项目", unit=jxw, enterprise=enterprise, started_on=date(2020, 9, 1))
        paper = make_agreement(session, first, signed_on=date(2020, 3, 1), number="合 1")
        kept = make_commitment(session, paper, "start", None, due_on=date(2020, 12, 31)).id
        late = make_commitment(session, paper, "investment", 100_00, due_on=date(2021, 1, 1), text="投资到位").id
        owed = make_commitment(session, paper, "subsidy", 100_00, due_on=date(2021, 5, 1), unit=czj).id
        supplement = make_agreement(session, first, "supplement", date(2021, 2, 1), increment_fen=0)
        newer = make_commitment(session, supplement, "tax", 100_00, due_on=date(2022, 1, 1)).id
        hidden = make_project(session, name="密项目", confidentiality="sealed", unit=jxw)
        sealed = make_agreement(session, hidden, signed_on=date(2021, 1, 1))
        make_commitment(session, sealed, "investment", 100_00, due_on=date(2021, 3, 1), text="密封的条款")
        archived = make_project(session, name="老项目", unit=czj, archived_on=date(2021, 1, 1))
        make_agreement(session, archived, signed_on=date(2020, 5, 1))
        before = make_project(session, name="更老的项目")
        make_commitment(session, make_agreement(session, before, signed_on=date(2019, 12, 31)), "tax", 1, due_on=None)
        return {"kept": kept, "late": late, "owed": owed, "newer": newer, "code": first.code, "project": first.id}


def begun(as_: As, **more: Any) -> dict[str, Any]:
    body = {"title": "2020年以来合同履约清理", "since": "2020-01-01"} | more
    answer = as_("officer").post(f"{API}/clearances", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def findings(client: Any, number: int, query: str = "") -> dict[int, dict[str, Any]]:
    answer = client.get(f"{API}/clearances/{number}/findings?{query}")
    assert answer.status_code == 200, answer.text
    return {row["commitment"]: row for row in answer.json()["items"]}


def test_a_clearance_from_its_snapshot_to_its_report(as_: As, db: Work, place: dict[str, Any], app: FastAPI) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    clearance = begun(as_)
    assert (clearance["agreements"], clearance["without_clauses"], clearance["clauses"]) == (3, 1, 5)
    number = clearance["id"]
    seen = findings(officer, number)
    assert {one: row["proposed"] for one, row in seen.items()} == {
        place["kept"]: "fulfilled", place["late"]: "enterprise_in_breach", place["owed"]: "due_unpaid",
        place["newer"]: "not_due",
    }  # fmt: skip
    snapshot = seen[place["late"]]["snapshot"]
    assert (snapshot["enterprise"], snapshot["state"], snapshot["days_overdue"]) == ("甲公司", "overdue", 180)
    accepted = officer.post(f"{API}/clearances/{number}/accept").json()
    assert {one["finding"]: one["confirmed"] for one in accepted["findings"] if one["confirmed"]} == {
        "fulfilled": 1, "not_due": 1,
    }  # fmt: skip
    where = f"{API}/clearances/{number}/findings"

    def confirm(commitment: int, **body: Any) -> Any:
        return officer.post(f"{where}/{seen[commitment]['id']}/confirm", json=body)

    changed = confirm(place["late"], finding="unclear", action="核实")
    assert (changed.status_code, changed.json()["errors"][0]["field"]) == (422, "reason")
    assert confirm(place["owed"], finding="due_unpaid").json()["errors"][0]["field"] == "action"
    assert confirm(place["late"], finding="unclear", reason="统计口径待核", action="核实").status_code == 200
    found = confirm(place["owed"], finding="due_unpaid", action="列入预算", deadline="2021-06-29").json()
    assert (found["confirmed"], found["owner"], found["deadline"]) == (True, "czj", "2021-06-29")
    progress = {one["unit"]: one for one in officer.get(f"{API}/clearances/{number}").json()["units"]}
    assert (progress["czj"]["to_settle"], progress["czj"]["late"], progress["czj"]["done"]) == (1, 1, 0)
    treasurer = as_("reporter", unit="czj")
    done = {"on": "2021-06-30", "note": "已拨付"}
    other = as_("reporter", unit="sww").post(f"{where}/{seen[place['owed']]['id']}/done", json=done)
    assert (other.status_code, other.json()["code"]) == (403, "not_yours")
    assert treasurer.post(f"{where}/{seen[place['owed']]['id']}/done", json=done).json()["done_on"] == "2021-06-30"
    refused = officer.post(f"{where}/{seen[place['kept']]['id']}/done", json=done)
    assert refused.json()["code"] == "not_confirmed"
    asked = ("confirmed=false", "done=true", "finding=unclear")
    assert [list(findings(officer, number, query)) for query in asked] == [
        [], [place["owed"]], [place["late"]],
    ]  # fmt: skip
    # What was found stays as it was on the day of the snapshot.
    with db() as session:
        project = session.get_one(Project, place["project"])
        make_commitment(session, make_agreement(session, project, signed_on=date(2021, 6, 1)), "tax", 1)
    assert findings(officer, number).keys() == seen.keys()

    report = reviewer.post(f"{API}/clearances/{number}/report", json={})
    assert (report.status_code, report.json()["issue"]) == (201, "clearance/2021/1/1")
    issue = reviewer.get(f"{API}/issues/clearance/2021/1").json()["content"]
    assert (issue["clauses"], issue["confirmed"], issue["withheld"]) == (5, 4, 1)
    assert [(line["name"], line["finding"]) for line in issue["lines"]] == [
        ("甲项目", "unclear"), ("甲项目", "due_unpaid"),
    ]  # fmt: skip
    assert "密" not in str(issue)
    paper = reviewer.get(f"{API}/issues/clearance/2021/1/document?format=docx")
    assert paper.status_code == 200 and "投资到位" in words(paper.content)
    assert [unit["name"] for unit in issue["units"]][-1] == "未列名项目"
    again = reviewer.post(f"{API}/clearances/{number}/report", json={"reason": "补正"})
    assert again.json()["code"] == "nothing_changed"
    assert confirm(place["late"], finding="enterprise_in_breach", action="发函催告").status_code == 200
    assert reviewer.post(f"{API}/clearances/{number}/report", json={}).json()["errors"][0]["field"] == "reason"
    second = reviewer.post(f"{API}/clearances/{number}/report", json={"reason": "补正"}).json()
    assert second["issue"] == "clearance/2021/1/2"
    assert reviewer.get(f"{API}/issues/clearance/2021/1?edition=1").json()["content"] == issue
    assert officer.get(f"{API}/clearances/{number}").json()["report"] == "clearance/2021/1/2"
    # Another clearance of the same year is another issue.
    other_number = begun(as_, unit="jxw")["id"]
    assert reviewer.post(f"{API}/clearances/{other_number}/report", json={}).json()["issue"] == "clearance/2021/2/1"
    periodical = reviewer.post(f"{API}/issues", json={"kind": "clearance", "period": "2020"})
    assert periodical.json()["code"] == "not_periodical"
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)


def test_a_scope_and_nothing_to_clear(as_: As, place: dict[str, Any]) -> None:
    assert begun(as_, unit="czj")["agreements"] == 1
    answer = as_("officer").post(f"{API}/clearances", json={"title": "x", "since": "2021-06-30"})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_clear")


def test_who_sees_findings(as_: As, place: dict[str, Any]) -> None:
    """Findings are seen as their projects are; of a sealed one nobody else is told, but totals count it."""
    number = begun(as_)["id"]
    sealed = [row["id"] for row in findings(as_("officer"), number).values()]
    hidden = next(one for one in range(min(sealed), max(sealed) + 2) if one not in sealed)
    for who in ("officer", "reviewer", "leader"):
        client = as_(who)
        assert len(findings(client, number)) == 4
        assert sum(one["clauses"] for one in client.get(f"{API}/clearances/{number}").json()["findings"]) == 5
        assert sum(one["clauses"] for one in client.get(f"{API}/clearances/{number}").json()["units"]) == 4
        book = client.get(f"{API}/clearances/{number}/workbook")
        told = python_calamine.load_workbook(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
        assert "投资到位" in str(told) and "密封的条款" not in str(told)
    body = {"finding": "fulfilled", "reason": "x"}
    answer = as_("officer").post(f"{API}/clearances/{number}/findings/{hidden}/confirm", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_finding")
    for who in ("leader", "reporter"):
        refused = as_(who).post(f"{API}/clearances", json={"title": "x", "since": "2020-01-01"})
        assert refused.status_code == 403
    assert as_("officer").post(f"{API}/clearances/{number}/report", json={}).status_code == 403
    history = as_("officer").get(f"{API}/projects/{place['code']}/history").json()["items"]
    assert "列入履约清理" in {row["label"] for row in history}
