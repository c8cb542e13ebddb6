"""The history of an engagement."""

from typing import Any

import pytest

from app.facts.engagements.models import Engagement
from app.facts.history.engagement_labels import ENGAGEMENT_COLUMNS, ENGAGEMENT_TABLES
from app.facts.history.labels import HIDDEN
from app.facts.history.schemas import HistoryOut
from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

API = "/api/v1"
MODELS = sorted(
    (m.class_ for m in Engagement.registry.mappers if getattr(m.class_, "__subject__", None) == "engagement"),
    key=lambda model: model.__tablename__,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
def test_every_column_the_log_may_show_has_a_chinese_name(model: Any) -> None:
    assert model.__tablename__ in ENGAGEMENT_TABLES
    shown = {column.key for column in model.__table__.c} - HIDDEN - {"engagement_id"}
    assert ENGAGEMENT_COLUMNS[model.__tablename__].keys() == shown


def test_it_tells_who_what_from_what_to_what_and_why(as_: As, db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw")
        met = make_enterprise(session, name="正泰集团").id
        project = make_project(session, name="保密项目").code
    officer = as_("officer")
    body = {"kind": "outgoing_visit", "title": "拜访", "starts_on": "2020-08-18", "unit": "jxw"}
    made = officer.post(f"{API}/engagements", json=body | {"enterprises": [{"id": met}], "projects": [project]})
    place = f"{API}/engagements/{made.json()['id']}"
    etag = made.headers["ETag"]
    assert officer.patch(place, json={"ends_half": "am"}, headers={"If-Match": etag}).status_code == 200
    task = {"what": "报送方案", "unit": "jxw", "due_on": "2020-09-30"}
    assert officer.post(f"{place}/follow-ups", json=task).status_code == 201
    assert officer.post(f"{place}/void", json={"reason": "误报"}).status_code == 200
    answer = officer.get(f"{place}/history", params={"sort": "seq"})
    HistoryOut.model_validate(answer.json())
    told = answer.json()["items"]
    assert [item["label"] for item in told] == ["填报对接活动", "更正对接活动", "登记落实事项", "作废对接活动"]
    first = {(change["record_label"], change["label"]): change["after_text"] for change in told[0]["changes"]}
    assert first["对接活动", "种类"] == "外出拜访"
    assert first["企业", "企业"] == "正泰集团"
    assert first["参加单位", "单位"] == "区经济信息委"
    changed = {change["label"]: (change["before_text"], change["after_text"]) for change in told[1]["changes"]}
    assert changed == {"结束于": ("下午", "上午"), "半天数": ("2", "1")}
    assert told[3]["reason"] == "误报"
    assert project not in answer.text
    of_project = officer.get(f"{API}/projects/{project}/history").json()["items"]
    assert of_project[0]["label"] == "关联对接活动"
    assert of_project[0]["changes"][0]["label"] == "对接活动编号"
    assert officer.get(f"{API}/engagements/99999/history").status_code == 404
