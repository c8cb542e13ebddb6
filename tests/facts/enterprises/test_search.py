"""The list: search, filters, sorting, pages."""

import pytest

from tests.clients import As, Work
from tests.factories.enterprises import make_enterprise

EVERY_CASE = True  # they choose the statements


@pytest.fixture
def names(db: Work) -> None:
    with db() as session:
        parent = make_enterprise(session, name="重庆银行", ownership="local_soe", region="500000", industry="J66")
        make_enterprise(
            session, name="正阳新材料有限公司", aliases=("老阳光",), region="500114", industry="C3042",
            parent_id=parent.id, uscc="91350100M000100Y43", registered_capital_fen=100_00, listings=(("listed", 2019),),
        )  # fmt: skip
        make_enterprise(session, name="100%_品牌\\公司", ownership="foreign", region="330100", industry="C13")
        make_enterprise(
            session, name="曾记茧丝绸", ownership="hmt", region="500103", listings=(("listed", 2018), ("listed", 2019))
        )


def found(as_: As, **asked: object) -> list[str]:
    answer = as_("reporter").get("/api/v1/enterprises", params=asked)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["items"]]


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("银行", ["重庆银行"]),
        ("新材", ["正阳新材料有限公司"]),
        ("新 材", ["正阳新材料有限公司"]),
        ("阳光", ["正阳新材料有限公司"]),
        ("chongqingyinh", ["重庆银行"]),
        ("CQYH", ["重庆银行"]),
        ("zengji", ["曾记茧丝绸"]),
        ("zyxcl", ["正阳新材料有限公司"]),
        ("laoyangguang", ["正阳新材料有限公司"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("100%_品", ["100%_品牌\\公司"]),
        ("1%0_0", ["100%_品牌\\公司"]),  # signs do not count
        ("没有", []),
    ],
)
def test_a_part_of_a_name_is_enough(as_: As, q: str, expected: list[str]) -> None:
    assert found(as_, q=q) == expected


@pytest.mark.usefixtures("names")
def test_filters(as_: As) -> None:
    assert found(as_) == ["100%_品牌\\公司", "重庆银行", "曾记茧丝绸", "正阳新材料有限公司"]
    assert found(as_, ownership=["foreign", "hmt"]) == ["100%_品牌\\公司", "曾记茧丝绸"]
    assert found(as_, region="500000") == ["重庆银行", "曾记茧丝绸", "正阳新材料有限公司"]
    assert found(as_, region="330100") == ["100%_品牌\\公司"]
    assert found(as_, region="500114") == ["正阳新材料有限公司"]
    assert found(as_, industry="C") == ["100%_品牌\\公司", "正阳新材料有限公司"]
    assert found(as_, industry="C30") == ["正阳新材料有限公司"]
    assert found(as_, listing="listed") == ["曾记茧丝绸", "正阳新材料有限公司"]
    assert found(as_, listing=["listed", "leader"], ownership="private") == ["正阳新材料有限公司"]
    assert found(as_, uscc="91350100m000100y43") == ["正阳新材料有限公司"]
    [row] = as_("leader").get("/api/v1/enterprises", params={"q": "新材"}).json()["items"]
    assert row["parent_name"] == "重庆银行"
    assert row["registered_capital"] == "100.00"
    assert found(as_, parent_id=row["parent_id"]) == ["正阳新材料有限公司"]
    assert found(as_, merged=True) == []
    wrong = as_("reporter").get("/api/v1/enterprises", params={"uscc": "91350100M000100Y44"})
    assert "最后一位应为 3" in wrong.json()["message"]
    assert as_("reporter").get("/api/v1/enterprises", params={"colour": "red"}).status_code == 422
    assert as_("reporter").get("/api/v1/enterprises", params={"sort": "phone"}).status_code == 422


def test_pages_follow_each_other(as_: As, db: Work) -> None:
    with db() as session:
        made = [make_enterprise(session, name=name).id for name in ["同名"] * 5 + ["阿大", "最后"]]
    for sort, expected in (
        ("name", [made[5], *made[:5], made[6]]), ("-name", [made[6], *reversed(made[:5]), made[5]]), ("-id", made[::-1])
    ):  # fmt: skip
        seen: list[int] = []
        after: str | None = None
        while True:
            asked = {"limit": 2, "sort": sort, "count": True} | ({"after": after} if after else {})
            page = as_("reporter").get("/api/v1/enterprises", params=asked).json()
            assert page["total"] == 7
            seen += [row["id"] for row in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert seen == expected


def test_an_unchanged_list_is_not_sent_again(as_: As, db: Work) -> None:
    reporter = as_("reporter")
    tag = reporter.get("/api/v1/enterprises").headers["etag"]
    assert reporter.get("/api/v1/enterprises", headers={"If-None-Match": tag}).status_code == 304
    with db() as session:
        make_enterprise(session)
    assert reporter.get("/api/v1/enterprises", headers={"If-None-Match": tag}).status_code == 200
