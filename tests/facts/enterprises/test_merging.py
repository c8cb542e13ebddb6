"""Merging two entries of one enterprise, and taking it back."""

import threading
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.facts.enterprises import merging, service
from app.facts.enterprises.models import Contact, Enterprise, EnterpriseAlias, EnterpriseMerge, Listing
from app.kernel import chain, events
from app.kernel.access import SYSTEM
from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise

LIST = "/api/v1/enterprises"
USCC = "91350100M000100Y43"
OTHER_USCC = "11500114MB1912255L"


def content(session: Session) -> dict[str, Any]:
    """Every row but the traces, without row versions."""
    return {
        model.__tablename__: {
            row.id: {
                column.key: events.plain(getattr(row, column.key))
                for column in model.__table__.columns
                if column.key != "version"
            }
            for row in session.query(model)
        }
        for model in (Enterprise, EnterpriseAlias, Listing, Contact)
    }


def assert_log_equals_tables(session: Session) -> None:
    told = chain.replay(session.connection())
    for model in (Enterprise, EnterpriseAlias, Listing, Contact, EnterpriseMerge):
        there = {
            row.id: {
                column.key: chain.CHANGED
                if column.key in model.__personal__
                else events.plain(getattr(row, column.key))
                for column in model.__table__.columns
            }
            for row in session.query(model)
        }
        assert told.get(model.__tablename__, {}) == there


@pytest.fixture
def two(db: Work) -> tuple[int, int]:
    """(kept, merged): the second knows more, and shares an alias and a listing with the first."""
    with db() as session:
        group = make_enterprise(session, name="正阳控股集团")
        kept = make_enterprise(
            session, name="正阳新材料公司", ownership="other", aliases=("正阳", "共名"), listings=(("listed", 2019),)
        )
        merged = make_enterprise(
            session, name="正阳新材料（重庆）公司", ownership="private", uscc=USCC, region="500114", industry="C30",
            registered_capital_fen=5_000_00, website="https://example.com", note="记", parent_id=group.id,
            aliases=("共 名", "老正阳"), listings=(("listed", 2019), ("leader", 2020)),
            contacts=(("李", "13812341234"),),
        )  # fmt: skip
        make_enterprise(session, name="子公司", parent_id=merged.id)
        return kept.id, merged.id


def merge(as_: As, merged: int, into: int) -> dict[str, Any]:
    answer = as_("officer").post(f"{LIST}/{merged}/merge", json={"into": into, "reason": "同一企业"})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def undo(as_: As, merge_id: int) -> dict[str, Any]:
    answer = as_("reviewer").post(f"{LIST}/merges/{merge_id}/undo", json={"reason": "并非同一企业"})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def refusal(as_: As, merge_id: int) -> tuple[int, str, str]:
    answer = as_("reviewer").post(f"{LIST}/merges/{merge_id}/undo")
    return answer.status_code, answer.json()["code"], answer.json()["message"]


def test_the_kept_one_gets_everything(as_: As, two: tuple[int, int]) -> None:
    kept, merged = two
    trace = merge(as_, merged, kept)
    assert trace["moved"] == {"aliases": 1, "listings": 1, "contacts": 1, "children": 1}
    assert (trace["kept"]["id"], trace["merged"]["id"], trace["by_name"] is None) == (kept, merged, False)
    whole = as_("officer").get(f"{LIST}/{kept}").json()
    assert [alias["alias"] for alias in whole["aliases"]] == ["正阳", "共名", "老正阳", "正阳新材料（重庆）公司"]
    assert [(listing["code"], listing["year"]) for listing in whole["listings"]] == [("leader", 2020), ("listed", 2019)]
    assert whole["contacts"][0]["phone"] == "13812341234"
    assert [child["name"] for child in whole["children"]] == ["子公司"]
    assert whole["parent"]["name"] == "正阳控股集团"
    assert (whole["uscc"], whole["ownership"], whole["region"], whole["industry"]) == (USCC, "private", "500114", "C30")
    assert (whole["registered_capital"], whole["website"], whole["note"]) == ("5000.00", "https://example.com", "记")
    old = as_("reporter").get(f"{LIST}/{merged}").json()
    assert old["merged_into"] == {"id": kept, "name": "正阳新材料公司"}
    assert (old["uscc"], old["region"], [a["alias"] for a in old["aliases"]]) == (None, "500114", ["共 名"])


def test_the_merged_one_is_found_only_when_asked_for(as_: As, two: tuple[int, int]) -> None:
    kept, merged = two
    merge(as_, merged, kept)
    reporter = as_("reporter")
    for q in ("（重庆）", "laozhengyang", "老正阳"):
        assert [row["id"] for row in reporter.get(LIST, params={"q": q}).json()["items"]] == [kept]
    [row] = reporter.get(LIST, params={"merged": True}).json()["items"]
    assert (row["id"], row["merged_into_id"]) == (merged, kept)


def test_a_merged_one_is_read_only(as_: As, two: tuple[int, int]) -> None:
    kept, merged = two
    merge(as_, merged, kept)
    officer, address = as_("officer"), f"{LIST}/{merged}"
    third = officer.post(LIST, json={"name": "第三", "ownership": "other"}).json()["id"]
    for method, path, body in (
        ("PATCH", address, {"note": "x"}),
        ("POST", f"{address}/aliases", {"alias": "新"}),
        ("POST", f"{address}/listings", {"code": "listed", "year": 2021}),
        ("POST", f"{address}/contacts", {"name": "新"}),
        ("PATCH", f"{address}/contacts/1", {}),
        ("DELETE", f"{address}/aliases/1", None),
        ("POST", f"{address}/merge", {"into": third, "reason": "x"}),
        ("POST", f"{LIST}/{third}/merge", {"into": merged, "reason": "x"}),
    ):
        refused = officer.request(method, path, json=body, headers={"If-Match": '"1-0"'})
        assert (refused.status_code, refused.json()["code"]) == (409, "enterprise_merged"), path
        assert f"请改用编号 {kept}" in refused.json()["message"]
    child = officer.patch(f"{LIST}/{third}", json={"parent_id": merged}, headers={"If-Match": '"1-0"'})
    assert child.json()["errors"] == [
        {"field": "parent_id", "code": "enterprise_merged", "message": f"该企业已并入编号 {kept} 的企业"}
    ]
    same = officer.post(LIST, json={"name": "第四", "ownership": "other", "uscc": USCC})
    assert same.json()["message"].endswith(f"（编号 {kept}）")


@pytest.mark.parametrize(("into", "status"), [(0, 422), (None, 422), (999, 422)])
def test_what_cannot_be_merged(as_: As, two: tuple[int, int], into: int | None, status: int) -> None:
    answer = as_("officer").post(f"{LIST}/{two[1]}/merge", json={"into": into or two[1], "reason": "x"})
    assert answer.status_code == status
    assert as_("officer").post(f"{LIST}/999/merge", json={"into": two[0], "reason": "x"}).status_code == 404
    assert as_("officer").post(f"{LIST}/{two[1]}/merge", json={"into": two[0], "reason": " "}).status_code == 422


def test_undoing_puts_everything_back(as_: As, db: Work, two: tuple[int, int]) -> None:
    kept, merged = two
    with db() as session:
        before = content(session)
    trace = merge(as_, merged, kept)
    with db() as session:
        assert content(session) != before
        assert_log_equals_tables(session)
    undone = undo(as_, trace["id"])
    assert undone["undone_at"] is not None
    with db() as session:
        assert content(session) == before
        assert_log_equals_tables(session)
        told = session.query(chain.Event).filter(chain.Event.kind.in_(["enterprise.merged", "enterprise.unmerged"]))
        assert [(event.kind, event.subject_id) for event in told.order_by(chain.Event.seq)] == [
            ("enterprise.merged", kept),
            ("enterprise.unmerged", kept),
        ]
        assert chain.verify(session.connection()).intact
    assert refusal(as_, trace["id"])[:2] == (409, "merge_undone")
    assert as_("officer").post(f"{LIST}/merges/999/undo").json()["code"] == "no_merge"
    again = merge(as_, merged, kept)
    for one in (kept, merged):
        listed = as_("leader").get(f"{LIST}/{one}/merges").json()["items"]
        assert [item["id"] for item in listed] == [again["id"], trace["id"]]
    assert as_("leader").get(f"{LIST}/999/merges").status_code == 404


def test_what_was_changed_on_purpose_stays(as_: As, db: Work, two: tuple[int, int]) -> None:
    kept, merged = two
    trace, officer = merge(as_, merged, kept), as_("officer")
    whole = officer.get(f"{LIST}/{kept}")
    patched = officer.patch(
        f"{LIST}/{kept}", json={"region": "500101", "uscc": OTHER_USCC}, headers={"If-Match": whole.headers["etag"]}
    )
    assert patched.status_code == 200
    for part, index in (("aliases", 2), ("listings", 0), ("contacts", 0)):
        assert officer.delete(f"{LIST}/{kept}/{part}/{whole.json()[part][index]['id']}").status_code == 204
    officer.post(f"{LIST}/{kept}/contacts", json={"name": "新人"})  # must not be taken for the removed one
    child = officer.get(f"{LIST}/{whole.json()['children'][0]['id']}")
    address = f"{LIST}/{child.json()['id']}"
    officer.patch(address, json={"parent_id": None}, headers={"If-Match": child.headers["etag"]})
    undone = undo(as_, trace["id"])
    [warning] = undone["warnings"]
    assert warning.startswith("合并后已删除的联系人（编号 ")
    one, other = officer.get(f"{LIST}/{kept}").json(), officer.get(f"{LIST}/{merged}").json()
    assert (one["uscc"], one["region"], one["industry"]) == (OTHER_USCC, "500101", None)
    assert (other["uscc"], other["merged_into"], other["children"], other["contacts"]) == (USCC, None, [], [])
    assert [contact["name"] for contact in one["contacts"]] == ["新人"]
    assert [alias["alias"] for alias in other["aliases"]] == ["共 名", "老正阳"]
    assert [(listing["code"], listing["year"]) for listing in other["listings"]] == [("leader", 2020), ("listed", 2019)]
    assert [alias["alias"] for alias in one["aliases"]] == ["正阳", "共名"]
    with db() as session:
        assert_log_equals_tables(session)


def test_merges_are_taken_back_in_turn(as_: As, db: Work) -> None:
    with db() as session:
        a, b, c, d = (make_enterprise(session, name=name, aliases=("共名",)).id for name in ("甲", "乙", "丙", "丁"))
        before = content(session)
    first = merge(as_, a, b)
    second = merge(as_, c, b)
    third = merge(as_, b, d)
    for one in (a, b, c):
        assert as_("leader").get(f"{LIST}/{one}").json()["merged_into"]["id"] == d
    for trace in (first, second):
        status, code, message = refusal(as_, trace["id"])
        assert (status, code) == (409, "undo_blocked")
        assert f"保留的企业后来并入了编号 {d} 的企业，请先撤销那次合并" in message
    undo(as_, third["id"])
    assert as_("leader").get(f"{LIST}/{a}").json()["merged_into"]["id"] == b
    assert f"请先撤销编号 {second['id']} 的合并" in refusal(as_, first["id"])[2]
    undo(as_, second["id"])
    undo(as_, first["id"])
    with db() as session:
        assert content(session) == before
        assert_log_equals_tables(session)


def test_a_code_given_away_since_blocks(as_: As, db: Work, two: tuple[int, int]) -> None:
    kept, merged = two
    trace = merge(as_, merged, kept)
    with db() as session:
        session.get_one(Enterprise, kept).uscc = None
    other = as_("officer").post(LIST, json={"name": "抢注", "ownership": "other", "uscc": USCC}).json()["id"]
    assert refusal(as_, trace["id"]) == (
        409, "undo_blocked", f"无法撤销：统一社会信用代码 {USCC} 后来归了「抢注」（编号 {other}）",
    )  # fmt: skip
    assert as_("leader").get(f"{LIST}/{merged}").json()["merged_into"]["id"] == kept


def test_two_codes_are_a_warning(as_: As, db: Work) -> None:
    with db() as session:
        kept, merged = (make_enterprise(session, uscc=uscc).id for uscc in (USCC, OTHER_USCC))
    trace = merge(as_, merged, kept)
    assert "统一社会信用代码不同" in trace["warnings"][0]
    assert as_("leader").get(f"{LIST}/{merged}").json()["uscc"] == OTHER_USCC
    taken = as_("officer").post(LIST, json={"name": "新", "ownership": "other", "uscc": OTHER_USCC})
    assert taken.json()["message"].endswith(f"（编号 {merged}，已并入编号 {kept}）")
    checked = as_("reporter").post(f"{LIST}/duplicates", json={"uscc": OTHER_USCC}).json()["items"]
    assert [(item["id"], item["reasons"]) for item in checked] == [(kept, ["same_uscc"])]


@pytest.mark.parametrize("into", ["child", "grandchild", "parent"])
def test_within_a_family(as_: As, db: Work, into: str) -> None:
    with db() as session:
        top = make_enterprise(session, name="顶").id
        merged = make_enterprise(session, name="并", parent_id=top).id
        child = make_enterprise(session, name="子", parent_id=merged).id
        grandchild = make_enterprise(session, name="孙", parent_id=child).id
        before = content(session)
    kept = {"child": child, "grandchild": grandchild, "parent": top}[into]
    trace = merge(as_, merged, kept)
    with db() as session:
        parents = {one.id: one.parent_id for one in session.query(Enterprise)}
        expected = {
            "child": {top: None, merged: top, child: top, grandchild: child},
            "grandchild": {top: None, merged: top, child: grandchild, grandchild: top},
            "parent": {top: None, merged: top, child: top, grandchild: child},
        }
        assert parents == expected[into]
    undo(as_, trace["id"])
    with db() as session:
        assert content(session) == before
        assert_log_equals_tables(session)


def test_a_ring_that_undoing_would_make_blocks(as_: As, db: Work) -> None:
    with db() as session:
        parent = make_enterprise(session, name="母").id
        merged = make_enterprise(session, name="并", parent_id=parent).id
        child = make_enterprise(session, name="子", parent_id=merged).id
        kept = make_enterprise(session, name="留", parent_id=make_enterprise(session, name="他").id).id
    trace = merge(as_, merged, kept)
    moved = as_("officer").patch(f"{LIST}/{parent}", json={"parent_id": child}, headers={"If-Match": '"1-0"'})
    assert moved.status_code == 200
    status, code, message = refusal(as_, trace["id"])
    assert (status, code) == (409, "undo_blocked")
    assert "成为自身的上级" in message


def test_domains_above_keep_their_part_in_the_trace(db: Work, two: tuple[int, int]) -> None:
    kept, merged = two
    with db() as session:
        body = merging.MergeIn(into=kept, reason="同一企业")
        trace = merging.merge(session, SYSTEM, merged, body)
        merging.note(session, trace.id, "projects", [3, 5])
        merge_id = trace.id
    with db() as session:
        assert merging.noted(session, merge_id, "projects") == [3, 5]
        assert merging.noted(session, merge_id, "agreements") is None
        assert_log_equals_tables(session)
    with pytest.raises(merging.UndoBlocked, match="项目已归档"), db() as session:
        merging.undo(session, SYSTEM, merge_id)
        raise merging.UndoBlocked.because("项目已归档")
    with db() as session:
        assert session.get_one(Enterprise, merged).merged_into_id == kept
        with pytest.raises(service.Invalid):
            service.linkable(session, merged)
        assert service.linkable(session, kept).id == kept


def test_many_merge_at_once_and_nobody_waits_in_a_ring(as_: As, db: Work) -> None:
    with db() as session:
        made = [make_enterprise(session, name=f"企业{n}").id for n in range(6)]
        below = [make_enterprise(session, name=f"子公司{n}", parent_id=made[n % 6]).id for n in range(12)]
    officers = [as_("officer", login=f"officer{n}") for n in range(5)]
    start, codes = threading.Barrier(5), []

    def merge(n: int) -> None:
        start.wait()
        for one, other in [*permutations(made, 2)][n::4]:
            answer = officers[n].post(f"{LIST}/{one}/merge", json={"into": other, "reason": "同一企业"})
            codes.append(answer.json().get("code", answer.status_code))
            if answer.status_code == 201:
                undone = officers[n].post(f"{LIST}/merges/{answer.json()['id']}/undo", json={"reason": "并错了"})
                codes.append(undone.json().get("code", undone.status_code))

    def move() -> None:
        start.wait()
        for n, one in enumerate(below * 3):
            found = officers[4].get(f"{LIST}/{one}")
            answer = officers[4].patch(
                f"{LIST}/{one}", json={"parent_id": made[n % 5]}, headers={"If-Match": found.headers["etag"]}
            )
            codes.append(answer.json().get("code", answer.status_code))

    threads = [threading.Thread(target=merge, args=[n]) for n in range(4)] + [threading.Thread(target=move)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) >= 66
    assert set(codes) <= {200, 201, "enterprise_merged", "undo_blocked", "stale", "invalid"}, "nobody was crossed"
    with db() as session:
        assert_log_equals_tables(session)
