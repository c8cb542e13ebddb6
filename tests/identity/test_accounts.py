"""Accounts and keys: two administrators for one account, machines within their scopes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from starlette.testclient import TestClient

from app.identity.auth import service
from app.identity.auth.models import ApiKey
from app.identity.auth.schemas import KeyRow, UserRow
from app.kernel import calendar, chain
from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.errors import Invalid
from app.kernel.idempotency import KeptAnswer
from tests.clients import As, Work
from tests.factories.identity import make_unit, make_user

NEW = {"login": "xieyutong", "name": "谢雨桐", "unit": "jxw", "phone": "023-79222222"}


@pytest.fixture
def jxw(db: Work) -> None:
    with db() as session:
        make_unit(session, "jxw")


@pytest.mark.usefixtures("jxw")
def test_two_administrators_make_an_account_that_works(as_: As) -> None:
    created = as_("system_admin").post("/api/v1/users", json=NEW)
    assert created.status_code == 201 and created.headers["cache-control"] == "no-store"
    assert created.json()["roles"] == [] and created.json()["unit"] == "jxw"
    etag = {"If-Match": created.headers["etag"]}
    roles = {"roles": ["reporter"]}
    assert as_("system_admin").put("/api/v1/users/xieyutong/roles", json=roles, headers=etag).status_code == 403
    granted = as_("security_admin").put("/api/v1/users/xieyutong/roles", json=roles, headers=etag)
    assert granted.status_code == 200 and granted.json()["roles"] == ["reporter"]
    assert as_("security_admin").put("/api/v1/users/xieyutong/roles", json=roles, headers=etag).status_code == 412
    password = created.json()["initial_password"]
    login = as_(None).post("/api/v1/auth/login", json={"username": "xieyutong", "password": password})
    assert login.json()["must_change_password"] is True and login.json()["user"]["unit"]["code"] == "jxw"


@pytest.mark.usefixtures("jxw")
def test_a_first_password_is_told_once_even_with_an_idempotency_key(as_: As, db: Work) -> None:
    key = {"Idempotency-Key": "once"}
    created = as_("system_admin").post("/api/v1/users", json=NEW, headers=key)
    again = as_("system_admin").post("/api/v1/users", json=NEW, headers=key)
    assert again.status_code == 409 and again.json()["code"] == "user_exists"
    with db() as session:
        assert session.scalars(select(KeptAnswer)).all() == []
        bodies = " ".join(session.scalars(select(chain.Event.body)))
    assert created.json()["initial_password"] not in bodies and "79222222" not in bodies


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": "Xie"}, "login"),
        ({"login": "x"}, "login"),
        ({"unit": "nobody"}, "unit"),
        ({"name": ""}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"phone": "<script>"}, "phone"),
        ({"roles": ["officer"]}, "roles"),
    ],
)
@pytest.mark.usefixtures("jxw")
def test_a_wrong_account_is_refused_by_its_field(as_: As, change: dict[str, Any], field: str) -> None:
    answer = as_("system_admin").post("/api/v1/users", json=NEW | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "roles",
    [{"system_admin", "security_admin"}, {"auditor", "officer"}, {"security_admin", "leader"}, {"auditor", "reporter"}],
)
def test_administrators_exclude_each_other_and_all_business(db: Work, roles: set[str]) -> None:
    with db() as session, pytest.raises(Invalid, match="三员分立"):
        service.create_user(session, "wang", "王", {Role(role) for role in roles}, "hash")


def test_a_reporter_needs_a_unit(as_: As, db: Work) -> None:
    with db() as session:
        make_user(session, login="wang")
    put = as_("security_admin").put
    refused = put("/api/v1/users/wang/roles", json={"roles": ["reporter"]}, headers={"If-Match": '"1-0"'})
    assert refused.json()["errors"][0]["code"] == "unit_missing"
    taken = put("/api/v1/users/wang/roles", json={"roles": ["officer", "reviewer"]}, headers={"If-Match": '"1-0"'})
    assert taken.json()["roles"] == ["officer", "reviewer"]


def test_nobody_grants_himself_or_disables_himself(as_: As) -> None:
    headers = {"If-Match": '"1-0"'}
    grant = as_("security_admin").put("/api/v1/users/security_admin/roles", json={"roles": []}, headers=headers)
    assert grant.json()["code"] == "own_account"
    leave = as_("system_admin").patch("/api/v1/users/system_admin", json={"active": False}, headers=headers)
    assert leave.json()["code"] == "own_account"


def test_a_system_administrator_does_not_get_at_other_administrators(as_: As) -> None:
    for role in ("security_admin", "auditor"):
        as_(role)
        reset = as_("system_admin").post(f"/api/v1/users/{role}/password-reset")
        assert reset.status_code == 403 and reset.json()["code"] == "administrator_account"
        off = as_("system_admin").patch(f"/api/v1/users/{role}", json={"active": False}, headers={"If-Match": '"1-0"'})
        assert off.json()["code"] == "administrator_account"


def test_a_reset_password_ends_the_sessions(as_: As) -> None:
    officer = as_("officer")
    assert officer.get("/api/v1/auth/me").status_code == 200
    reset = as_("system_admin").post("/api/v1/users/officer/password-reset")
    assert officer.get("/api/v1/auth/me").status_code == 401
    body = {"username": "officer", "password": reset.json()["initial_password"]}
    assert as_(None).post("/api/v1/auth/login", json=body).json()["must_change_password"] is True


def test_a_security_administrator_ends_sessions(as_: As) -> None:
    officer = as_("officer")
    assert as_("security_admin").delete("/api/v1/users/officer/sessions").json() == {"ended": 1}
    assert officer.get("/api/v1/auth/me").status_code == 401
    assert as_("security_admin").delete("/api/v1/users/nobody/sessions").status_code == 404


def test_taking_a_role_takes_its_permissions_at_once(as_: As) -> None:
    officer = as_("officer")
    assert officer.get("/api/v1/units").status_code == 200
    taken = as_("security_admin").put("/api/v1/users/officer/roles", json={"roles": []}, headers={"If-Match": '"1-0"'})
    assert taken.status_code == 200
    assert officer.get("/api/v1/units").status_code == 403
    assert officer.get("/api/v1/auth/me").json()["permissions"] == ["self"]


def test_the_list_of_users_is_filtered_sorted_and_paged(as_: As, db: Work) -> None:
    with db() as session:
        for login, name, role in (("a1", "张三", "officer"), ("b2", "李四", "leader"), ("c3", "王五", "officer")):
            make_user(session, role, login=login, name=name, unit="jxw")
    admin = as_("system_admin")

    def ask(**params: object) -> list[str]:
        answer = admin.get("/api/v1/users", params=params)
        assert answer.status_code == 200, answer.text
        for item in answer.json()["items"]:
            UserRow.model_validate(item)
        return [item["login"] for item in answer.json()["items"]]

    assert ask(unit="jxw", sort="name") == ["b2", "c3", "a1"]  # lisi, wangwu, zhangsan
    assert ask(role="officer") == ["a1", "c3"]
    assert ask(q="zhang") == ask(q="张三") == ["a1"]
    assert ask(q="%") == []
    assert ask(active=False) == []
    first = admin.get("/api/v1/users", params={"limit": 2, "count": True}).json()
    assert first["total"] == 4
    rest = admin.get("/api/v1/users", params={"limit": 2, "after": first["next"]}).json()
    assert [row["login"] for row in first["items"] + rest["items"]] == ["a1", "b2", "c3", "system_admin"]
    assert admin.get("/api/v1/users", params={"colour": "red"}).status_code == 422


# -- keys ------------------------------------------------------------------------------------------------------


def asked(**change: object) -> dict[str, object]:
    """A key that lasts thirty days, as it is asked for."""
    lasts = (calendar.today() + timedelta(days=30)).isoformat()
    return {"name": "数据大屏", "scopes": ["unit.read"], "expires_on": lasts} | change


def key_for(as_: As, **change: object) -> Any:
    answer = as_("system_admin").post("/api/v1/keys", json=asked(**change))
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_key_opens_what_its_scopes_say_and_nothing_else(as_: As, client_of: Callable[..., TestClient]) -> None:
    made = key_for(as_)
    machine = client_of(made["key"])
    assert machine.get("/api/v1/units").status_code == 200
    assert machine.get("/api/v1/users").status_code == 403
    assert machine.get("/api/v1/auth/me").status_code == 403
    assert machine.post("/api/v1/units", json={}).status_code == 403
    rows = as_("system_admin").get("/api/v1/keys").json()["items"]
    assert KeyRow.model_validate(rows[0]).prefix == made["key"][:11]
    assert "key" not in rows[0] and made["key"] not in str(rows)


@pytest.mark.parametrize("scope", sorted(set(Permission) - KEY_SCOPES))
def test_no_key_gets_a_permission_to_change(as_: As, scope: str) -> None:
    answer = as_("system_admin").post("/api/v1/keys", json=asked(scopes=[scope]))
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "scopes.0"


# Who makes keys, and to what: never to more than he may see himself.
GIVEN = {
    Role.SYSTEM_ADMIN: {"meta.read", "unit.read"},
    Role.REVIEWER: {
        "meta.read", "unit.read", "enterprise.read", "project.read", "figure.read", "stream.read", "ledger.export",
        "municipal.read", "municipal.pull", "municipal.answer",
    },
}  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_nobody_makes_a_key_to_what_he_may_not_see(as_: As, client_of: Callable[..., TestClient], role: Role) -> None:
    maker = as_(role.value)
    for scope in sorted(KEY_SCOPES):
        answer = maker.post("/api/v1/keys", json=asked(name=scope, scopes=["unit.read", scope]))
        if scope in GIVEN.get(role, ()):
            assert answer.status_code == 201, scope
            read = client_of(answer.json()["key"]).get("/api/v1/projects")
            assert read.status_code == (200 if scope == "project.read" else 403), scope
        else:
            code = "scope_beyond" if role in GIVEN else "forbidden"
            assert (answer.status_code, answer.json()["code"]) == (403, code), scope
            assert role not in GIVEN or scope in answer.json()["message"]
    told = maker.get("/api/v1/keys")
    assert told.status_code == (200 if role in GIVEN else 403)
    assert {row["name"] for row in told.json().get("items", ())} == GIVEN.get(role, set())


def test_keys_are_revoked_by_whoever_makes_any(as_: As) -> None:
    key = as_("reviewer").post("/api/v1/keys", json=asked(scopes=["project.read"])).json()["id"]
    assert as_("officer").delete(f"/api/v1/keys/{key}").status_code == 403
    assert as_("system_admin").delete(f"/api/v1/keys/{key}").json()["revoked_at"] is not None


def test_a_key_is_bound_to_its_addresses(as_: As, client_of: Callable[..., TestClient]) -> None:
    secret = key_for(as_, addresses=["10.1.0.7/16", "2001:db8::1"])["key"]
    for address, status in (
        ("10.1.255.1", 200), ("10.2.0.1", 403), ("::ffff:10.1.0.1", 200), ("2001:db8::1", 200),
        ("2001:db8::2", 403), ("testclient", 403),
    ):  # fmt: skip
        answer = client_of(secret, address).get("/api/v1/units")
        assert answer.status_code == status, address
    assert answer.json()["code"] == "address_refused"
    wrong = as_("system_admin").post("/api/v1/keys", json=asked(name="x", addresses=["10.1.0.0/33"]))
    assert wrong.json()["errors"][0]["field"] == "addresses.0"


def test_a_key_ends_with_its_last_day(as_: As, client_of: Callable[..., TestClient]) -> None:
    last = calendar.today() + timedelta(days=30)
    secret = key_for(as_, expires_on=last.isoformat())["key"]
    with time_machine.travel(f"{last}T23:59:59+08:00", tick=False) as clock:
        assert client_of(secret).get("/api/v1/units").status_code == 200
        clock.shift(1)
        assert client_of(secret).get("/api/v1/units").status_code == 401


@pytest.mark.parametrize("days", [-1, 367])
def test_a_key_lasts_a_year_at_most(as_: As, days: int) -> None:
    last = calendar.today() + timedelta(days=days)
    assert as_("system_admin").post("/api/v1/keys", json=asked(expires_on=last.isoformat())).status_code == 422


def test_a_revoked_key_opens_nothing(as_: As, client_of: Callable[..., TestClient], db: Work) -> None:
    made = key_for(as_)
    machine = client_of(made["key"])
    assert machine.get("/api/v1/units").status_code == 200
    with db() as session:
        assert session.scalars(select(ApiKey.last_used_at)).one() is not None
    for _ in range(2):
        assert as_("system_admin").delete(f"/api/v1/keys/{made['id']}").json()["revoked_at"] is not None
    assert machine.get("/api/v1/units").status_code == 401
    assert as_("system_admin").get("/api/v1/keys", params={"revoked": False}).json()["items"] == []
    assert as_("system_admin").delete("/api/v1/keys/999").status_code == 404
