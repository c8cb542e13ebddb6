"""Figures from outside: typed in, corrected with a trace, and what is computed with them."""

from datetime import date

import pytest
from sqlalchemy import select

from app.kernel.events import Event
from tests.clients import As, Work
from tests.factories.agreements import YI
from tests.factories.funds import make_fund
from tests.factories.projects import make_project

FAI = "/api/v1/statistics/fixed_asset_investment/2020"
RANK = "/api/v1/statistics/municipal_rank/2020"
BODY = {"value": "5990000000.00", "source": "区统计局公报"}


def test_typed_in_read_and_corrected(as_: As, db: Work) -> None:
    officer = as_("officer")
    assert officer.get(FAI).status_code == 404
    made = officer.put(FAI, json=BODY | {"value": "5990000000"})
    assert made.status_code == 201
    assert made.json() | {"entered_at": None} == {
        "code": "fixed_asset_investment", "label": "全区固定资产投资", "period": "2020", "value": "5990000000.00",
        "unit": "元", "source": "区统计局公报", "note": None, "entered_by": "officer", "entered_at": None,
    }  # fmt: skip
    read = officer.get(FAI)
    assert read.json() == made.json()

    assert officer.put(FAI, json=BODY).status_code == 428
    corrected = officer.put(
        FAI, json=BODY | {"value": "6000000000.00", "note": "年报"}, headers={"If-Match": read.headers["etag"]}
    )
    assert (corrected.status_code, corrected.json()["value"]) == (200, "6000000000.00")
    assert officer.put(FAI, json=BODY, headers={"If-Match": read.headers["etag"]}).status_code == 412
    with db() as session:
        kinds = session.scalars(select(Event.kind).where(Event.subject == "statistic").order_by(Event.seq)).all()
        last = session.scalars(
            select(Event.body).where(Event.subject == "statistic").order_by(Event.seq.desc())
        ).first()
    assert kinds == ["statistic.entered", "statistic.corrected"]
    assert '["5990000000.00","6000000000.00"]' in (last or "")


def test_the_list(as_: As) -> None:
    officer = as_("officer")
    assert officer.put(FAI, json=BODY).status_code == 201
    assert officer.put(RANK, json={"value": "2", "source": "市级通报"}).status_code == 201
    officer.put(RANK.replace("2020", "2019"), json={"value": "03", "source": "市级通报"})
    items = as_("leader").get("/api/v1/statistics").json()["items"]
    assert [(i["code"], i["period"], i["value"], i["unit"]) for i in items] == [
        ("municipal_rank", "2020", "2", "位"),
        ("fixed_asset_investment", "2020", "5990000000.00", "元"),
        ("municipal_rank", "2019", "3", "位"),
    ]
    assert items[0] == as_("leader").get(RANK).json()
    assert (
        len(
            as_("leader").get("/api/v1/statistics", params={"code": "municipal_rank", "period": "2019"}).json()["items"]
        )
        == 1
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [(FAI, "0"), (FAI, "-1"), (FAI, "1.001"), (FAI, "1e9"), (FAI, "abc"), (RANK, "0"), (RANK, "1.5"), (RANK, "２"),
     (RANK, "99999"), (FAI.replace("2020", "2020-13"), "1"), (FAI.replace("fixed_asset_investment", "x"), "1")],
)  # fmt: skip
def test_wrong_values_are_refused(as_: As, path: str, value: str) -> None:
    assert as_("officer").put(path, json=BODY | {"value": value}).status_code == 422


def test_who_may(as_: As) -> None:
    for who in ("leader", "reporter"):
        assert as_(who).put(FAI, json=BODY).status_code == 403
        assert as_(who).get("/api/v1/statistics").status_code == 200
    assert as_("auditor").get("/api/v1/statistics").status_code == 403


def test_indicators_computed_with_them(as_: As, db: Work) -> None:
    with db() as session:
        project = make_project(session, sector="industry")
        make_fund(session, project, 19 * YI, date(2020, 6, 1))
        make_fund(session, project, YI, date(2019, 6, 1))
    officer = as_("officer")
    ask = "/api/v1/figures?period=2020&as_of=2021-01-01&compare=yoy&indicator="
    (item,) = officer.get(ask + "fai_share").json()["items"]
    assert (item["value"], item["reason"]["code"]) == (None, "missing_statistic")
    officer.put(FAI, json=BODY)
    officer.put(RANK, json={"value": "2", "source": "市级通报"})
    officer.put(RANK.replace("2020", "2019"), json={"value": "4", "source": "市级通报"})
    (item,) = officer.get(ask + "fai_share").json()["items"]
    assert (item["text"], item["numerator"], item["denominator"]) == ("31.7%", "1900000000.00", "5990000000.00")
    assert item["compare"]["reason"]["code"] == "missing_statistic"
    (item,) = officer.get(ask + "fai_share&by=sector").json()["items"]
    assert (item["dimensions"], item["text"]) == ({"sector": "industry"}, "31.7%")
    (item,) = officer.get(ask + "municipal_rank").json()["items"]
    assert (item["value"], item["text"], item["unit"]) == (2, "2", "位")
    assert (item["compare"]["value"], item["compare"]["difference"], item["compare"]["change"]) == (4, -2, None)
