"""What money must rest on before it counts, what happens to it when its papers change, and who is told."""

from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.facts.evidence.models import Evidence
from app.facts.projects.models import Project
from app.kernel import calendar
from app.kernel.rules import RuleVersion
from tests.clients import As, Work, put_part
from tests.factories.evidence import make_evidence
from tests.factories.funds import make_fund
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project

MONEY = {"arrived_on": "2020-09-30", "amount": "1000000.00", "source": "outside_city", "kind": "equity"}


def lacking(answer: Any) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (409, "evidence_missing"), answer.text
    return [error["message"] for error in answer.json()["errors"]]


def told(client: TestClient) -> list[tuple[str, str, bool]]:
    items = client.get("/api/v1/me/notices", params={"sort": "told_at"}).json()["items"]
    return [(n["kind"], n["text"], n["waits"] and n["done_at"] is None) for n in items if n["kind"].startswith("entry")]


@pytest.mark.parametrize(
    ("kind", "split", "papers", "missing"),
    [
        ("equity", False, [], ["缺验资报告或进账单"]),
        ("equity", False, ["invoice"], ["缺验资报告或进账单"]),
        ("equity", False, ["capital_verification"], None),
        ("equity", False, ["bank_slip"], None),
        ("equity", True, ["bank_slip"], ["缺分割证明"]),
        ("equity", True, ["bank_slip", "split_certificate"], None),
        ("loan", False, ["capital_verification"], ["缺进账单"]),
        ("equipment", False, ["bank_slip"], ["缺发票"]),
        ("equipment", True, [], ["缺发票", "缺分割证明"]),
        ("equipment", False, ["invoice"], None),
        ("land", False, ["deed"], ["缺缴款凭证"]),
        ("land", False, ["payment_receipt"], None),
        ("other", False, ["other"], ["缺进账单、验资报告、发票或缴款凭证"]),
        ("other", False, ["invoice"], None),
    ],
)
def test_what_the_rule_asks_for(
    as_: As, db: Work, kind: str, split: bool, papers: list[str], missing: list[str] | None
) -> None:
    with db() as session:
        project = make_project(session)
        numbers = [make_evidence(session, project, paper, "verified").id for paper in papers]
        make_evidence(session, project, "bank_slip", "verified")  # there, but not what this money rests on
    path = f"/api/v1/projects/{project.code}/funds"
    entry = as_("officer").post(path, json=MONEY | {"kind": kind, "split": split, "evidence": numbers}).json()
    assert [lack["message"] for lack in entry["lacking"]] == (missing or [])
    answer = as_("reviewer").post(f"{path}/{entry['id']}/recognise", json={})
    if missing is None:
        assert answer.status_code == 200, answer.text
    else:
        assert lacking(answer) == missing
        assert as_("officer").get(path).json()["funds"] == "0.00"


def test_a_paper_must_be_believed_and_may_come_later(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        slip = make_evidence(session, project, "bank_slip", uploaded_by=99).id
        wrong = make_evidence(session, project, "bank_slip", "rejected").id
    officer, reviewer = as_("officer"), as_("reviewer")
    path, papers = f"/api/v1/projects/{project.code}/funds", f"/api/v1/projects/{project.code}/evidence"
    refused = officer.post(path, json=MONEY | {"evidence": [wrong]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "rejected_evidence")
    number = officer.post(path, json=MONEY).json()["id"]
    assert lacking(reviewer.post(f"{path}/{number}/recognise", json={})) == ["缺验资报告或进账单"]
    assert officer.post(f"{path}/{number}/evidence", json={"evidence": []}).status_code == 422
    added = officer.post(f"{path}/{number}/evidence", json={"evidence": [slip]})
    assert (added.status_code, added.json()["lacking"][0]["waits"]) == (200, True)
    assert officer.post(f"{path}/{number}/evidence", json={"evidence": [slip]}).status_code == 200  # known already
    assert lacking(reviewer.post(f"{path}/{number}/recognise", json={})) == ["验资报告或进账单尚待核验"]
    assert reviewer.post(f"{papers}/{slip}/verify").status_code == 200
    assert reviewer.post(f"{path}/{number}/recognise", json={}).status_code == 200
    (listed,) = [paper for paper in officer.get(papers).json()["items"] if paper["id"] == slip]
    assert listed["relied_on"] == [{"book": "fund", "entry": number}]


def test_the_rule_of_the_day_on_which_the_money_arrived(as_: As, db: Work) -> None:
    anything = {"verified": False}
    body = {"kinds": dict.fromkeys(("equity", "loan", "equipment", "land", "other"), anything), "split": anything}
    body["kinds"] = body["kinds"] | {"equity": {"all_of": ["minutes"], "verified": False}}
    with db() as session:
        project = make_project(session)
        minutes = make_evidence(session, project, "minutes").id
        version = RuleVersion(
            rule="fund_evidence", number=1, state="active", valid_from=date(2020, 7, 1), basis="x", body=body,
            saved_by=0, saved_at=calendar.now(),
        )  # fmt: skip
        session.add(version)
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{project.code}/funds"
    numbers = [
        officer.post(path, json=MONEY | {"arrived_on": day, "evidence": [minutes]}).json()["id"]
        for day in ("2020-06-30", "2020-07-01")
    ]
    answer = {"shared_reason": "一次会议议定两笔"}
    assert lacking(reviewer.post(f"{path}/{numbers[0]}/recognise", json=answer)) == ["缺验资报告或进账单"]
    assert reviewer.post(f"{path}/{numbers[1]}/recognise", json=answer).json()["rule"] == "fund_evidence/1"


def test_every_kind_of_money_must_be_ruled(as_: As) -> None:
    body = {"kinds": {"equity": {"any_of": ["bank_slip"]}}, "split": {}}
    draft = {"body": body, "valid_from": "2027-01-01", "basis": "x"}
    answer = as_("officer").post("/api/v1/rules/fund_evidence/versions", json=draft)
    assert answer.status_code == 422
    fields = [error["field"] for error in answer.json()["errors"]]
    assert fields == [f"body.kinds.{kind}" for kind in ("loan", "equipment", "land", "other")]


# -- one file for two entries --------------------------------------------------------------------------------------


def test_the_same_file_proves_a_second_entry_only_with_an_answer(as_: As, db: Work) -> None:
    with db() as session:
        first, second = make_project(session), make_project(session)
        slip = make_evidence(session, first, "bank_slip", "verified")
        copy = make_evidence(session, second, "bank_slip", "verified", same_file_as=slip)
        known = make_fund(session, first, evidence=(slip,))
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{second.code}/funds"
    entry = officer.post(path, json=MONEY | {"evidence": [copy.id]}).json()
    assert entry["shared"] == [{"evidence": copy.id, "project": first.code, "entry": known.id}]
    refused = reviewer.post(f"{path}/{entry['id']}/recognise", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "evidence_shared")
    assert refused.json()["errors"][0]["message"] == (
        f"进账单（材料 {copy.id}）也是项目 {first.code} 第 {known.id} 号记录的依据"
    )
    answered = reviewer.post(f"{path}/{entry['id']}/recognise", json={"shared_reason": "一张进账单含两个项目的出资"})
    assert answered.status_code == 200
    assert answered.json()["shared_reason"] == "一张进账单含两个项目的出资"
    (other,) = officer.get(f"/api/v1/projects/{first.code}/funds").json()["items"]
    assert other["shared"] == [{"evidence": slip.id, "project": second.code, "entry": entry["id"]}]


def test_what_was_rejected_or_reversed_lets_its_paper_go(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session)
        slip = make_evidence(session, project, "bank_slip", "verified")
        gone = make_fund(session, project, evidence=(slip,))
        make_fund(session, project, state="rejected", evidence=(slip,))
    officer, reviewer = as_("officer"), as_("reviewer")
    path = f"/api/v1/projects/{project.code}/funds"
    reviewer.post(f"{path}/{gone.id}/reverse", json={"reason": "金额登记有误", "restate": True})
    entry = officer.post(path, json=MONEY | {"evidence": [slip.id]}).json()
    assert entry["shared"] == []
    assert reviewer.post(f"{path}/{entry['id']}/recognise", json={"shared_reason": "x"}).json()["shared_reason"] is None


def test_a_sealed_project_is_not_told_by_its_papers(as_: As, db: Work) -> None:
    with db() as session:
        secret, project = make_project(session, name="密封项目"), make_project(session)
        slip = make_evidence(session, secret, "bank_slip", "verified")
        copy = make_evidence(session, project, "bank_slip", "verified", same_file_as=slip)
        hidden = make_fund(session, secret, evidence=(slip,))
        named = make_user(session, "reviewer", login="named")
    body = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    sealed = put_part(as_("reviewer", login="sealer"), f"/api/v1/projects/{secret.code}", "confidentiality", body)
    assert sealed.status_code == 200, sealed.text
    officer, reviewer, named_one = as_("officer"), as_("reviewer"), as_(named.login)
    path = f"/api/v1/projects/{project.code}/funds"
    answer = officer.post(path, json=MONEY | {"evidence": [copy.id]})
    number = answer.json()["id"]
    for client in (officer, reviewer):
        refused = reviewer.post(f"{path}/{number}/recognise", json={})
        listed = client.get(path)
        for text in (refused.text, listed.text, answer.text):
            assert secret.code not in text and "密封" not in text
        assert refused.json()["errors"][0]["message"] == f"进账单（材料 {copy.id}）也是另一项目的记录的依据"
        assert listed.json()["items"][0]["shared"] == [{"evidence": copy.id, "project": None, "entry": None}]
    told_to_him = named_one.get(path).json()["items"][0]["shared"]
    assert told_to_him == [{"evidence": copy.id, "project": secret.code, "entry": hidden.id}]


# -- papers that change afterwards ---------------------------------------------------------------------------------


def counted(db: Work, as_: As) -> tuple[str, int, int]:
    """A project, a recognised entry declared by `officer`, and the slip it rests on."""
    officer = as_("officer")
    with db() as session:
        project = make_project(session, name="光伏玻纤")
        slip = make_evidence(session, project, "bank_slip", "verified", uploaded_by=99).id
    path = f"/api/v1/projects/{project.code}/funds"
    number = officer.post(path, json=MONEY | {"evidence": [slip]}).json()["id"]
    assert as_("reviewer").post(f"{path}/{number}/recognise", json={}).status_code == 200
    return project.code, number, slip


DOUBT = "项目「光伏玻纤」已认定的到位资金100万元（2020-09-30）材料不再齐全："


def test_a_paper_rejected_afterwards_raises_a_doubt_until_it_is_settled(as_: As, db: Work) -> None:
    code, number, slip = counted(db, as_)
    officer, reviewer, second = as_("officer"), as_("reviewer"), as_("reviewer", login="second")
    of = f"/api/v1/projects/{code}"
    assert reviewer.post(f"{of}/evidence/{slip}/reject", json={"reason": "伪造"}).status_code == 200
    found = officer.get(f"{of}/funds").json()
    assert (found["funds"], found["items"][0]["state"]) == ("1000000.00", "recognised")  # a figure never moves silently
    assert [lack["message"] for lack in found["items"][0]["lacking"]] == ["缺验资报告或进账单"]
    doubt = ("entry.doubted", f"{DOUBT}缺验资报告或进账单", True)
    assert doubt in told(reviewer) and doubt in told(second)
    with db() as session:
        project_id = session.get_one(Evidence, slip).project_id
        better = make_evidence(session, session.get_one(Project, project_id), "capital_verification", "verified").id
    assert officer.post(f"{of}/funds/{number}/evidence", json={"evidence": [better]}).json()["lacking"] == []
    assert [open_ for kind, _, open_ in told(second) if kind == "entry.doubted"] == [False]


def test_a_paper_replaced_afterwards_is_seen_and_must_be_verified(as_: As, db: Work) -> None:
    code, number, slip = counted(db, as_)
    officer, reviewer = as_("officer"), as_("reviewer")
    of = f"/api/v1/projects/{code}"
    sent = officer.post(
        f"{of}/evidence/{slip}/replace", data={"reason": "补盖章", "dated_on": "2020-09-30"},
        files={"file": ("进账单.txt", b"bank slip")},
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    newer = sent.json()["id"]
    assert sent.json()["relied_on"] == [{"book": "fund", "entry": number}]
    (line,) = officer.get(f"{of}/funds").json()["items"]
    assert [(paper["id"], paper["replaced_by"]) for paper in line["evidence"]] == [(slip, newer), (newer, None)]
    assert [lack["message"] for lack in line["lacking"]] == ["验资报告或进账单尚待核验"]
    assert ("entry.doubted", f"{DOUBT}验资报告或进账单尚待核验", True) in told(reviewer)
    assert reviewer.post(f"{of}/evidence/{newer}/verify").status_code == 200
    assert officer.get(f"{of}/funds").json()["items"][0]["lacking"] == []
    assert [open_ for kind, _, open_ in told(reviewer) if kind == "entry.doubted"] == [False]


def test_imported_history_is_exempt_but_its_gaps_are_listed(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, imported=True)
        entry = make_fund(session, project, state="declared", imported=True)
    path = f"/api/v1/projects/{project.code}/funds"
    answer = as_("reviewer").post(f"{path}/{entry.id}/recognise", json={})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rule"] is None
    assert [lack["message"] for lack in answer.json()["lacking"]] == ["缺验资报告或进账单"]


# -- notices -------------------------------------------------------------------------------------------------------


def test_who_is_told_what(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, name="光伏玻纤", unit=make_unit(session, "jxw"))
        slip = make_evidence(session, project, "bank_slip", "verified").id
    reporter, reviewer, second = as_("reporter", unit="jxw"), as_("reviewer"), as_("reviewer", login="second")
    path = f"/api/v1/projects/{project.code}/funds"
    first, other = (
        reporter.post(path, json=MONEY | {"amount": amount, "evidence": [slip]}).json()["id"]
        for amount in ("1000000.00", "250.50")
    )
    waiting = [
        ("entry.declared", f"项目「光伏玻纤」申报的到位资金{amount}（2020-09-30）待认定", True)
        for amount in ("100万元", "0.02505万元")
    ]
    assert told(reviewer) == told(second) == waiting
    assert told(reporter) == told(as_("officer")) == told(as_("leader")) == []
    reviewer.post(f"{path}/{other}/reject", json={"reason": "金额不符"})
    reviewer.post(f"{path}/{first}/recognise", json={})
    assert [open_ for _, _, open_ in told(second)] == [False, False]
    assert told(reporter) == [
        ("entry.decided", "项目「光伏玻纤」的到位资金0.02505万元（2020-09-30）被退回：金额不符", False),
        ("entry.decided", "项目「光伏玻纤」的到位资金100万元（2020-09-30）已认定", False),
    ]
    second.post(f"{path}/{first}/reverse", json={"reason": "退资"})
    assert told(reporter)[-1][1] == "项目「光伏玻纤」的到位资金100万元（2020-09-30）被冲销：退资"
