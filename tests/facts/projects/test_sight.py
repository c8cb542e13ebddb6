"""Who sees what, as one table: relation to the project × its level → seen, editable."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.facts.projects import queries, service, sights
from app.facts.projects.models import Project, ProjectGrant
from app.kernel.access import SYSTEM
from tests.clients import put_part
from tests.factories.identity import actor_of, make_unit, make_user
from tests.factories.projects import make_project

EVERY_CASE = True  # they choose the statements

SEES, EDITS, NOTHING = "sees", "edits", "nothing"

# Who asks: (role, unit, granted to the person, granted to the unit). The project is jxw's; nyw co-operates.
WHO = {
    "officer": ("officer", None, False, False),
    "officer, named": ("officer", None, True, False),
    "reviewer": ("reviewer", None, False, False),
    "leader": ("leader", None, False, False),
    "leader, named": ("leader", None, True, False),
    "reporter of the responsible unit": ("reporter", "jxw", False, False),
    "the same, named": ("reporter", "jxw", True, False),
    "reporter of the co-operating unit": ("reporter", "nyw", False, False),
    "reporter of another unit": ("reporter", "sww", False, False),
    "another unit's, named": ("reporter", "sww", True, False),
    "another unit's, unit granted": ("reporter", "sww", False, True),
    "reporter without a unit": ("reporter", None, False, False),
}
TABLE = {
    # What an open, an internal and a sealed project is to them.
    "officer": (EDITS, EDITS, NOTHING),
    "officer, named": (EDITS, EDITS, EDITS),
    "reviewer": (EDITS, EDITS, NOTHING),
    "leader": (SEES, SEES, NOTHING),
    "leader, named": (SEES, SEES, SEES),
    "reporter of the responsible unit": (EDITS, EDITS, NOTHING),
    "the same, named": (EDITS, EDITS, EDITS),
    "reporter of the co-operating unit": (EDITS, EDITS, NOTHING),
    "reporter of another unit": (SEES, NOTHING, NOTHING),
    "another unit's, named": (SEES, SEES, SEES),
    "another unit's, unit granted": (SEES, SEES, NOTHING),
    "reporter without a unit": (SEES, NOTHING, NOTHING),
}
LEVELS = ("open", "internal", "sealed")
CASES = [(who, level, TABLE[who][place]) for who in WHO for place, level in enumerate(LEVELS)]


def _prepare(db: Any, who: str, level: str) -> tuple[str, Any]:
    role, unit, named, unit_granted = WHO[who]
    with db() as session:
        jxw, nyw, sww = (make_unit(session, code) for code in ("jxw", "nyw", "sww"))
        project = make_project(session, unit=jxw, co_units=(nyw,), confidentiality=level)
        user = make_user(session, role, login="asker", unit=unit, named=named)
        if named:
            session.add(ProjectGrant(project_id=project.id, user_id=user.id, source="named"))
        if unit_granted:
            session.add(ProjectGrant(project_id=project.id, unit_id=sww.id, source="named"))
        service.refresh_sight(session, project)
        return project.code, actor_of(user)


@pytest.mark.parametrize(("who", "level", "expected"), CASES, ids=[f"{who}: {level}" for who, level, _ in CASES])
def test_who_sees_and_edits(who: str, level: str, expected: str, as_: Callable[..., Any], db: Any) -> None:
    code, actor = _prepare(db, who, level)
    client = as_("asker")
    seen = expected != NOTHING

    listed = client.get("/api/v1/projects", params={"count": True}).json()
    assert [item["code"] for item in listed["items"]] == ([code] if seen else [])
    assert listed["total"] == len(listed["items"])
    one = client.get(f"/api/v1/projects/{code}")
    assert one.status_code == (200 if seen else 404)
    assert client.get(f"/api/v1/projects/{code}/history").status_code == one.status_code

    change = client.patch(
        f"/api/v1/projects/{code}", json={"chain": "纺织"}, headers={"If-Match": one.headers.get("ETag", '"1-0"')}
    )
    if WHO[who][0] == "leader":
        assert (change.status_code, change.json()["code"]) == (403, "forbidden")
    elif expected == EDITS:
        assert change.status_code == 200
    elif expected == SEES:
        assert (change.status_code, change.json()["code"]) == (403, "not_yours")
    else:
        assert (change.status_code, change.json()["code"]) == (404, "not_found")

    # The same rule in its other forms: bound values, an object, and what the log judges by.
    with db() as session:
        assert bool(session.scalars(queries.ids_visible(actor)).all()) is seen
        sight = session.scalars(select(Project.sight)).one()
        assert sights.admits(actor, sight) is seen


def test_the_house_itself_sees_everything(db: Any) -> None:
    code, _ = _prepare(db, "officer", "sealed")
    with db() as session:
        assert queries.get(session, SYSTEM, code).code == code
        assert service.open_for_change(session, SYSTEM, code).code == code


def test_a_key_is_not_the_person_of_the_same_number(db: Any, as_: Callable[..., Any]) -> None:
    code, actor = _prepare(db, "officer, named", "sealed")
    key = type(actor)(actor.id, "machine", "key", actor.roles, actor.permissions, None, named=True)
    with db() as session, pytest.raises(queries.NoProject):
        queries.get(session, key, code)


def test_a_unit_that_gave_the_project_away_no_longer_sees_it(db: Any, as_: Callable[..., Any]) -> None:
    with db() as session:
        jxw, _ = make_unit(session, "jxw"), make_unit(session, "sww")
        code = make_project(session, unit=jxw, confidentiality="internal").code
    before, after = as_("reporter", unit="jxw"), as_("reporter", unit="sww")
    address = f"/api/v1/projects/{code}"
    assert (before.get(address).status_code, after.get(address).status_code) == (200, 404)
    moved = put_part(as_("officer"), address, "units", {"responsible": "sww", "valid_from": "2020-07-01"})
    assert moved.status_code == 200
    assert (before.get(address).status_code, after.get(address).status_code) == (404, 200)
    assert before.get("/api/v1/projects").json()["items"] == []


def test_grants_show_to_those_who_see_all(db: Any, as_: Callable[..., Any]) -> None:
    with db() as session:
        jxw = make_unit(session, "jxw")
        code = make_project(session, unit=jxw, confidentiality="internal").code
        make_user(session, "leader", login="wang", name="王区长")
    address = f"/api/v1/projects/{code}"
    body = {"level": "internal", "users": ["wang"], "units": ["jxw"], "reason": "专班"}
    assert put_part(as_("officer"), address, "confidentiality", body).status_code == 200
    granted = [(grant["unit"], grant["user_name"]) for grant in as_("officer").get(address).json()["grants"]]
    assert granted == [("jxw", None), (None, "王区长")]
    reporter = as_("reporter", unit="jxw")
    assert reporter.get(address).json()["grants"] is None
    told = reporter.get(f"{address}/history").json()["items"][0]
    assert told["kind"] == "project.confidentiality_changed"
    assert told["changes"] == []
