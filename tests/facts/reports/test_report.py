"""A unit's report: put as one document, again and again, submitted, accepted, returned."""

from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.facts.engagements.models import Engagement
from app.facts.projects.models import ProjectGrant
from app.facts.projects.service import refresh_sight
from app.facts.reports.models import Report, ReportEngagement, ReportProgress
from app.kernel.chain import Event
from tests.clients import As, Work
from tests.factories.engagements import make_engagement
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

AT = "/api/v1/weekly/2026-W48/reports/jxw"
VISIT = {"key": "a1", "kind": "incoming_visit", "title": "接待甲公司来访", "starts_on": "2026-11-24", "visitors": 6}
PRESS = {
    "key": "a2", "kind": "press", "title": "我区赴沪招商", "starts_on": "2026-11-25", "outlet": "重庆日报",
    "level": "municipal",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def reporter(as_: As) -> TestClient:
    return as_("reporter", unit="jxw")


def put(client: TestClient, at: str = AT, version: Any = None, **body: Any) -> Any:
    return client.put(at, json=body, headers={} if version is None else {"If-Match": version})


def counted(db: Work, kind: Any) -> int:
    with db() as session:
        return session.execute(select(func.count()).select_from(kind)).scalar_one()


# -- one document --------------------------------------------------------------------------------------------------


def test_a_whole_week_in_one_document(db: Work, as_: As, reporter: TestClient) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        project = make_project(session, unit=unit).code
    made = put(
        reporter,
        engagements=[VISIT | {"enterprises": [{"name": "甲公司", "create": True}], "projects": [project]}, PRESS],
        progress=[{"project": project, "text": "厂房封顶"}],
        problems=[{"text": "用地指标未落实", "help": "请协调", "project": project}],
        note="下周赴蓉",
    )
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == AT
    told = made.json()
    assert (told["state"], told["standing"], told["counts_in"]) == ("draft", "awaited", None)
    assert [(one["key"], one["kind"], one["days"]) for one in told["engagements"]] == [
        ("a1", "incoming_visit", "1"),
        ("a2", "press", "1"),
    ]
    assert [met["name"] for met in told["engagements"][0]["enterprises"]] == ["甲公司"]
    assert told["engagements"][0]["projects"] == [project]
    assert told["progress"][0]["text"] == "厂房封顶" and told["problems"][0]["project"] == project
    assert told["week"]["deadline"] == "2026-11-30T04:00:00.000000Z" == told["week"]["valid_until"]
    read = as_("officer").get(AT)
    assert read.json() == told and read.headers["ETag"].startswith('"1-')


def test_sent_again_it_changes_nothing(db: Work, reporter: TestClient) -> None:
    body = {"engagements": [VISIT | {"enterprises": [{"name": "甲公司", "create": True}]}], "note": "x"}
    first = put(reporter, **body)
    assert first.status_code == 201
    with db() as session:
        before = session.execute(select(func.max(Event.seq))).scalar_one()
    for version in (None, first.headers["ETag"], '"77-0"'):
        again = put(reporter, version=version, **body)
        assert again.status_code == 200 and again.json() == first.json()
    with db() as session:
        assert session.execute(select(func.max(Event.seq))).scalar_one() == before
    reporter.post(f"{AT}/submit")
    late = put(reporter, **body)  # the phone has come out of the tunnel
    assert late.status_code == 200 and late.json()["state"] == "submitted"
    assert counted(db, Engagement) == 1 and counted(db, Report) == 1


def test_another_document_says_what_it_was_made_from(reporter: TestClient, as_: As) -> None:
    first = put(reporter, engagements=[VISIT])
    assert put(reporter, engagements=[VISIT, PRESS]).status_code == 428
    second = put(reporter, version=first.headers["ETag"], engagements=[VISIT, PRESS])
    assert second.status_code == 200 and len(second.json()["engagements"]) == 2
    colleague = as_("reporter", unit="jxw", login="colleague")
    refused = put(colleague, version=first.headers["ETag"], engagements=[VISIT], note="旧")
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert len(as_("officer").get(AT).json()["engagements"]) == 2
    assert put(reporter, "/api/v1/weekly/2026-W48/reports/jxw", version='"9-9"', zero=True).status_code == 412


def test_a_first_document_made_from_another_reading_is_stale(reporter: TestClient) -> None:
    assert put(reporter, version='"1-0"', engagements=[VISIT]).status_code == 412
    assert put(reporter, version="nonsense", engagements=[VISIT]).status_code == 412


def test_a_changed_line_changes_its_engagement_and_one_that_is_gone_is_voided(
    db: Work, reporter: TestClient, as_: As
) -> None:
    first = put(reporter, engagements=[VISIT, PRESS])
    visit, press = (one["id"] for one in first.json()["engagements"])
    address = f"/api/v1/engagements/{press}"
    officer = as_("officer")
    officer.patch(address, json={"outlet": "人民日报"}, headers={"If-Match": officer.get(address).headers["ETag"]})
    second = put(
        reporter, version=first.headers["ETag"], engagements=[VISIT | {"visitors": 8, "ends_on": "2026-11-25"}, PRESS]
    )
    told = second.json()["engagements"]
    assert [one["id"] for one in told] == [visit, press]
    assert (told[0]["visitors"], told[0]["days"]) == (8, "2")
    assert told[1]["outlet"] == "人民日报", "an old line undid what was corrected elsewhere"
    third = put(reporter, version=second.headers["ETag"], engagements=[PRESS])
    assert [one["id"] for one in third.json()["engagements"]] == [press]
    with db() as session:
        gone = session.get_one(Engagement, visit)
        assert gone.voided_reason == "已从周报中删除"
        assert session.get_one(Engagement, press).voided_at is None


def test_recorded_engagements_are_linked_and_kept(db: Work, reporter: TestClient) -> None:
    with db() as session:
        day = date(2026, 11, 24)
        other = make_engagement(session, unit="nyw", units=("jxw",), starts_on=day).id
        foreign = make_engagement(session, unit="nyw", starts_on=day).id
        old = make_engagement(session, unit="jxw", starts_on=date(2026, 11, 2)).id
    refused = put(reporter, linked=[other, foreign, old, 10**9])
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [
        ("linked.1", "not_its_engagement"), ("linked.2", "outside_week"), ("linked.3", "no_engagement"),
    ]  # fmt: skip
    first = put(reporter, engagements=[VISIT], linked=[other])
    entered = next(one["id"] for one in first.json()["engagements"] if one["key"])
    kept = put(reporter, version=first.headers["ETag"], linked=[other, entered], note="原样保留")
    assert {one["id"] for one in kept.json()["engagements"]} == {other, entered}
    without = put(reporter, version=kept.headers["ETag"], linked=[entered])
    assert without.status_code == 200
    with db() as session:
        assert session.get_one(Engagement, other).voided_at is None, "it was reported by somebody else"
        assert session.get_one(Engagement, entered).voided_at is None


def test_every_wrong_field_is_named_at_once_and_nothing_is_kept(db: Work, reporter: TestClient) -> None:
    with db() as session:
        make_unit(session, "jxw")
        foreign = make_project(session, unit=make_unit(session, "nyw")).code
        sealed = make_project(session, confidentiality="sealed").code
    refused = put(
        reporter,
        engagements=[
            VISIT | {"starts_on": "2026-11-16"},
            VISIT | {"key": "b", "outlet": "x"},
            VISIT | {"key": "c", "enterprises": [{"name": "没有登记过的公司"}]},
            VISIT | {"key": "d", "unit": "nyw"},
            VISIT | {"key": "e", "title": "好的一条"},
        ],
        progress=[{"project": foreign, "text": "x"}, {"project": sealed, "text": "x"}],
        problems=[{"text": "x", "project": "500114-1999-0001"}],
    )
    assert refused.status_code == 422
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [
        ("progress.0.project", "not_its_project"),
        ("progress.1.project", "unknown_project"),
        ("problems.0.project", "unknown_project"),
        ("engagements.0.starts_on", "outside_week"),
        ("engagements.1.outlet", "only_press"),
        ("engagements.2.enterprises.0.name", "unknown_enterprise"),
        ("engagements.3.unit", "other_unit"),
    ]
    assert counted(db, Engagement) == 0 and counted(db, Report) == 0


def test_whoever_files_is_told_what_somebody_else_told_already(db: Work, as_: As, reporter: TestClient) -> None:
    """The same trip of another unit, or told twice in the report, is named until it is joined or voided."""
    with db() as session:
        day = date(2026, 11, 24)
        other = make_engagement(session, kind="incoming_visit", unit="nyw", title="接待甲公司", starts_on=day).id
    assert put(reporter, engagements=[VISIT, PRESS, VISIT | {"key": "a3"}]).status_code == 201
    told = reporter.get(AT).json()["engagements"]
    numbers = {one["key"]: one["id"] for one in told}
    named = {one["key"]: sorted(warning["engagement"] for warning in one["warnings"]) for one in told}
    assert named == {"a1": [other, numbers["a3"]], "a2": [], "a3": [other, numbers["a1"]]}
    assert f"编号 {other} " in str(told[0]["warnings"]) and "likely_duplicate" in str(told[0]["warnings"])
    bureau = as_("officer")
    assert bureau.get(AT).json()["engagements"] == told
    for spare in (other, numbers["a3"]):
        assert bureau.post(f"/api/v1/engagements/{spare}/void", json={"reason": "重复填报"}).status_code == 200
    assert [one["warnings"] for one in bureau.get(AT).json()["engagements"]] == [[], [], []]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"engagements": [VISIT, VISIT]}, "same_key"),
        ({"zero": True, "problems": [{"text": "x"}]}, "zero_with_content"),
        ({"progress": [{"project": "500114-2020-0001", "text": "x"}] * 2}, "same_project"),
        ({"signings": []}, "extra_forbidden"),
        ({"engagements": [{**VISIT, "key": " "}]}, "string_too_short"),
        ({"engagements": [{**VISIT, "starts_on": "2026-11-27"}]}, "in_future"),
    ],
)
def test_impossible_documents(reporter: TestClient, body: dict[str, Any], code: str) -> None:
    refused = put(reporter, **body)
    assert refused.status_code == 422 and code in [error["code"] for error in refused.json()["errors"]]


def test_weeks_that_cannot_be_reported_of(reporter: TestClient) -> None:
    for week, status, code in (("2026-W49", 409, "week_not_open"), ("2026-W40", 404, "no_week"),
                               ("2026-W54", 404, "no_week")):  # fmt: skip
        answer = put(reporter, f"/api/v1/weekly/{week}/reports/jxw", zero=True)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert put(reporter, "/api/v1/weekly/2026-W48/reports/nobody", zero=True).status_code == 404


# -- its way -------------------------------------------------------------------------------------------------------


def test_from_draft_to_accepted_by_way_of_a_return(
    db: Work, reporter: TestClient, as_: As, clock: time_machine.Traveller
) -> None:
    officer = as_("officer")
    drafted = put(reporter, engagements=[VISIT])
    assert officer.post(f"{AT}/accept").json()["message"] == "周报草稿，不能接收"
    clock.move_to("2026-11-27T16:00:00+08:00")
    filed = reporter.post(f"{AT}/submit")
    assert (filed.json()["state"], filed.json()["standing"], filed.json()["counts_in"]) == (
        "submitted", "early", "2026-W48",
    )  # fmt: skip
    again = reporter.post(f"{AT}/submit")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    changed = put(reporter, version=filed.headers["ETag"], engagements=[VISIT, PRESS])
    assert (changed.status_code, changed.json()["code"]) == (409, "report_filed")
    stale = officer.post(f"{AT}/accept", headers={"If-Match": drafted.headers["ETag"]})
    assert stale.status_code == 412
    back = officer.post(f"{AT}/return", json={"remarks": "缺新闻"})
    assert back.json()["state"] == "returned" and officer.post(f"{AT}/accept").status_code == 409
    assert officer.post(f"{AT}/return", json={"remarks": " "}).status_code == 422
    put(reporter, version=back.headers["ETag"], engagements=[VISIT, PRESS])
    clock.move_to("2026-11-30T13:00:00+08:00")
    late = reporter.post(f"{AT}/submit").json()
    assert late["standing"] == "early", "a report that was returned stays as timely as it was"
    assert late["counts_in"] == "2026-W49", "what it says now was said after the week had frozen"
    done = officer.post(f"{AT}/accept").json()
    assert done["state"] == "accepted"
    assert [(s["step"], s["from_state"], s["to_state"], s["remarks"]) for s in done["steps"]] == [
        ("submit", "draft", "submitted", None),
        ("return", "submitted", "returned", "缺新闻"),
        ("submit", "returned", "submitted", None),
        ("accept", "submitted", "accepted", None),
    ]
    assert all(step["by"] and step["at"] for step in done["steps"])
    assert officer.post(f"{AT}/return", json={"remarks": "误收"}).json()["state"] == "returned"
    with db() as session:
        assert_log_equals_tables(session.connection())


def test_nobody_accepts_what_he_submitted(db: Work, as_: As) -> None:
    with db() as session:
        make_unit(session, "jxw")
    officer = as_("officer")
    put(officer, zero=True)
    assert officer.post(f"{AT}/submit").json()["zero"] is True
    assert officer.post(f"{AT}/accept").json()["code"] == "same_person"
    assert as_("officer", login="other").post(f"{AT}/accept").status_code == 200


def test_nothing_to_report_is_said_explicitly(reporter: TestClient) -> None:
    empty = put(reporter)
    assert empty.status_code == 201
    assert reporter.post(f"{AT}/submit").json()["code"] == "empty_report"
    put(reporter, version=empty.headers["ETag"], zero=True)
    assert reporter.post(f"{AT}/submit").status_code == 200


# -- what projects say, and who may read it ------------------------------------------------------------------------


def test_signings_and_starts_are_read_from_projects(db: Work, reporter: TestClient) -> None:
    with db() as session:
        unit, other = make_unit(session, "jxw"), make_unit(session, "nyw")
        signed = make_project(session, unit=unit, signed_on=date(2026, 11, 23), first_formal_fen=5_000_000_00)
        started = make_project(session, unit=unit, started_on=date(2026, 11, 25))
        make_project(session, unit=unit, signed_on=date(2026, 11, 22))
        make_project(session, unit=other, signed_on=date(2026, 11, 23))
        make_project(session, unit=unit, signed_on=date(2026, 11, 24), confidentiality="sealed")
        # Recorded when last week was closed already: it counts in this one.
        deferred = make_project(
            session,
            unit=unit,
            signed_on=date(2026, 11, 20),
            signed_deferred_to=date(2026, 11, 24),
        )
    told = put(reporter, zero=True).json()
    assert told["signings"] == [
        {"project": signed.code, "name": signed.name, "on": "2026-11-23", "amount": "5000000.00"},
        {"project": deferred.code, "name": deferred.name, "on": "2026-11-24", "amount": None},
    ]
    assert [one["project"] for one in told["starts"]] == [started.code]
    assert (told["signings_withheld"], told["starts_withheld"]) == (1, 0)


def test_progress_enters_the_history_of_the_project_once_it_is_submitted(
    db: Work, reporter: TestClient, clock: time_machine.Traveller
) -> None:
    with db() as session:
        code = make_project(session, unit=make_unit(session, "jxw")).code
    put(reporter, progress=[{"project": code, "text": "设备进场"}])
    history = f"/api/v1/projects/{code}/history"
    assert "设备进场" not in reporter.get(history).text
    clock.shift(60)
    reporter.post(f"{AT}/submit")
    told = reporter.get(history).json()["items"][0]
    assert (told["label"], told["reason"]) == ("周报进展", "2026年第48周：设备进场")
    assert reporter.get(f"/api/v1/projects/{code}").json()["changed_at"].startswith("2026-11-26T02:01")


def test_what_is_sealed_is_told_to_the_named_only_and_kept_by_others(db: Work, as_: As) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        named = make_user(session, "reporter", login="named", unit=unit, named=True)
        project = make_project(session, unit=unit, confidentiality="sealed")
        session.add(ProjectGrant(project_id=project.id, user_id=named.id, source="seal"))
        session.flush()
        refresh_sight(session, project)
        code, name = project.code, project.name
    insider, colleague, officer = as_("named"), as_("reporter", unit="jxw", login="c"), as_("officer")
    lines = {"progress": [{"project": code, "text": "机密进展"}], "problems": [{"text": "机密问题", "project": code}]}
    first = put(insider, **lines)
    assert first.status_code == 201 and first.json()["withheld"] == 0
    for client in (colleague, officer):
        text = client.get(AT).text
        assert client.get(AT).json()["withheld"] == 2
        assert not any(word in text for word in ("机密", code, name))
        assert not any(word in client.get("/api/v1/weekly/2026-W48").text for word in ("机密", code, name))
    put(colleague, version=first.headers["ETag"], note="同事的补充")
    kept = insider.get(AT).json()
    assert kept["progress"][0]["text"] == "机密进展" and kept["problems"][0]["text"] == "机密问题"
    with db() as session:
        bodies = session.scalars(select(Event.body).where(Event.subject == "report").order_by(Event.seq))
        assert not any("机密" in str(body) for body in bodies)
    assert counted(db, ReportProgress) == 1 and counted(db, ReportEngagement) == 0
