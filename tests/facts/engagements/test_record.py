"""Reporting, correcting and voiding engagements."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.facts.engagements.rules import ENGAGEMENTS, half_days
from app.facts.engagements.schemas import EngagementOut
from app.facts.engagements.terms import Half
from tests.clients import As, Work
from tests.factories.engagements import make_engagement
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.replay import assert_log_equals_tables

API = "/api/v1/engagements"
VISIT = {"kind": "outgoing_visit", "title": "赴杭州拜访正泰集团", "starts_on": "2020-08-18", "unit": "jxw"}


@pytest.fixture(autouse=True)
def units(db: Work) -> None:
    with db() as session:
        for code in ("jxw", "nyw", "sww"):
            make_unit(session, code)


def report(client: Any, status: int = 201, **body: Any) -> Any:
    answer = client.post(API, json=VISIT | body)
    assert answer.status_code == status, answer.text
    if status == 201:
        EngagementOut.model_validate(answer.json())
    return answer.json()


def change(client: Any, number: int, body: dict[str, Any], status: int = 200) -> Any:
    etag = client.get(f"{API}/{number}").headers["ETag"]
    answer = client.patch(f"{API}/{number}", json=body, headers={"If-Match": etag})
    assert answer.status_code == status, answer.text
    return answer.json()


def fields(problem: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in problem["errors"]}


def test_everything_that_was_reported_is_told(as_: As, db: Work) -> None:
    with db() as session:
        met = make_enterprise(session, name="正泰集团股份有限公司").id
        project = make_project(session, name="光伏玻纤").code
    officer = as_("officer")
    made = report(
        officer, ends_on="2020-08-19", ends_half="am", region="330100", place="杭州市滨江区", units=["nyw"],
        people=[{"office": "区委书记"}, {"name": "李工", "unit": "jxw"}],
        enterprises=[{"id": met}, {"name": "正泰集团股份有限公司"}], projects=[project], said="用地条件",
        outcome="拟来考察", participants="陈经理一行",
    )  # fmt: skip
    told = officer.get(f"{API}/{made['id']}")
    assert told.headers["ETag"].startswith('"1-')
    assert told.json() == made
    assert made["days"] == "1.5"
    assert made["region_name"] == "浙江省杭州市"
    assert made["unit"]["code"] == "jxw"
    assert [unit["code"] for unit in made["units"]] == ["jxw", "nyw"]
    assert made["people"] == [
        {"name": None, "office": "区委书记", "unit": None, "principal": True},
        {"name": "李工", "office": None, "unit": "jxw", "principal": False},
    ]
    assert made["enterprises"] == [{"id": met, "name": "正泰集团股份有限公司"}]
    assert made["projects"] == [{"project": project, "name": "光伏玻纤"}]
    assert (made["principal"], made["withheld"], made["warnings"]) == (True, 0, [])


@given(
    st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.sampled_from(Half), st.integers(0, 60), st.sampled_from(Half)
)  # fmt: skip
def test_half_days_are_those_one_would_tick_off(first: date, starts: Half, span: int, ends: Half) -> None:
    last = first + timedelta(days=span)
    halves = [(first + timedelta(days=day), half) for day in range(span + 1) for half in (Half.AM, Half.PM)]
    ticked = [one for one in halves if (first, starts) <= one <= (last, ends)]
    assert max(half_days(first, starts, last, ends), 0) == len(ticked)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"ends_on": "2020-08-17"}, {"ends_on": "order"}),
        ({"starts_half": "pm", "ends_half": "am"}, {"ends_half": "order"}),
        ({"ends_on": "2020-12-31"}, {"ends_on": "too_long"}),
        ({"starts_on": "2999-01-01"}, {"starts_on": "in_future"}),
        ({"visitors": 3}, {"visitors": "only_received"}),
        ({"outlet": "重庆日报"}, {"outlet": "only_press"}),
        ({"kind": "press"}, {"outlet": "missing", "level": "missing"}),
        ({"kind": "press", "outlet": "日报", "level": "municipal", "ends_on": "2020-08-19"}, {"ends_on": "one_day"}),
        ({"kind": "video_talk"}, {"platform": "missing"}),
        ({"platform": "腾讯会议"}, {"platform": "only_online"}),
        ({"unit": "zzz"}, {"unit": "unknown_unit"}),
        ({"units": ["zzz"]}, {"units": "unknown_unit"}),
        ({"unit": None}, {"unit": "missing"}),
        ({"people": [{}]}, {"people.0": "nobody"}),
        ({"enterprises": [{"id": 99999}]}, {"enterprises.0.id": "no_enterprise"}),
        ({"enterprises": [{"name": "没有的公司"}]}, {"enterprises.0.name": "unknown_enterprise"}),
        ({"projects": ["500114-2020-9999"]}, {"projects.0": "unknown_project"}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_field_and_reason(
    as_: As, body: dict[str, Any], wrong: dict[str, str]
) -> None:  # fmt: skip
    assert fields(report(as_("officer"), 422, **body)) == wrong
    assert as_("officer").get(API).json()["items"] == []


def test_press_and_talks_online_say_where(as_: As) -> None:
    press = report(
        as_("officer"), kind="press", outlet="重庆日报", level="municipal", link="https://example.com/a",
        title="黔江招商云签约",
    )  # fmt: skip
    assert (press["outlet"], press["level"], press["link"]) == ("重庆日报", "municipal", "https://example.com/a")
    talk = report(as_("officer"), kind="video_talk", platform="腾讯会议", participants="陈经理")
    assert (talk["platform"], talk["participants"]) == ("腾讯会议", "陈经理")


def test_an_unknown_enterprise_is_entered_when_asked_to_even_by_a_reporter(as_: As) -> None:
    wanted = {"name": "浙江新光源有限公司", "ownership": "private"}
    reporter = as_("reporter", unit="jxw")
    refused = report(reporter, 422, enterprises=[wanted], unit=None)
    assert "create" in refused["errors"][0]["message"]
    made = report(reporter, enterprises=[wanted | {"create": True}], unit=None)
    again = report(reporter, enterprises=[wanted | {"create": True}], unit=None, starts_on="2020-09-18")
    assert [met["name"] for met in made["enterprises"]] == ["浙江新光源有限公司"]
    assert again["enterprises"] == made["enterprises"]
    assert as_("officer").get(f"/api/v1/enterprises/{made['enterprises'][0]['id']}").json()["ownership"] == "private"


def test_corrections_are_made_from_a_reading(as_: As, db: Work) -> None:
    officer = as_("officer")
    number = report(officer, people=[{"office": "区长"}])["id"]
    assert officer.patch(f"{API}/{number}", json={"title": "x"}).status_code == 428
    stale = officer.patch(f"{API}/{number}", json={"title": "x"}, headers={"If-Match": '"9-1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    changed = change(officer, number, {"title": "赴宁波", "ends_on": "2020-08-20", "people": [], "place": "宁波"})
    assert (changed["title"], changed["days"], changed["people"], changed["place"]) == ("赴宁波", "3", [], "宁波")
    moved = change(officer, number, {"ends_on": "2020-08-18"})
    assert moved["days"] == "1"
    assert change(officer, number, {"starts_on": "2020-08-25"})["ends_on"] == "2020-08-25"
    assert change(officer, number, {"place": None})["place"] is None
    assert fields(change(officer, number, {"title": None}, 422)) == {"title": "null_forbidden"}
    assert fields(change(officer, number, {"ends_on": "2020-08-01"}, 422)) == {"ends_on": "order"}


def test_a_changed_link_moves_the_row_version(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session).code
    officer = as_("officer")
    number = report(officer)["id"]
    before = officer.get(f"{API}/{number}").headers["ETag"].split("-")[0]
    change(officer, number, {"projects": [project]})
    assert officer.get(f"{API}/{number}").headers["ETag"].split("-")[0] != before


def test_a_void_one_stays_to_be_seen_and_is_listed_no_more(as_: As) -> None:
    officer = as_("officer")
    number = report(officer)["id"]
    assert officer.post(f"{API}/{number}/void", json={}).status_code == 422
    voided = officer.post(f"{API}/{number}/void", json={"reason": "当日未成行"})
    assert voided.json()["voided_reason"] == "当日未成行"
    assert officer.get(API).json()["items"] == []
    assert [row["id"] for row in officer.get(API, params={"voided": True}).json()["items"]] == [number]
    again = officer.post(f"{API}/{number}/void", json={"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "voided")
    refused = officer.patch(f"{API}/{number}", json={"title": "x"}, headers={"If-Match": '"2-1"'})
    assert refused.json()["code"] == "voided"


def test_files_come_in_are_read_and_withdrawn(as_: As) -> None:
    officer = as_("officer")
    number = report(officer)["id"]
    file = {"file": ("签到表.txt", "签到".encode(), "text/plain")}
    paper = officer.post(f"{API}/{number}/files", files=file, data={"note": "签到表"})
    assert paper.status_code == 201, paper.text
    same = officer.post(f"{API}/{number}/files", files=file)
    assert (same.status_code, same.json()["code"]) == (409, "same_file")
    place = f"{API}/{number}/files/{paper.json()['id']}"
    assert officer.get(f"{place}/file").content == "签到".encode()
    assert officer.get(f"{API}/{number}/files/999/file").status_code == 404
    withdrawn = officer.post(f"{place}/withdraw", json={"reason": "传错"})
    assert withdrawn.json()["withdrawn_reason"] == "传错"
    assert officer.post(f"{place}/withdraw", json={"reason": "传错"}).json()["code"] == "file_withdrawn"
    assert officer.get(f"{API}/{number}").json()["files"][0]["withdrawn_reason"] == "传错"
    assert officer.post(f"{API}/{number}/files", files=file).status_code == 201


def test_units_are_named_as_they_were_called_on_the_day(as_: As, db: Work) -> None:
    officer = as_("officer")
    etag = officer.get("/api/v1/units/jxw").headers["ETag"]
    renamed = {"name": "区经济和信息化局", "valid_from": "2020-09-01"}
    assert officer.patch("/api/v1/units/jxw", json=renamed, headers={"If-Match": etag}).status_code == 200
    assert report(officer)["unit"]["name"] == "区经济信息委"
    assert report(officer, starts_on="2020-09-02")["unit"]["name"] == "区经济和信息化局"


def test_who_is_a_principal_leader_is_ruled_by_the_day(as_: As, db: Work) -> None:
    officer = as_("officer")
    early = report(officer, people=[{"office": "区委副书记、区长"}, {"office": "区政协主席"}])
    assert [person["principal"] for person in early["people"]] == [True, False]
    late = report(officer, starts_on="2021-03-01", people=[{"office": "区政协主席"}])
    assert late["principal"] is False
    body = ENGAGEMENTS.shipped.model_dump(mode="json") | {"principal_offices": ["区委书记", "区政协主席"]}
    saved = officer.post(
        "/api/v1/rules/engagements/versions",
        json={"body": body, "valid_from": "2021-01-01", "basis": "区委办〔2021〕1号"},
    )
    assert saved.status_code == 201, saved.text
    number = saved.json()["number"]
    assert as_("reviewer").post(f"/api/v1/rules/engagements/versions/{number}/activate").status_code == 200
    assert officer.get(f"{API}/{late['id']}").json()["principal"] is True
    assert officer.get(f"{API}/{early['id']}").json()["principal"] is True
    assert report(officer, starts_on="2021-04-01", people=[{"office": "区长"}])["principal"] is False


def test_merged_enterprises_are_met_once_and_come_back(as_: As, db: Work) -> None:
    with db() as session:
        kept = make_enterprise(session, name="甲公司")
        merged = make_enterprise(session, name="乙公司")
        both = make_engagement(session, enterprises=(kept, merged)).id
        one = make_engagement(session, enterprises=(merged,)).id
        kept_id, merged_id = kept.id, merged.id
    officer = as_("officer")
    done = officer.post(f"/api/v1/enterprises/{merged_id}/merge", json={"into": kept_id, "reason": "同一企业"})

    def met(number: int) -> list[int]:
        return [item["id"] for item in officer.get(f"{API}/{number}").json()["enterprises"]]

    assert (met(both), met(one)) == ([kept_id], [kept_id])
    undone = officer.post(f"/api/v1/enterprises/merges/{done.json()['id']}/undo", json={})
    assert undone.status_code == 200, undone.text
    assert (sorted(met(both)), met(one)) == ([kept_id, merged_id], [merged_id])


def test_what_a_closed_period_counts_stays(as_: As, db: Work) -> None:
    officer, reviewer = as_("officer"), as_("reviewer")
    number = report(officer)["id"]
    answer = reviewer.post("/api/v1/periods/2020-08/lock")
    assert answer.status_code in (200, 201), answer.text
    for refused in (
        officer.post(f"{API}/{number}/void", json={"reason": "x"}).json(),
        change(officer, number, {"starts_on": "2020-08-19"}, 409),
        change(officer, number, {"enterprises": []}, 409),
    ):
        assert refused["code"] == "period_locked"
    change(officer, number, {"outcome": "已签意向"})
    late = report(officer, starts_on="2020-08-20")
    assert (late["starts_on"], late["counts_on"]) == ("2020-08-20", "2020-09-01")
    opened = reviewer.post("/api/v1/periods/2020-08/reopen", json={"reason": "补报"})
    assert opened.status_code == 200, opened.text
    assert officer.get(f"{API}/{late['id']}").json()["counts_on"] == "2020-08-20"


def test_the_log_tells_everything(as_: As, db: Work, app: Any) -> None:
    with db() as session:
        met, project = make_enterprise(session).id, make_project(session).code
    officer = as_("officer")
    first = report(officer, people=[{"office": "区长"}], enterprises=[{"id": met}], projects=[project], units=["nyw"])
    second = report(officer, unit="nyw", enterprises=[{"name": "新企业", "create": True}])
    change(officer, first["id"], {"projects": [], "units": [], "people": [{"name": "李工"}], "kind": "video_talk",
                                  "platform": "腾讯会议"})  # fmt: skip
    change(officer, first["id"], {"kind": "outgoing_visit", "platform": None, "enterprises": []})
    trace = officer.post(f"{API}/{first['id']}/joins", json={"other": second["id"]}).json()
    officer.post(f"{API}/joins/{trace['id']}/undo", json={})
    task = {"what": "报送方案", "unit": "jxw", "due_on": "2020-09-30"}
    number = officer.post(f"{API}/{first['id']}/follow-ups", json=task).json()["id"]
    officer.post(f"/api/v1/follow-ups/{number}/done", json={"on": "2020-09-01", "result": "已报送"})
    assert officer.post(f"{API}/{first['id']}/void", json={"reason": "误报"}).status_code == 200
    with app.state.database.reading() as connection:
        assert_log_equals_tables(connection)
