"""Who is meant by a name or a code, and who may be the same."""

import threading
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.facts.enterprises import queries, service
from app.facts.enterprises.merging import MergeIn, merge
from app.facts.enterprises.models import Enterprise, Ownership
from app.facts.enterprises.schemas import EnterpriseIn
from app.kernel import chain
from app.kernel.access import SYSTEM, Role
from app.kernel.errors import Forbidden, Invalid
from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import actor_of, make_user

EVERY_CASE = True  # they choose the statements

LIST = "/api/v1/enterprises"
USCC = "91350100M000100Y43"
OTHER_USCC = "11500114MB1912255L"


def people(session: Session) -> dict[str, int]:
    made = {
        "coded": make_enterprise(session, name="甲公司", uscc=USCC, aliases=("老甲", "乙公司")),
        "plain": make_enterprise(session, name="乙公司"),
        "second": make_enterprise(session, name="甲 公司"),
        "gone": make_enterprise(session, name="丙公司", uscc=OTHER_USCC),
        "kept": make_enterprise(session, name="丁公司", uscc="91110000600007519M"),
    }
    merge(session, SYSTEM, made["gone"].id, MergeIn(into=made["kept"].id, reason="同一企业"))
    return {name: enterprise.id for name, enterprise in made.items()}


@pytest.mark.parametrize(
    ("name", "uscc", "meant"),
    [
        ("甲公司", None, "coded"),
        ("（甲）公司", None, "coded"),
        ("老甲", None, "coded"),
        ("乙公司", None, "plain"),  # a name goes before an alias
        ("乙公司", USCC, "coded"),  # a code before a name
        ("甲公司", OTHER_USCC, "kept"),
        ("甲公司", "91500114MA5U00000X", "second"),  # not the one with another code
        ("老甲", "91500114MA5U00000X", None),
        ("丙公司", None, "kept"),
        ("丙公司", OTHER_USCC, "kept"),
        ("戊公司", None, None),
        ("——", None, None),
        (None, USCC, "coded"),
        (None, None, None),
    ],
)
def test_the_index_finds_what_the_query_finds(db: Work, name: str | None, uscc: str | None, meant: str | None) -> None:
    with db() as session:
        ids = people(session)
        expected = ids[meant] if meant else None
        assert queries.find(session, name=name, uscc=uscc) == expected
        assert queries.index(session).find(name, uscc) == expected


def test_one_is_found_or_made(db: Work) -> None:
    with db() as session:
        made, new = service.find_or_create(session, SYSTEM, "甲公司", region="500114")
        assert (new, made.ownership, made.region) == (True, Ownership.OTHER, "500114")
        again, new = service.find_or_create(session, SYSTEM, "甲　公司", USCC, Ownership.PRIVATE, "500101", "C30")
        assert (again.id, new) == (made.id, False)
        # What was open is filled in, what was said stays.
        assert (again.uscc, again.ownership, again.region, again.industry) == (USCC, "private", "500114", "C30")
        version = again.version
    with db() as session:
        same, new = service.find_or_create(session, SYSTEM, "甲公司", USCC, Ownership.FOREIGN, "500101", "C31")
        assert (same.id, new, same.version) == (made.id, False, version)
        assert not session.dirty
    with db() as session:
        other, new = service.find_or_create(session, SYSTEM, "甲公司", OTHER_USCC)
        assert new
        assert other.id != made.id
        with pytest.raises(Invalid) as refused:
            service.find_or_create(session, SYSTEM, "戊", "91350100M000100Y44")
        assert refused.value.errors[0].field == "uscc"


def test_who_may_not_edit_finds_but_makes_none(db: Work) -> None:
    with db() as session:
        known = make_enterprise(session, name="甲公司").id
        reporter = actor_of(make_user(session, Role.REPORTER))
        found, _ = service.find_or_create(session, reporter, "甲公司", USCC)
        assert (found.id, found.uscc) == (known, None)
        with pytest.raises(Forbidden):
            service.find_or_create(session, reporter, "乙公司")


def test_many_are_made_in_few_statements(db: Work) -> None:
    bodies = [EnterpriseIn(name=f"企业{n}", ownership="private", aliases=[f"别名{n}"]) for n in range(300)]
    with db() as session:
        known = queries.index(session)
        made = service.create_many(session, bodies)
        assert [enterprise.name for enterprise in made] == [body.name for body in bodies]
        fresh, new = service.find_or_create(session, SYSTEM, "新来", USCC, known=known)
        assert new
        assert service.find_or_create(session, SYSTEM, "别的名字", USCC, known=known) == (fresh, False)
    with db() as session:
        assert len(queries.index(session).by_name) == 601
        assert len(chain.replay(session.connection())["enterprise_alias"]) == 300


def test_two_who_enter_the_same_code_at_once(app: FastAPI, as_: As) -> None:
    officers = [as_("officer"), as_("officer", login="other")]
    start, codes = threading.Barrier(2), []

    def enter(client: Any) -> None:
        start.wait()
        codes.append(client.post(LIST, json={"name": "甲", "ownership": "other", "uscc": USCC}).status_code)

    threads = [threading.Thread(target=enter, args=[client]) for client in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [201, 409]


# -- duplicates ----------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(db: Work) -> dict[str, int]:
    with db() as session:
        group = make_enterprise(session, name="北方控股").id
        made = {
            "asked": make_enterprise(session, name="重庆正阳新材料有限公司", aliases=("正阳新材",), parent_id=group),
            "alias": make_enterprise(session, name="南岸铝业", aliases=("正阳 新材",)),
            "similar": make_enterprise(session, name="正阳新材料（集团）股份有限公司", uscc=USCC),
            "sound": make_enterprise(session, name="郑阳新才料公司"),
            "brother": make_enterprise(session, name="大不相同", parent_id=group),
            "stranger": make_enterprise(session, name="西部茧丝绸"),
        }
        return {"group": group} | {name: one.id for name, one in made.items()}


def test_doubles_of_one_that_is_there(as_: As, crowd: dict[str, int]) -> None:
    items = as_("reporter").get(f"{LIST}/{crowd['asked']}/duplicates").json()["items"]
    names = {number: name for name, number in crowd.items()}
    assert [(names[item["id"]], item["reasons"]) for item in items] == [
        ("alias", ["same_name"]),
        ("similar", ["similar_name"]),
        ("sound", ["similar_name"]),
        ("brother", ["same_parent"]),
    ]
    assert [item["score"] for item in items] == [100, 100, 95, None]
    assert as_("reporter").get(f"{LIST}/999/duplicates").status_code == 404


def test_doubles_of_one_to_be_entered(as_: As, crowd: dict[str, int]) -> None:
    names = {number: name for name, number in crowd.items()}

    def asked(**body: Any) -> list[tuple[str, list[str]]]:
        answer = as_("reporter").post(f"{LIST}/duplicates", json=body)
        assert answer.status_code == 200, answer.text
        return [(names[item["id"]], item["reasons"]) for item in answer.json()["items"]]

    assert asked(uscc=USCC, name="正阳新材料") == [
        ("similar", ["same_uscc", "similar_name"]),
        ("asked", ["similar_name"]),
        ("sound", ["similar_name"]),
        ("alias", ["similar_name"]),
    ]
    assert asked(name="西部茧丝绸", parent_id=crowd["group"]) == [
        ("stranger", ["same_name"]),
        ("asked", ["same_parent"]),
        ("brother", ["same_parent"]),
    ]
    assert asked(name="完全新的名字") == []
    assert as_("reporter").post(f"{LIST}/duplicates", json={}).status_code == 422


def test_checking_changes_nothing(as_: As, db: Work, crowd: dict[str, int]) -> None:
    with db() as session:
        before = session.query(Enterprise).count(), session.query(chain.Event).count()
        actor = actor_of(make_user(session, Role.REPORTER, login="reporter"))
        assert actor
    as_("reporter").post(f"{LIST}/duplicates", json={"name": "正阳"})
    with db() as session:
        enterprises = session.query(Enterprise).count()
        told = session.query(chain.Event).filter_by(subject="enterprise").count()
    assert (enterprises, told) == before
