"""The register of payments and the bonus points of units."""

import io
from datetime import date
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.facts.projects.models import Project
from app.facts.rewards.bonuses.queries import points_of
from app.identity.units.models import Unit
from tests.clients import As, Work, put_part
from tests.factories.evidence import make_evidence
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.facts.rewards.claiming import a_place

PAYMENTS = "/api/v1/rewards/payments"


def lines_of(answer: Any) -> list[list[Any]]:
    """The rows of a sheet below its title: the heading, then one a payment."""
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()[1:]


def test_the_register_lists_what_was_paid_and_what_came_back(as_: As, db: Work) -> None:
    place = a_place(as_, db)
    claim = place.until("pay")
    place.take(claim, "claw-back")
    officer = as_("officer")
    rows = officer.get(PAYMENTS, params={"sort": "id", "count": "true"}).json()
    assert rows["total"] == 4
    assert [(row["name"], row["instalment"], row["gross"]) for row in rows["items"]] == [
        ("甲某", 1, "34999.97"), ("乙公司", 1, "17500.03"), ("甲某", None, "-34999.97"), ("乙公司", None, "-17500.03"),
    ]  # fmt: skip
    year = date.fromisoformat(rows["items"][0]["paid_on"]).year
    wanted: list[tuple[dict[str, Any], int]] = [
        ({"paid_in": year}, 4), ({"paid_in": year - 1}, 0), ({"fund": "other"}, 0),
        ({"provider": place.givers[0]}, 2), ({"project": place.project, "year": 2026}, 4),
    ]  # fmt: skip
    for asked, count in wanted:
        assert len(officer.get(PAYMENTS, params=asked).json()["items"]) == count
    answer = officer.get(f"{PAYMENTS}/register", params={"provider": place.givers[0]})
    assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")
    lines = lines_of(answer)
    heading = lines[0]
    told = [dict(zip(heading, line, strict=True)) for line in lines[1:]]
    assert [(row["引资人"], row["奖励(元)"], row["代扣税款(元)"], row["实付(元)"], row["说明"]) for row in told] == [
        ("甲某", 34999.97, 6999.99, 27999.98, "支付"), ("甲某", -34999.97, -6999.99, -27999.98, "追回"),
    ]  # fmt: skip
    assert {row["责任单位"] for row in told} == {rows["items"][0]["unit_name"]} != {rows["items"][0]["unit"]}
    assert {(row["奖励政策"], row["列支资金"]) for row in told} == {("示例政策", "示例资金")}
    assert (rows["items"][0]["policy_label"], rows["items"][0]["fund_label"]) == ("示例政策", "示例资金")
    # Whoever may not see the project is told of none of its payments, in neither way.
    seal = {"level": "sealed", "users": ["reviewer"], "reason": "投资方要求"}
    assert put_part(as_("reviewer"), f"/api/v1/projects/{place.project}", "confidentiality", seal).status_code == 200
    assert officer.get(PAYMENTS).json()["items"] == []
    assert len(lines_of(officer.get(f"{PAYMENTS}/register"))) == 1


def test_points_count_once_a_second_person_agrees(as_: As, db: Work) -> None:
    with db() as session:
        unit = make_unit(session, "jxw")
        project = make_project(session, unit=unit)
        code, paper = project.code, make_evidence(session, project).id
        other = make_evidence(session, make_project(session)).id
    path = f"/api/v1/projects/{code}/bonuses"
    body = {"unit": "jxw", "year": 2026, "points": "1.5", "basis": "考核办法", "evidence": paper}

    def counted() -> dict[str, int]:
        with db() as session:
            names = {row.id: row.code for row in session.execute(select(Unit.id, Unit.code))}
            return {names[number]: points for number, points in points_of(session, 2026).items()}

    reviewer, reporter = as_("reviewer"), as_("reporter", unit="jxw")
    assert as_("reporter", unit="nyw").post(path, json=body).status_code == 403
    for wrong, field in (({"points": "0.00"}, "points"), ({"unit": "xxx"}, "unit"), ({"evidence": other}, "evidence")):
        refused = reporter.post(path, json=body | wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    made = reporter.post(path, json=body).json()
    assert (made["state"], made["points"]) == ("declared", "1.50")
    own = reviewer.post(path, json=body | {"points": "2"}).json()["id"]
    assert counted() == {}
    assert reviewer.post(f"{path}/{own}/judge", json={"approve": True}).json()["code"] == "same_person"
    assert reviewer.post(f"{path}/{made['id']}/judge", json={"approve": False}).status_code == 422
    assert reviewer.post(f"{path}/{made['id']}/judge", json={"approve": True}).json()["state"] == "approved"
    assert as_("reviewer", login="second").post(f"{path}/{own}/judge", json={"approve": True}).status_code == 200
    assert counted() == {"jxw": 350}
    assert reviewer.post(f"{path}/{made['id']}/judge", json={"approve": True}).json()["code"] == "bonus_judged"
    gone = reviewer.post(f"{path}/{made['id']}/revoke", json={"reason": "项目退出"}).json()
    assert (gone["state"], gone["reason"], counted()) == ("revoked", "项目退出", {"jxw": 200})
    listed = reporter.get("/api/v1/rewards/bonuses", params={"state": "approved", "unit": "jxw"}).json()["items"]
    assert [row["id"] for row in listed] == [own]
    with db() as session:
        assert session.scalars(select(Project.version).where(Project.code == code)).one() > 1
