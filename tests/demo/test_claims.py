"""Every claim of the report of 2020 that can be computed so far, asked of the figures as anybody would ask them.

The claims are written down here as the report has them; `compare` says how a claim holds: `equal` after rounding to its
digits, `at_least`, or `about` (within a twentieth).
"""

from decimal import Decimal
from typing import Any

import pytest

from tests.clients import As

NEWEST_ONLY = True  # the demo is loaded by the services of all domains, whose statements are tried there

YI = 100_000_000  # yuan

YEAR, QUARTER, WINDOW = "2020", "2020-Q3", "2020-07-01..2020-10-08"
INDUSTRY = "filter=sector:industry"

# the report's words, what to ask, of when, what it says, how that holds
CLAIMS: list[tuple[str, str, str, str | int, str]] = [
    ("全年签约项目46个", "indicator=signed_count", YEAR, "46", "equal"),
    ("合同引资120亿元以上", "indicator=contract_amount", YEAR, 120 * YI, "at_least"),
    ("到位资金约19亿元", "indicator=funds_arrived", YEAR, 19 * YI, "about"),
    ("1亿元以上项目19个", "indicator=large_count", YEAR, "19", "equal"),
    ("占签约总数的41.3%", "indicator=large_count/signed_count", YEAR, "41.3%", "equal"),
    ("同比增加58.3%", "indicator=large_count&compare=yoy", YEAR, "58.3%", "change"),
    ("占合同总额的90%以上", "indicator=large_amount/contract_amount", YEAR, "0.9", "at_least"),
    ("工业项目20个", f"indicator=signed_count&{INDUSTRY}", YEAR, "20", "equal"),
    ("占签约总数的43.4%", f"indicator=signed_count/signed_count&{INDUSTRY}&rounding=down", YEAR, "43.4%", "equal"),
    ("工业占合同总额的62.5%", f"indicator=contract_amount/contract_amount&{INDUSTRY}", YEAR, "62.5%", "equal"),
    ("农业项目8个", "indicator=signed_count&filter=sector:agriculture", YEAR, "8", "equal"),
    ("现代服务业项目18个", "indicator=signed_count&filter=sector:services", YEAR, "18", "equal"),
    ("当年签约、当年落地开工项目24个", "indicator=same_year_started", YEAR, "24", "equal"),
    ("落地开工率达52.2%", "indicator=start_rate", YEAR, "52.2%", "equal"),
    ("同比增长约9%", "indicator=same_year_started&compare=yoy&digits=0", YEAR, "9%", "change"),
    ("资金到位率15.8%", "indicator=funds_rate", YEAR, "15.8%", "equal"),
    ("固定资产投资贡献约为31.7%", "indicator=fai_share", YEAR, "31.7%", "equal"),
    ("三季度签订12个", "indicator=signed_count", QUARTER, "12", "equal"),
    ("三季度签订12个", "indicator=signed_count", WINDOW, "12", "equal"),
    ("三季度合同投资额22.23亿元", "indicator=contract_amount", QUARTER, 2223 * YI // 100, "equal"),
    ("三季度合同投资额22.23亿元", "indicator=contract_amount", WINDOW, 2223 * YI // 100, "equal"),
    ("视频对接项目10余个", "indicator=online_talk_projects", YEAR, 11, "at_least"),
    ("项目数据库125个项目", "indicator=projects_in_database", YEAR, "125", "equal"),
    ("推介知名企业30余家", "indicator=enterprises_promoted", YEAR, 31, "at_least"),
]
# They stand in the paragraph of the campaign: both readings hold, and those of the quarter in which it lies.
CLAIMS += [
    claim
    for period in (YEAR, QUARTER, WINDOW)
    for claim in (
        ("对接央企11家", "indicator=central_soe_contacts", period, "11", "equal"),
        ("知名民企32家", "indicator=private_contacts", period, "32", "equal"),
        ("外企1家", "indicator=foreign_contacts", period, "1", "equal"),
        ("区领导带队招商80余次", "indicator=leader_trips", period, 81, "at_least"),
        ("拜访企业100余家", "indicator=enterprises_visited", period, 101, "at_least"),
    )
]
BELOW = {"leader_trips": 90, "enterprises_visited": 110, "online_talk_projects": 20, "enterprises_promoted": 40}
"""What is called 80余 is less than 90."""


def holds(item: dict[str, Any], claimed: str | int, compare: str) -> bool:
    """Does the answer say what the report says?"""
    if compare == "change":
        return bool(item["compare"]["text"] == claimed)
    value = Decimal(str(item["value"]))
    match compare:
        case "at_least":
            return value >= Decimal(claimed) and value < BELOW.get(item["indicator"], value + 1)
        case "about":
            return abs(value - Decimal(claimed)) * 20 <= Decimal(claimed)
        case _:
            return item["text"] == claimed if isinstance(claimed, str) else value == claimed


@pytest.mark.usefixtures("demo")
def test_the_claims_of_2020_hold(as_: As) -> None:
    leader = as_("leader")
    missed = []
    for said, asked, period, claimed, compare in CLAIMS:
        answer = leader.get(f"/api/v1/figures?{asked}&period={period}")
        assert answer.status_code == 200, (said, answer.text)
        (item,) = answer.json()["items"]
        if not holds(item, claimed, compare):
            missed.append((said, period, item["value"], item["text"]))
    assert missed == []
    # The enterprises that the report names, and both signings online with the project that each is of.
    rows = leader.get("/api/v1/figures/rows?indicator=enterprises_promoted&period=2020&limit=200").json()["items"]
    assert {"泰佳生物", "巴斯夫中国", "新东林食品"} <= {row["enterprise_name"] for row in rows}
    signings = leader.get("/api/v1/engagements?kind=cloud_signing").json()["items"]
    told = [leader.get(f"/api/v1/engagements/{item['id']}").json() for item in signings]
    assert {one["platform"]: [project["name"] for project in one["projects"]] for one in told} == {
        "全市一季度云签约会场": ["海通茧丝绸"], "中新金融峰会线上会场": ["中新杏鲍菇"],
    }  # fmt: skip
