"""Entering, reading and changing one enterprise."""

from typing import Any

import pytest

from app.facts.enterprises.models import Contact, Enterprise, EnterpriseAlias, EnterpriseMerge, Listing
from app.facts.enterprises.queries import mask_phone
from app.kernel import chain
from app.kernel.chain import CHANGED
from app.kernel.events import plain
from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise

LIST = "/api/v1/enterprises"
USCC = "91350100M000100Y43"
OTHER_USCC = "11500114MB1912255L"
NEW = {
    "name": "重庆市黔江区正阳新材料有限公司",
    "uscc": USCC,
    "ownership": "private",
    "region": "500114",
    "industry": "C3042",
    "registered_capital": "50000000.00",
    "website": "https://example.com",
    "note": "西洽会结识\n已回访",
    "aliases": ["正阳新材", "正阳 新材", "重庆市黔江区正阳新材料有限公司"],
    "listings": [{"code": "china_500", "year": 2020, "rank": 128, "published_on": "2020-07-27"}],
    "contacts": [{"name": "李工", "title": "经理", "phone": "13812341234"}],
}


def enter(as_: As, **fields: Any) -> dict[str, Any]:
    answer = as_("officer").post(LIST, json={"name": "甲公司", "ownership": "private", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def assert_log_equals_tables(work: Work) -> None:
    with work() as session:
        told = chain.replay(session.connection())
        for model in (Enterprise, EnterpriseAlias, Listing, Contact, EnterpriseMerge):
            there = {
                row.id: {
                    column.key: CHANGED if column.key in model.__personal__ else plain(getattr(row, column.key))
                    for column in model.__table__.columns
                }
                for row in session.query(model)
            }
            assert told.get(model.__tablename__, {}) == there


def test_an_enterprise_is_entered_with_what_hangs_on_it(as_: As, db: Work) -> None:
    parent = enter(as_, name="正阳控股集团")
    answer = as_("officer").post(LIST, json={**NEW, "parent_id": parent["id"]})
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"/api/v1/enterprises/{made['id']}"
    assert [alias["alias"] for alias in made["aliases"]] == ["正阳新材"]
    assert made["parent"] == {"id": parent["id"], "name": "正阳控股集团"}
    assert made["registered_capital"] == "50000000.00"
    assert made["listings"][0]["published_on"] == "2020-07-27"
    assert made["contacts"][0]["phone"] == "13812341234"
    assert made["version"] == 1
    read = as_("officer").get(f"{LIST}/{made['id']}")
    assert read.json() == made
    assert read.headers["etag"].startswith('"1-')
    children = as_("officer").get(f"{LIST}/{parent['id']}").json()["children"]
    assert children == [{"id": made["id"], "name": NEW["name"]}]
    assert_log_equals_tables(db)


def test_a_wrong_code_names_the_expected_check_character(as_: As) -> None:
    for last in "Z4":
        answer = as_("officer").post(LIST, json={**NEW, "uscc": f"91350100M000100Y4{last}"})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error["field"] == "uscc"
        assert error["message"] == "统一社会信用代码校验不通过：按前 17 位，最后一位应为 3"


def test_one_code_belongs_to_one_enterprise(as_: As) -> None:
    first = enter(as_, uscc=USCC)
    answer = as_("officer").post(LIST, json={"name": "乙", "ownership": "other", "uscc": USCC.lower()})
    assert answer.status_code == 409
    assert answer.json()["code"] == "uscc_taken"
    assert answer.json()["message"] == f"该统一社会信用代码已属于「甲公司」（编号 {first['id']}）"
    other = enter(as_, name="乙公司", uscc=OTHER_USCC)
    patched = as_("officer").patch(f"{LIST}/{other['id']}", json={"uscc": USCC}, headers={"If-Match": '"1-0"'})
    assert patched.json()["code"] == "uscc_taken"
    same = as_("officer").patch(f"{LIST}/{first['id']}", json={"uscc": USCC}, headers={"If-Match": '"1-0"'})
    assert same.status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "——", "名称须含文字"),
        ("name", None, "应为文本"),
        ("ownership", "state", "不在可选值之中"),
        ("region", "999999", "行政区划代码不存在"),
        ("website", "javascript:alert(1)", "格式不符"),
        ("registered_capital", 1.5, "不能用浮点数"),
        ("registered_capital", "-1", ""),
        ("parent_id", 2**63, "不得大于"),
        ("parent_id", 999, "没有这个企业"),
        ("contacts", [{"name": "李", "phone": "138****1234"}], "格式不符"),
        ("contacts", [{"name": "李", "phone": "(转)"}], "不是电话号码"),
        ("contacts", [{"name": "李\u0000"}], "控制字符"),
        ("listings", [{"code": "listed", "year": 2020}] * 2, "只能填一次"),
        ("colour", "red", "不认识的字段"),
    ],
)
def test_input_is_checked(as_: As, field: str, value: Any, message: str) -> None:
    answer = as_("officer").post(LIST, json={**NEW, field: value})
    assert answer.status_code == 422
    assert any(message in error["message"] for error in answer.json()["errors"]), answer.text


def test_a_change_says_what_it_was_made_from(as_: As, db: Work) -> None:
    made = enter(as_, **NEW)
    officer, address = as_("officer"), f"{LIST}/{made['id']}"
    assert officer.patch(address, json={"note": None}).status_code == 428
    assert officer.patch(address, json={"note": None}, headers={"If-Match": '"9-1"'}).status_code == 412
    assert officer.patch(address, json={"note": None}, headers={"If-Match": "never"}).status_code == 412
    changed = officer.patch(
        address,
        json={"note": None, "registered_capital": "0.01"},
        headers={"If-Match": officer.get(address).headers["etag"]},
    )
    assert changed.status_code == 200
    assert changed.json() == made | {"note": None, "registered_capital": "0.01", "version": 2}
    assert changed.headers["etag"] == '"2-0"'
    assert officer.patch(address, json={"note": "x"}, headers={"If-Match": '"1-0"'}).status_code == 412
    for field in ("name", "ownership"):
        refused = officer.patch(address, json={field: None}, headers={"If-Match": '"2-0"'})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    cleared = officer.patch(address, json={"registered_capital": None}, headers={"If-Match": '"2-0"'})
    assert cleared.json()["registered_capital"] is None
    assert officer.patch(f"{LIST}/999", json={}, headers={"If-Match": '"2-0"'}).status_code == 404
    assert_log_equals_tables(db)


def test_a_write_elsewhere_does_not_make_a_reading_stale(as_: As) -> None:
    made = enter(as_)
    tag = as_("officer").get(f"{LIST}/{made['id']}").headers["etag"]
    enter(as_, name="乙公司")
    assert as_("officer").patch(f"{LIST}/{made['id']}", json={"note": "x"}, headers={"If-Match": tag}).is_success


def test_a_new_name_is_found_and_told(as_: As, db: Work) -> None:
    made = enter(as_, name="旧名公司", aliases=["别名"])
    officer = as_("officer")
    officer.patch(f"{LIST}/{made['id']}", json={"name": "新名公司"}, headers={"If-Match": '"1-0"'})
    found = {q: len(officer.get(LIST, params={"q": q}).json()["items"]) for q in ("旧名", "xinming", "别名")}
    assert found == {"旧名": 0, "xinming": 1, "别名": 1}
    with db() as session:
        [event] = session.query(chain.Event).filter_by(kind="enterprise.renamed")
        assert '"before":"旧名公司"' in event.body
    assert_log_equals_tables(db)


def test_nobody_stands_above_itself(as_: As) -> None:
    top, officer = enter(as_, name="上"), as_("officer")
    middle = enter(as_, name="中", parent_id=top["id"])
    low = enter(as_, name="下", parent_id=middle["id"])
    for parent in (top, middle, low):
        refused = officer.patch(f"{LIST}/{top['id']}", json={"parent_id": parent["id"]}, headers={"If-Match": '"1-0"'})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "parent_ring")
    moved = officer.patch(f"{LIST}/{low['id']}", json={"parent_id": top["id"]}, headers={"If-Match": '"1-0"'})
    assert moved.json()["parent"]["id"] == top["id"]


def test_aliases_listings_and_contacts_come_and_go(as_: As, db: Work) -> None:
    made, officer = enter(as_, name="正阳公司"), as_("officer")
    address = f"{LIST}/{made['id']}"
    alias = officer.post(f"{address}/aliases", json={"alias": "老正阳"})
    assert (alias.status_code, alias.json()["alias"], alias.headers["etag"]) == (201, "老正阳", '"2-0"')
    for taken in ("老 正阳", "正阳公司"):
        assert officer.post(f"{address}/aliases", json={"alias": taken}).json()["code"] == "alias_exists"
    listing = officer.post(f"{address}/listings", json={"code": "listed", "year": 2019})
    assert listing.json() | {"id": 0} == {"id": 0, "code": "listed", "year": 2019, "rank": None, "published_on": None}
    assert officer.post(f"{address}/listings", json={"code": "listed", "year": 2019}).json()["code"] == "listing_exists"
    contact = officer.post(f"{address}/contacts", json={"name": "王", "phone": "023-79311234"})
    place = f"{address}/contacts/{contact.json()['id']}"
    assert officer.patch(place, json={"phone": None}).status_code == 428
    assert officer.patch(place, json={"phone": None}, headers={"If-Match": '"3-0"'}).status_code == 412
    patched = officer.patch(place, json={"phone": None, "title": "厂长"}, headers={"If-Match": contact.headers["etag"]})
    assert patched.json() | {"id": 0} == {"id": 0, "name": "王", "title": "厂长", "phone": None, "note": None}
    assert officer.patch(place, json={"name": None}, headers={"If-Match": '"5-0"'}).status_code == 422
    whole = officer.get(address).json()
    assert whole["version"] == 5
    assert [len(whole[part]) for part in ("aliases", "listings", "contacts")] == [1, 1, 1]
    elsewhere = enter(as_, name="别家")
    for part, one in (("aliases", alias), ("listings", listing), ("contacts", contact)):
        wrong = officer.delete(f"{LIST}/{elsewhere['id']}/{part}/{one.json()['id']}")
        assert (wrong.status_code, wrong.json()["code"]) == (404, "no_part")
        gone = officer.delete(f"{address}/{part}/{one.json()['id']}")
        assert (gone.status_code, gone.content) == (204, b"")
        assert officer.delete(f"{address}/{part}/{one.json()['id']}").status_code == 404
    whole = officer.get(address).json()
    assert [len(whole[part]) for part in ("aliases", "listings", "contacts")] == [0, 0, 0]
    assert officer.get(LIST, params={"q": "老正阳"}).json()["items"] == []
    assert_log_equals_tables(db)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341234", "138****1234"),
        ("+86 138 1234 1234", "+86 1** **** 1234"),
        ("023-79311234", "023-****1234"),
        ("79311234", "****1234"),
        ("12345", "*****"),
        ("023-79311234 转 8001", "023-******** 转 8001"),
    ],
)
def test_a_phone_is_masked(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("role", "clear"), [("officer", True), ("reviewer", True), ("reporter", False), ("leader", False)]
)
def test_only_who_needs_phones_sees_them(as_: As, db: Work, role: str, clear: bool) -> None:
    with db() as session:
        made = make_enterprise(session, contacts=(("李工", "13812341234"),)).id
    as_("officer").get(f"{LIST}/{made}")  # kept for officers: must not be handed to others
    body = as_(role).get(f"{LIST}/{made}").text
    assert ("13812341234" in body) is clear
    assert ("138****1234" in body) is not clear


def test_the_log_keeps_no_phone(as_: As, db: Work) -> None:
    enter(as_, contacts=[{"name": "欧阳工", "phone": "13812341234", "note": "家住正阳"}])
    with db() as session:
        told = "".join(session.scalars(session.query(chain.Event.body).statement))
    assert not any(secret in told for secret in ("13812341234", "欧阳工", "家住正阳"))
