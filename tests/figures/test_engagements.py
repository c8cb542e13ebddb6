"""What engagements add up to: for each unit its full share, for the district once."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.facts.engagements import models
from app.facts.engagements.models import Engagement
from app.facts.enterprises.models import Ownership
from app.figures.dimensions import DIMENSIONS
from app.figures.indicators import ENGAGEMENT_INDICATORS, rulebook
from app.figures.questions import Question, answer
from app.figures.rules import INDICATORS
from app.figures.schemas import FiguresOut, RowsOut
from app.kernel.calendar import Period, today
from tests.clients import As, Work, put_part
from tests.factories.engagements import make_engagement, make_follow_up
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit, make_user
from tests.factories.projects import make_project
from tests.figures.test_definitions import rule

EVERY_CASE = True  # they choose the statements

CODES = [indicator.code for indicator in ENGAGEMENT_INDICATORS]


def ask(client: Any, indicator: str, period: str = "2020", status: int = 200, **more: Any) -> Any:
    answer = client.get("/api/v1/figures", params={"indicator": indicator, "period": period} | more)
    assert answer.status_code == status, answer.text
    if status == 200:
        FiguresOut.model_validate(answer.json())
        return answer.json()["items"]
    return answer.json()


def value(client: Any, indicator: str, period: str = "2020", **more: Any) -> Any:
    (item,) = ask(client, indicator, period, **more)
    return item["value"]


def parts(client: Any, indicator: str, by: str, **more: Any) -> dict[str, Any]:
    return {item["dimensions"][by]: item["value"] for item in ask(client, indicator, by=by, **more)}


def rows(client: Any, indicator: str, **more: Any) -> Any:
    answer = client.get("/api/v1/figures/rows", params={"indicator": indicator, "period": "2020", "count": True} | more)
    assert answer.status_code == 200, answer.text
    RowsOut.model_validate(answer.json())
    return answer.json()


@pytest.fixture
def year(db: Work) -> dict[str, Any]:
    """A joint trip that two units reported, another trip, and one of everything else."""
    with db() as session:
        for code, tier in (("jxw", "key"), ("nyw", "key"), ("sww", "assist")):
            make_unit(session, code, tier=tier)
        soe = make_enterprise(session, name="央企甲", ownership="central_soe", listings=(("global_500", 2020),))
        firm = make_enterprise(session, name="民企乙", listings=(("private_500", 2019), ("private_500", 2020)))
        plain = make_enterprise(session, name="民企丙")
        foreign = make_enterprise(session, name="外企丁", ownership="foreign", listings=(("listed", 2020),))
        project = make_project(session, code="500114-2020-0001")
        other = make_project(session, code="500114-2020-0002")
        joint = make_engagement(
            session, starts_on=date(2020, 8, 18), ends_on=date(2020, 8, 20), ends_half="am", enterprises=(soe, plain),
            people=((None, "区委书记"),), units=("nyw",),
        )  # fmt: skip
        report = make_engagement(
            session, starts_on=date(2020, 8, 19), unit="sww", enterprises=(soe, firm), people=((None, "区长"),)
        )
        report.joined_into_id = joint.id
        make_engagement(session, starts_on=date(2020, 9, 1), starts_half="pm", enterprises=(soe,), unit="nyw")
        voided = make_engagement(session, enterprises=(foreign,), people=((None, "区长"),))
        voided.voided_at = voided.changed_at
        make_engagement(session, kind="incoming_visit", visitors=6, unit="nyw", enterprises=(firm, foreign))
        make_engagement(session, kind="incoming_visit", unit="nyw")
        make_engagement(session, kind="event", visitors=100)
        make_engagement(session, kind="promotion", enterprises=(firm, plain))
        make_engagement(session, kind="promotion", enterprises=(firm,), units=("nyw",))
        press = {"kind": "press", "outlet": "重庆日报", "level": "municipal"}
        make_engagement(session, enterprises=(make_enterprise(session, listings=(("listed", 2020),)),), **press)
        make_engagement(session, kind="video_talk", platform="腾讯会议", projects=(project, other))
        make_engagement(session, kind="cloud_signing", platform="云签约", projects=(project,), unit="nyw")
        make_engagement(session, starts_on=date(2019, 8, 18), enterprises=(soe,))
        return {"joint": joint.id, "soe": soe.id}


def test_a_joint_trip_counts_once_and_for_each_unit(as_: As, year: dict[str, Any]) -> None:
    officer = as_("officer")
    expected: dict[str, Any] = {
        "outgoing_visits": 2, "days_out": "3.0", "leader_trips": 1, "incoming_visits": 2, "visitors": 6,
        "events_held": 1, "press_items": 1, "enterprises_visited": 3, "enterprises_promoted": 2,
        "online_talk_projects": 2, "central_soe_contacts": 1, "private_contacts": 1, "foreign_contacts": 1,
    }  # fmt: skip
    assert {code: value(officer, code) for code in CODES} == expected
    assert parts(officer, "outgoing_visits", "unit") == {"jxw": 1, "nyw": 2, "sww": 1}
    assert parts(officer, "days_out", "unit") == {"jxw": "2.5", "nyw": "3.0", "sww": "2.5"}
    assert parts(officer, "leader_trips", "unit") == {"jxw": 1, "nyw": 1, "sww": 1}
    assert parts(officer, "enterprises_visited", "unit") == {"jxw": 3, "nyw": 3, "sww": 3}
    assert parts(officer, "outgoing_visits", "tier") == {"key": 2, "assist": 1}
    assert parts(officer, "days_out", "month") == {"2020-08": "2.5", "2020-09": "0.5"}
    assert parts(officer, "enterprises_visited", "month") == {"2020-08": 3, "2020-09": 1}
    assert parts(officer, "enterprises_visited", "ownership") == {"central_soe": 1, "private": 2}
    assert parts(officer, "enterprises_promoted", "unit") == {"jxw": 2, "nyw": 1}
    assert parts(officer, "online_talk_projects", "unit") == {"jxw": 2, "nyw": 1}
    assert parts(officer, "central_soe_contacts", "unit") == {"jxw": 1, "nyw": 1, "sww": 1}
    assert value(officer, "days_out", filter=["unit:jxw", "unit:sww"]) == "2.5", "not once for each of them"
    assert value(officer, "days_out", filter="unit:sww") == "2.5"
    assert value(officer, "enterprises_visited", filter="ownership:private") == 2
    assert value(officer, "outgoing_visits", "2019") == 1
    assert value(officer, "outgoing_visits", "2020-08-19..2020-08-31") == 0, "it counts on the day it begins"
    assert value(officer, "central_soe_contacts", "2020-07-01..2020-10-08") == 1


def test_what_it_is_compared_with_and_how_it_is_printed(as_: As, year: dict[str, Any]) -> None:
    (days,) = ask(as_("officer"), "days_out", compare="yoy")
    assert (days["text"], days["unit"], days["compare"]["value"], days["compare"]["difference"]) == (
        "3", "天", "1.0", "2.0",
    )  # fmt: skip
    assert days["compare"]["text"] == "200.0%"
    (share,) = ask(as_("officer"), "leader_trips/outgoing_visits")
    assert (share["value"], share["numerator"], share["denominator"]) == ("0.5000000000", 1, 2)
    (half,) = ask(as_("officer"), "days_out", filter="month:2020-09", share=True)
    assert (half["value"], half["numerator"], half["denominator"]) == ("0.1666666667", "0.5", "3.0")


@pytest.mark.parametrize("indicator", CODES)
def test_other_dimensions_are_refused_in_words(as_: As, year: dict[str, Any], indicator: str) -> None:
    known = {"unit", "tier"}
    if indicator.startswith("enterprises_") or indicator.endswith("_contacts"):
        known.add("ownership")
    for dimension in DIMENSIONS.values():
        taken = dimension.time is not None or dimension.code in known
        found = ask(as_("officer"), indicator, status=200 if taken else 422, by=dimension.code)
        if not taken:
            assert (found["errors"][0]["field"], found["errors"][0]["code"]) == ("by", "not_of_source")
            assert "责任单位" in found["message"]
    refused = ask(as_("officer"), indicator, status=422, filter="stage:talk")
    assert refused["errors"][0]["field"] == "filter"
    assert as_("officer").get(
        "/api/v1/figures/rows", params={"indicator": indicator, "period": "2020", "filter": "stage:talk"}
    ).status_code == 422  # fmt: skip


def test_every_figure_is_opened(as_: As, year: dict[str, Any]) -> None:
    officer = as_("officer")
    visits = rows(officer, "outgoing_visits")
    assert [(row["engagement"], row["amount"]) for row in visits["items"]][1:] == [(year["joint"], "2.50")]
    assert (visits["total"], visits["source"]["kind"]) == (2, "engagement")
    assert rows(officer, "outgoing_visits", filter="unit:sww")["items"] == visits["items"][1:]
    both = rows(officer, "outgoing_visits", filter=["unit:sww", "unit:jxw"])
    assert (both["total"], len(both["items"])) == (1, 1)
    met = rows(officer, "enterprises_visited")
    assert len({row["enterprise"] for row in met["items"]}) == 3
    assert {row["enterprise_name"] for row in met["items"]} == {"央企甲", "民企乙", "民企丙"}
    soe = rows(officer, "central_soe_contacts", filter="unit:sww")["items"]
    assert {(row["engagement"], row["enterprise"]) for row in soe} == {(year["joint"], year["soe"])}
    assert [row["amount"] for row in rows(officer, "visitors", sort="date")["items"]] == [6, None]
    talks = rows(officer, "online_talk_projects")["items"]
    assert {row["project"] for row in talks} == {"500114-2020-0001", "500114-2020-0002"}
    assert talks[0]["stage"] == "talk"
    for code in CODES:
        found = rows(officer, code)
        entity = {"enterprises": "enterprise", "online": "project"}.get(code.split("_")[0], "engagement")
        entity = "enterprise" if code.endswith("_contacts") else entity
        if code not in ("days_out", "visitors"):
            assert len({row[entity] for row in found["items"]}) == value(officer, code), code


def test_only_the_unit_that_reports_where_the_rule_says_so(as_: As, db: Work, year: dict[str, Any]) -> None:
    rule(db, INDICATORS, "2020-01-01", joint_trips="reporting_unit")
    officer = as_("officer")
    assert parts(officer, "outgoing_visits", "unit") == {"jxw": 1, "nyw": 1}
    assert value(officer, "outgoing_visits") == 2
    assert parts(officer, "enterprises_visited", "unit") == {"jxw": 3, "nyw": 1}
    (item,) = ask(officer, "days_out", compare="yoy")
    assert item["compare"]["flag"]["code"] == "definition_changed"
    assert rows(officer, "outgoing_visits", filter="unit:sww")["total"] == 0


def test_a_sealed_project_counts_for_all_and_is_told_to_none(as_: As, db: Work, year: dict[str, Any]) -> None:
    with db() as session:
        make_user(session, "reviewer", login="named")
    sealed = {"level": "sealed", "users": ["named"], "units": [], "reason": "x"}
    put_part(as_("reviewer"), "/api/v1/projects/500114-2020-0002", "confidentiality", sealed)
    for who in ("officer", "reporter", "named"):
        client = as_(who)
        assert value(client, "online_talk_projects") == 2
        assert parts(client, "online_talk_projects", "unit") == {"jxw": 2, "nyw": 1}
        found = rows(client, "online_talk_projects")
        codes = {row["project"] for row in found["items"]}
        assert ("500114-2020-0002" in codes, found["withheld"]) == ((True, 0) if who == "named" else (False, 1))
    sealed_too = sealed | {"level": "sealed"}
    put_part(as_("reviewer"), "/api/v1/projects/500114-2020-0001", "confidentiality", sealed_too)
    assert parts(as_("officer"), "online_talk_projects", "unit") == {"other": 3}


def test_a_key_that_reads_figures_does_not_read_engagements(
    as_: As, db: Work, year: dict[str, Any], client_of: Any
) -> None:
    with db() as session:
        make_follow_up(session, session.get_one(Engagement, year["joint"]))
    scopes = {"name": "大屏", "scopes": ["figure.read", "project.read"], "expires_on": str(today() + timedelta(30))}
    made = as_("reviewer").post("/api/v1/keys", json=scopes)
    assert made.status_code == 201, made.text
    key, leader = client_of(made.json()["key"]), as_("leader")
    assert value(key, "outgoing_visits") == value(leader, "outgoing_visits") == 2
    asked = {"indicator": "outgoing_visits", "period": "2020"}
    for path, params in (("/api/v1/figures/rows", asked), ("/api/v1/engagements", {}), ("/api/v1/follow-ups", {})):
        assert leader.get(path, params=params).status_code == 200
        assert key.get(path, params=params).status_code == 403
    # A leader's answer that was kept is not a key's.
    attention = {"kind": "follow_up"}
    assert len(leader.get("/api/v1/attention", params=attention).json()["items"]) == 1
    assert key.get("/api/v1/attention", params=attention).json()["items"] == []
    assert leader.get("/api/v1/attention/counts").json()["total"] == 1
    assert key.get("/api/v1/attention/counts").json()["total"] == 0


# -- properties ----------------------------------------------------------------------------------------------------

UNITS, FIRMS = ("jxw", "nyw", "sww"), 4
reports = st.lists(
    st.tuples(
        st.sampled_from(("outgoing_visit", "promotion", "incoming_visit")),
        st.lists(st.sampled_from(UNITS), min_size=1, max_size=3, unique=True),
        st.lists(st.integers(0, FIRMS - 1), max_size=3, unique=True),
        st.integers(1, 5),  # half days
        st.integers(0, 9),  # visitors
        st.integers(0, 3),  # join into the report so many before, if it is of the same kind
        st.booleans(),  # voided
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=reports)
def test_units_add_up_to_no_less_than_the_district(app: FastAPI, db: Work, told: list[Any]) -> None:
    with db() as session:
        for model in (
            models.EngagementUnit, models.EngagementEnterprise, models.EngagementPerson, models.Engagement,
        ):  # fmt: skip
            if model is Engagement:
                session.execute(Engagement.__table__.update().values(joined_into_id=None))
            session.execute(delete(model))
        units = {code: make_unit(session, code) for code in UNITS}
        firms = [
            make_enterprise(session, ownership=Ownership.CENTRAL_SOE, listings=(("listed", 2020),))
            for _ in range(FIRMS)
        ]
        trips: list[dict[str, Any]] = []
        made: list[tuple[Engagement, dict[str, Any]]] = []
        for kind, who, whom, halves, visitors, back, void in told:
            days, odd = divmod(halves - 1, 2)
            engagement = make_engagement(
                session, kind=kind, unit=units[who[0]], units=tuple(units[code] for code in who[1:]),
                enterprises=tuple(firms[place] for place in whom), starts_on=date(2020, 8, 18),
                ends_on=date(2020, 8, 18 + days), ends_half="pm" if odd else "am", visitors=visitors,
            )  # fmt: skip
            assert engagement.half_days == halves
            kept, trip = made[-back] if 0 < back <= len(made) else (None, {})
            if kept is not None and kept.kind == kind and kept.joined_into_id is None and not void and trip:
                engagement.joined_into_id = kept.id
                trip["units"] |= set(who)
                trip["firms"] |= {firms[place].id for place in whom}
                made.append((engagement, {}))
                continue
            trip = {
                "kind": kind, "units": set(who), "firms": {firms[place].id for place in whom}, "halves": halves,
                "visitors": visitors,
            }  # fmt: skip
            if void:
                engagement.voided_at = engagement.entered_at
            else:
                trips.append(trip)
            made.append((engagement, {} if void else trip))

    def expected(code: str, of: list[dict[str, Any]]) -> int:
        kind = {"enterprises_promoted": "promotion", "incoming_visits": "incoming_visit", "visitors": "incoming_visit"}
        counted = [one for one in of if one["kind"] == kind.get(code, "outgoing_visit")]
        if code == "central_soe_contacts":
            counted = of
        if code in ("enterprises_visited", "enterprises_promoted", "central_soe_contacts"):
            return len(set().union(*(one["firms"] for one in counted)))
        name = {"days_out": "halves", "visitors": "visitors"}.get(code)
        return sum(one[name] for one in counted) if name else len(counted)

    codes = (
        "outgoing_visits", "days_out", "incoming_visits", "visitors", "enterprises_visited", "enterprises_promoted",
        "central_soe_contacts",
    )  # fmt: skip
    wanted = tuple(one for one in ENGAGEMENT_INDICATORS if one.code in codes)
    with app.state.database.reading() as connection:
        ask = Question(rulebook(connection), wanted, Period.parse("2020"), date(2021, 1, 1))
        total = {item["indicator"]: number(item["value"]) for item in answer(connection, ask, None)}
        each = {
            (item["indicator"], item["dimensions"]["unit"]): number(item["value"])
            for item in answer(connection, replace(ask, by=("unit",)), None)
        }
    for code in codes:
        assert total[code] == expected(code, trips), code
        shares = {unit: expected(code, [one for one in trips if unit in one["units"]]) for unit in UNITS}
        assert {unit: each.get((code, unit), 0) for unit in UNITS} == shares, code
        assert sum(shares.values()) >= total[code]


def number(told: Any) -> int:
    """Half days as a number."""
    return int(float(told) * 2) if isinstance(told, str) else told
