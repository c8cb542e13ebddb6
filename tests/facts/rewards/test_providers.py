"""Lead providers: found again by their number, shown masked, seen in clear by one way that leaves a trace."""

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text
from stdnum.cn import ric

from app.kernel.chain import Event
from app.kernel.codes import check_resident
from app.kernel.vault import Vault
from tests.clients import As, Work
from tests.factories.identity import make_unit

LIST = "/api/v1/lead-providers"
IDENTITY, PHONE, ACCOUNT = "500114199001011231", "13812341234", "6222021234567890128"
SECRETS = (IDENTITY, PHONE, ACCOUNT)
PERSON = {
    "kind": "person", "name": "张三", "identity": IDENTITY, "phone": PHONE, "account": ACCOUNT,
    "account_bank": "工商银行黔江支行", "note": "某商会秘书长",
}  # fmt: skip
FIRM = {"kind": "organisation", "name": "渝东商会", "identity": "91350100M000100Y43"}


@pytest.fixture
def units(db: Work) -> None:
    with db() as session:
        for code in ("jxw", "nyw"):
            make_unit(session, code=code, name=f"区{code}")


def register(client: Any, body: dict[str, Any] = PERSON, **changes: Any) -> dict[str, Any]:
    answer = client.post(LIST, json=body | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_what_is_entered_comes_back_masked(as_: As) -> None:
    made = register(as_("officer"))
    shown = {name: made[name] for name in ("identity_kind", "identity", "phone", "account", "account_bank", "unit")}
    assert shown == {
        "identity_kind": "resident", "identity": "500***********1231", "phone": "138****1234",
        "account": "***************0128", "account_bank": "工商银行黔江支行", "unit": None,
    }  # fmt: skip
    assert made["warnings"] == []
    firm = register(as_("officer"), FIRM, account="1234567")
    assert (firm["identity_kind"], firm["identity"]) == ("uscc", "913***********0Y43")
    assert [warning["code"] for warning in firm["warnings"]] == ["not_a_card"]
    twin = register(as_("officer"), PERSON, identity=None)
    assert [w["message"] for w in twin["warnings"]] == [f"与引资人 {made['id']}（张三）的银行账号相同"]


def test_one_number_is_one_provider(as_: As, units: None) -> None:
    made = register(as_("reporter", unit="jxw"), identity=" 500114 19900101 1231 ")
    again = as_("officer").post(LIST, json=PERSON | {"name": "章三", "phone": None})
    assert (again.status_code, again.json()["code"]) == (409, "provider_known")
    assert f"引资人 {made['id']}（张三）" in again.json()["message"]
    # Another unit is not told who it is.
    other = as_("reporter", unit="nyw").post(LIST, json=PERSON)
    assert other.json()["code"] == "provider_known"
    assert "张三" not in other.text
    sought = {"identity": IDENTITY}
    assert as_("leader").post(f"{LIST}/find", json=sought).json()["id"] == made["id"]
    assert as_("reporter", unit="nyw").post(f"{LIST}/find", json=sought).status_code == 404
    assert as_("officer").post(f"{LIST}/find", json={"identity": "11010519491231002X"}).status_code == 404


def test_who_sees_and_does_what(as_: As, units: None) -> None:
    own, bureaus = register(as_("reporter", unit="jxw")), register(as_("officer"), FIRM)
    unmask = {"fields": ["identity"], "reason": "核对身份"}
    wanted = {
        # who: (sees own, sees the bureau's, registers, changes the unit's, unmasks)
        ("officer", None): (200, 200, 201, 200, 403),
        ("reviewer", None): (200, 200, 201, 200, 200),
        ("reporter", "jxw"): (200, 404, 201, 200, 403),
        ("reporter", "nyw"): (404, 404, 201, 404, 403),
        ("leader", None): (200, 200, 403, 403, 403),
        ("auditor", None): (403, 403, 403, 403, 403),
        ("system_admin", None): (403, 403, 403, 403, 403),
        ("security_admin", None): (403, 403, 403, 403, 403),
        (None, None): (401, 401, 401, 401, 401),
    }
    found = {}
    for who, unit in wanted:
        client = as_(who, unit=unit) if unit else as_(who)
        tag = as_("officer").get(f"{LIST}/{own['id']}").headers["ETag"]
        found[who, unit] = (
            client.get(f"{LIST}/{own['id']}").status_code,
            client.get(f"{LIST}/{bureaus['id']}").status_code,
            client.post(LIST, json={"kind": "person", "name": "李四"}).status_code,
            client.patch(f"{LIST}/{own['id']}", json={"note": f"{who}{unit}"}, headers={"If-Match": tag}).status_code,
            client.post(f"{LIST}/{own['id']}/unmask", json=unmask).status_code,
        )
    assert found == wanted
    listed = as_("reporter", unit="jxw").get(LIST, params={"count": "true"}).json()
    assert (listed["total"], {row["unit"] for row in listed["items"]}) == (2, {"jxw"})


def test_unmasking_is_told_by_the_log(as_: As, db: Work) -> None:
    made = register(as_("officer"))
    place = f"{LIST}/{made['id']}/unmask"
    asked = {"fields": ["account", "phone"], "reason": "办理首期奖励支付"}
    answer = as_("reviewer").post(place, json=asked, headers={"Idempotency-Key": "once"})
    assert answer.json() == {
        "id": made["id"], "name": "张三", "phone": PHONE, "account": ACCOUNT,
        "account_bank": "工商银行黔江支行",
    }  # fmt: skip
    assert answer.headers["Cache-Control"] == "no-store"
    told = as_("officer").get(f"{LIST}/{made['id']}/history").json()["items"]
    assert [(row["label"], row["by"], row["reason"]) for row in told] == [
        ("查看完整号码", "reviewer", "银行账号、电话：办理首期奖励支付"), ("登记引资人", "officer", None),
    ]  # fmt: skip
    with db() as session:
        event = session.scalars(select(Event).where(Event.kind == "lead_provider.unmasked")).one()
        assert json.loads(event.body)["data"] == {"fields": "account,phone"}
    refused = as_("reviewer").post(place, json=asked | {"reason": f"账号 {ACCOUNT[:-1]}8 有误"})
    assert refused.status_code == 422
    assert ACCOUNT not in refused.text


def test_changes_are_told_without_what_changed(as_: As) -> None:
    made = register(as_("officer"))
    place, officer = f"{LIST}/{made['id']}", as_("officer")
    assert officer.patch(place, json={"note": None}).status_code == 428

    def patch(body: dict[str, Any]) -> Any:
        return officer.patch(place, json=body, headers={"If-Match": officer.get(place).headers["ETag"]})

    changed = patch({"account": "4111 1111-1111 1111", "phone": None, "note": None}).json()
    assert (changed["account"], changed["phone"], changed["note"]) == ("************1111", None, None)
    latest = officer.get(f"{place}/history").json()["items"][0]
    assert latest["label"] == "修改引资人"
    assert {(row["label"], row["before"], row["after"]) for row in latest["changes"]} == {
        (label, "changed", "changed") for label in ("银行账号", "电话", "备注")
    }
    assert patch({"identity_kind": "other"}).json()["errors"][0]["field"] == "identity"
    assert patch({"identity_kind": "uscc"}).json()["errors"][0]["code"] == "other_kind"
    assert patch({"identity_kind": "other", "identity": "e1234567"}).json()["identity"] == "******67"
    assert patch({"identity": "e*******"}).json()["errors"][0]["code"] == "masked"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("identity", IDENTITY[:-1] + "2"),  # wrong check character
        ("identity", "500114199002301231"),  # no such day
        ("identity", IDENTITY + "0"),
        ("account", "6222-0212-3456-7890-128?"),
        ("phone", PHONE + "x"),
        ("name", f"张三 {IDENTITY}"),
        ("note", "卡号 6222 0212 3456 7890 128"),
        ("unknown", IDENTITY),
    ],
)
def test_a_refusal_repeats_nothing(as_: As, field: str, value: str) -> None:
    answer = as_("officer").post(LIST, json={"kind": "person", "name": "李四"} | {field: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert value not in answer.text
    assert value[:-1] not in answer.text


def test_without_a_key_the_house_runs_and_says_what_is_missing(as_: As, app: FastAPI) -> None:
    made, kept = register(as_("officer")), app.state.vault
    app.state.vault = Vault()
    try:
        for answer in (
            as_("officer").post(LIST, json={"kind": "person", "name": "李四", "phone": PHONE}),
            as_("reviewer").post(f"{LIST}/{made['id']}/unmask", json={"fields": ["phone"], "reason": "核对"}),
            as_("officer").post(f"{LIST}/find", json={"identity": IDENTITY}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "vault_closed")
            assert "VAULT_KEY" in answer.json()["message"]
        assert as_("officer").post(LIST, json={"kind": "person", "name": "李四"}).status_code == 201
        assert {row["identity"] for row in as_("officer").get(LIST).json()["items"]} == {"******", None}
        assert as_("officer").get(f"{LIST}/{made['id']}").json()["account"] == "******"
    finally:
        app.state.vault = kept


GETS = (
    LIST, f"{LIST}/{{id}}", f"{LIST}/{{id}}/history", "/api/v1/log", "/api/v1/meta/choices",
    "/api/v1/reward-policies/samples",
)  # fmt: skip


def test_no_answer_and_no_dump_holds_a_number_in_clear(
    as_: As, app: FastAPI, database_url: str, units: None, capfd: pytest.CaptureFixture[str]
) -> None:
    made = register(as_("reporter", unit="jxw"))
    as_("reviewer").post(
        f"{LIST}/{made['id']}/unmask", json={"fields": ["identity", "phone", "account"], "reason": "核对"},
        headers={"Idempotency-Key": "once"},
    )  # fmt: skip
    as_("officer").post(LIST, json=PERSON, headers={"Idempotency-Key": "twice"})  # refused
    for place in GETS:
        for who in ("officer", "reviewer", "leader", "auditor"):
            answer = as_(who).get(place.format(id=made["id"]))
            assert answer.status_code in (200, 403), (place, who, answer.text)
            assert not any(secret in answer.text for secret in SECRETS), (place, who)
    assert any(as_(who).get("/api/v1/log").status_code == 200 for who in ("officer", "auditor"))
    written = dump(app, database_url)
    assert "张三".encode() in written  # it is indeed what is stored
    assert not any(secret.encode() in written for secret in SECRETS)
    assert not any(secret in capfd.readouterr().err for secret in SECRETS)


def dump(app: FastAPI, database_url: str) -> bytes:
    """Every byte of the database's files, or of every row of every table."""
    with app.state.database.reading() as connection:
        if not app.state.database.is_sqlite:
            tables = inspect(connection).get_table_names()
            rows = [connection.execute(text(f'SELECT t::text FROM "{name}" t')).scalars().all() for name in tables]
            return "\n".join(row for several in rows for row in several).encode()
    file = Path(app.state.database.url.database)
    # By another process: whoever closes a file gives up all locks that his process has on it, SQLite's too.
    return subprocess.run(["cat", *file.parent.glob(f"{file.name}*")], check=True, capture_output=True).stdout


births = st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 1, 1))


@given(region=st.integers(110000, 659999), born=births, serial=st.integers(0, 999), other=st.integers(1, 10))
def test_identity_numbers(region: int, born: Any, serial: int, other: int) -> None:
    body = f"{region}{born:%Y%m%d}{serial:03d}"
    check = ric.calc_check_digit(body + "0")
    assert check_resident(f"{body[:6]} {body[6:14]}-{body[14:]}{check.lower()}") == body + check
    wrong = "0123456789X"[("0123456789X".index(check) + other) % 11]
    with pytest.raises(ValueError, match="校验不通过") as refusal:
        check_resident(body + wrong)
    assert body not in str(refusal.value)
