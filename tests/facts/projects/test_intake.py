"""How a project comes into the books: what is given, what is wrong, names that are there already, codes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from app.facts.projects import intake
from app.facts.projects.outputs import ProjectOut
from app.facts.projects.schemas import ProjectIn
from app.kernel.access import SYSTEM
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project

As = Callable[..., Any]
PROJECTS = "/api/v1/projects"


@pytest.fixture
def code(db: Any) -> str:
    with db() as session:
        return make_project(session, unit=make_unit(session, "jxw"), name="玻纤一期").code


def tag(client: Any, code: str) -> str:
    return str(client.get(f"{PROJECTS}/{code}").headers["ETag"])


def patch(client: Any, code: str, body: dict[str, Any], etag: str | None = None) -> Any:
    return client.patch(f"{PROJECTS}/{code}", json=body, headers={"If-Match": etag or tag(client, code)})


# -- creating ------------------------------------------------------------------------------------------------------


def test_a_new_project_is_a_lead_with_everything_given(as_: As, db: Any) -> None:
    with db() as session:
        make_unit(session, "jxw"), make_unit(session, "nyw")
        investor, partner = make_enterprise(session, name="正阳新材料"), make_enterprise(session, name="合作方")
        numbers = [investor.id, partner.id]
    body = {
        "name": "年产5万吨玻纤材料项目", "kind": "industry_land", "unit": "jxw", "cooperating": ["nyw"],
        "industry": "3061", "chain": "玻纤材料", "channel": "by_business", "origin_region": "330000",
        "park": "正阳工业园区", "longitude": 108.77, "latitude": 29.53, "investment": "500000000",
        "land_mu": "120.5", "jobs": 300, "output": "800000000", "tax": "30000000.50",
        "national_code": "2020-500114-29-03-123456", "aliases": [{"alias": "玻纤"}],
        "enterprises": [{"enterprise_id": numbers[0]}, {"enterprise_id": numbers[1], "role": "partner"}],
        "plans": {"started": "2027-01-01", "signed": "2026-12-01"}, "lead_on": "2020-03-12",
        "tracked_from": "2020-03-20",
    }  # fmt: skip
    answer = as_("officer").post(PROJECTS, json=body)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PROJECTS}/500114-2020-0001"
    assert made["code"] == "500114-2020-0001"
    assert (made["stage"], made["status"], made["sector"], made["industry"]) == ("lead", "active", "industry", "C3061")
    assert (made["investment"], made["land_mu"], made["tax"]) == ("500000000.00", "120.50", "30000000.50")
    assert (made["unit"], made["enterprise_id"], made["enterprise"]) == ("jxw", numbers[0], "正阳新材料")
    assert [(part["role"], part["main"]) for part in made["enterprises"]] == [("investor", True), ("partner", False)]
    assert [(part["unit"], part["role"], part["valid_from"]) for part in made["units"]] == [
        ("jxw", "responsible", "2020-03-12"), ("nyw", "cooperating", "2020-03-12"),
    ]  # fmt: skip
    assert [plan["stage"] for plan in made["plans"]] == ["signed", "started"]
    assert made["warnings"] == []
    ProjectOut.model_validate(made, strict=False)
    read = as_("officer").get(f"{PROJECTS}/{made['code']}")
    assert read.json() == made
    assert read.headers["ETag"].startswith('"1-')


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": "nobody"}, "unit"),
        ({"cooperating": ["nobody"]}, "cooperating"),
        ({"unit": "jxw", "cooperating": ["jxw"]}, "cooperating"),
        ({"enterprises": [{"enterprise_id": 99}]}, "enterprises.0.enterprise_id"),
        ({"confidentiality": "sealed"}, "confidentiality"),
        ({"industry": "Z1"}, "industry"),
        ({"origin_region": "999999"}, "origin_region"),
        ({"longitude": 10, "latitude": 29}, "longitude"),
        ({"national_code": "2020-29-03-123456"}, "national_code"),
        ({"lead_on": "2999-01-01"}, "lead_on"),
        ({"tracked_from": "0001-01-01"}, "tracked_from"),
        ({"name": "——"}, "name"),
        ({"name": "甲\x00乙"}, "name"),
        ({"investment": "-1"}, "investment"),
        ({"investment": "1e3"}, "investment"),
        ({"land_mu": "1.234"}, "land_mu"),
        ({"jobs": 1.5}, "jobs"),
        ({"sector": "services", "industry": "C3061"}, "sector_reason"),
        ({"stage": "signed"}, "stage"),
        ({"contract_amount": "1"}, "contract_amount"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, as_: As, db: Any) -> None:
    with db() as session:
        make_unit(session, "jxw")
    answer = as_("officer").post(PROJECTS, json={"name": "甲", "kind": "services", **change})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert as_("officer").get(PROJECTS).json()["items"] == []


def test_one_coordinate_alone_is_refused(as_: As) -> None:
    answer = as_("officer").post(PROJECTS, json={"name": "甲", "kind": "services", "longitude": 108.7})
    assert answer.status_code == 422


def test_what_is_odd_is_a_warning(as_: As, db: Any) -> None:
    body = {"name": "甲", "kind": "services", "national_code": "2020-500103-29-03-123456"}
    warnings = as_("officer").post(PROJECTS, json=body).json()["warnings"]
    assert [warning["code"] for warning in warnings] == ["national_code", "no_industry"]
    assert [warning["message"][:8] for warning in warnings] == ["国家项目代码的地", "尚无行业代码，产"]


@pytest.mark.parametrize("known", ["玻纤一期", "别的项目"], ids=["name", "alias"])
def test_a_second_project_of_a_name_is_asked_about(known: str, as_: As, db: Any) -> None:
    with db() as session:
        code = make_project(session, name=known, aliases=("玻纤一期",) if known == "别的项目" else ()).code
    officer = as_("officer")
    body = {"name": "玻纤（一期）", "kind": "services", "industry": "I65"}
    refused = officer.post(PROJECTS, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "same_name")
    assert refused.json()["errors"] == [
        {"field": "name", "code": "same_name", "message": f"与项目 {code}「{known}」同名"}
    ]
    assert "accept_same_name" in refused.json()["message"] and code in refused.json()["message"]
    assert len(officer.get(PROJECTS).json()["items"]) == 1
    made = officer.post(PROJECTS, json=body | {"accept_same_name": True})
    assert made.status_code == 201
    assert made.json()["warnings"] == [{"code": "same_name", "message": f"与项目 {code}「{known}」同名"}]
    read = officer.get(f"{PROJECTS}/{made.json()['code']}").json()
    assert read == made.json() | {"warnings": []}
    # What nothing is called is nobody's namesake, asked or not.
    assert officer.post(PROJECTS, json=body | {"name": "二期", "accept_same_name": True}).json()["warnings"] == []
    renamed = patch(officer, officer.get(PROJECTS).json()["items"][0]["code"], {"name": "玻纤一期"})
    assert {warning["code"] for warning in renamed.json()["warnings"]} == {"same_name"}


def test_a_name_that_is_hidden_is_not_told(as_: As, db: Any) -> None:
    with db() as session:
        make_project(session, name="玻纤一期", confidentiality="sealed")
    made = as_("officer").post(PROJECTS, json={"name": "玻纤一期", "kind": "services", "industry": "I65"})
    assert (made.status_code, made.json()["warnings"]) == (201, [])


def test_of_one_name_sent_twice_at_once_one_is_recorded(as_: As, db: Any) -> None:
    officer = as_("officer")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: officer.post(PROJECTS, json={"name": "甲", "kind": "services"}), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


@pytest.mark.parametrize("path", ["a%00b", "a" * 21, "..%2Fprojects", "甲"])
def test_what_cannot_be_a_code_is_refused(path: str, as_: As) -> None:
    assert as_("officer").get(f"{PROJECTS}/{path}").status_code in (404, 422)
    assert as_("officer").get(f"{PROJECTS}/{path}/history").status_code in (404, 422)


def test_reporters_and_leaders_create_nothing(as_: As) -> None:
    for role in ("reporter", "leader", "auditor", "system_admin"):
        assert as_(role).post(PROJECTS, json={"name": "甲", "kind": "services"}).status_code == 403


def test_codes_are_given_once_and_without_gaps(db: Any) -> None:
    def create(number: int) -> str:
        year = 2019 + number % 2
        with db() as session:
            body = ProjectIn(name=f"甲{number}", kind="services", tracked_from=date(year, 1, 1))  # type: ignore[arg-type]
            made = intake.create(session, SYSTEM, body).code
            if number % 5 == 0:
                session.rollback()  # what fails leaves no gap
                return ""
            return made

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(filter(None, pool.map(create, range(40))))
    assert codes == [f"500114-{year}-{serial:04d}" for year in (2019, 2020) for serial in range(1, 17)]


def test_a_ledgers_code_is_kept_and_never_given_again(db: Any) -> None:
    body = ProjectIn(name="甲", kind="services", tracked_from=date(2020, 1, 1))  # type: ignore[arg-type]
    with db() as session:
        assert intake.create(session, SYSTEM, body, code="500114-2020-0046").code == "500114-2020-0046"
        assert intake.create(session, SYSTEM, body, code="500114-2020-0002").code == "500114-2020-0002"
        assert intake.create(session, SYSTEM, body).code == "500114-2020-0047"
        with pytest.raises(intake.CodeTaken):
            intake.create(session, SYSTEM, body, code="500114-2020-0046")


# -- correcting ----------------------------------------------------------------------------------------------------
