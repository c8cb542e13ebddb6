"""The rows of engagements and reports in themselves: labelled, understood, and of enterprises that are known."""

from collections import Counter

from app.demo.engagements import is_of_week
from app.demo.ledger import demo_rows
from app.kernel.regions import find_region

ENTERPRISES, ENGAGEMENTS = demo_rows("enterprises"), demo_rows("engagements")
REPORTED = {"泰佳生物", "巴斯夫中国"}
"""The report names them; 新东林食品 is in the ledger."""


def test_what_is_invented_says_so() -> None:
    for row in ENTERPRISES:
        real = row["企业名称"] in REPORTED
        assert real is not row["企业名称"].endswith("（虚构）")
        assert row["数据说明"].startswith("名称来自公开报告" if real else "虚构")
    assert all(row["主题"].endswith("（演示）") for row in ENGAGEMENTS)
    assert all(row["落实事项"].endswith("（演示）") for row in demo_rows("follow_ups"))
    assert all(row["媒体"].endswith("（虚构）") for row in ENGAGEMENTS if row["种类"] == "新闻宣传")


def test_of_note_are_as_many_as_the_report_says() -> None:
    assert Counter(row["企业性质"] for row in ENTERPRISES if row["榜单"]) == {"央企": 11, "民企": 32, "外企": 1}


def test_every_name_is_known() -> None:
    known = {row["企业名称"] for row in ENTERPRISES} | {row["投资企业"] for row in demo_rows("projects")}
    met = {name for row in ENGAGEMENTS for name in row["企业"].split("、") if name}
    assert met <= known
    places = {row["地区"] for row in ENGAGEMENTS if row["地区"]} | {row["来源地"] for row in ENTERPRISES}
    assert {place for place in places if find_region(place) is None} == set()


def test_the_regions_looked_to_were_visited() -> None:
    trips = [row for row in ENGAGEMENTS if row["种类"] == "外出拜访" and not is_of_week(row) and not row["并入"]]
    visited = Counter(row["地区"][:2] for row in trips)
    assert set(dict(visited.most_common(4))) == {"北京", "上海", "浙江", "江苏"}
