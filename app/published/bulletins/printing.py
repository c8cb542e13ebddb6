"""The monthly bulletin in printed words: what its templates can name."""

from typing import Any

from app.facts.engagements.terms import FOLLOW_UP_LABELS, FollowUpStanding
from app.figures.indicators import INDICATORS_BY_CODE
from app.identity.units.models import TIER_LABELS, Tier
from app.kernel.calendar import Period
from app.published.documents.wording import NOTHING, amount, arrow, days, grown, listed, number, projects, short_day

CELLS = (
    "signed_count", "contract_amount", "funds_arrived", "started_count", "days_out", "outgoing_visits",
    "incoming_visits", "late_reports", "missing_reports",
)  # fmt: skip
RESTATED = "※"


def printed(content: dict[str, Any]) -> dict[str, Any]:
    """All of a bulletin's content as texts."""
    month = Period.parse(content["period"])
    year = month.start.year
    lines = {line["indicator"]: line for line in content["headline"]}
    return {
        "month": content["label"],
        "so_far": "1月" if month.start.month == 1 else f"1至{month.start.month}月",
        "lead": _lead(content["label"], month, lines),
        "leaders": _leaders(content["leaders"], year),
        "headline": [_line(line) for line in content["headline"]],
        "restated": any(line[at]["restated"] or line[at]["last_restated"] for line in lines.values() for at in _AT),
        "total": {"name": "全区"} | _cells(
            {code: line["month"]["value"] for code, line in lines.items()},
            {code: line["year"]["value"] for code, line in lines.items()},
        ),
        "groups": _groups(content["units"], content["other_units"]),
        "weeks": [_week(week, year) for week in content["weeks"]],
        "signed": projects(content["signed"], year),
        "started": projects(content["started"], year),
    }  # fmt: skip


_AT = ("month", "year")


def _lead(label: str, month: Period, lines: dict[str, Any]) -> str:
    def told(at: str) -> str:
        signed, funds, started = (lines[code][at] for code in ("signed_count", "funds_arrived", "started_count"))
        contracts = lines["contract_amount"][at]
        return (
            f"全区新签约项目{signed['text']}个{grown(signed['change'])}；"
            f"合同引资{contracts['text']}{grown(contracts['change'])}；"
            f"到位资金{funds['text']}{grown(funds['change'])}；"
            f"开工项目{started['text']}个{grown(started['change'])}。"
        )

    if month.start.month == 1:
        return f"{label}，{told('month')}"
    return f"{label}，{told('month')}1至{month.start.month}月，{told('year')}"


def _line(line: dict[str, Any]) -> dict[str, str]:
    month, year = line["month"], line["year"]
    label = line["label"] if line["unit"] in ("元", "比率") else f"{line['label']}（{line['unit']}）"
    return {
        "label": label,
        "month": _marked(month["text"], month["restated"]),
        "month_change": _marked(arrow(month["change"]), month["last_restated"]),
        "year": _marked(year["text"], year["restated"]),
        "year_change": _marked(arrow(year["change"]), year["last_restated"]),
    }


def _marked(text: str | None, restated: bool) -> str:
    return f"{text or NOTHING}{RESTATED if restated else ''}"


def _cells(month: dict[str, Any], year: dict[str, Any]) -> dict[str, str]:
    """`signed_count_month`, `signed_count_year` and so on; money in 万元."""
    return {
        f"{code}_{at}": (amount if INDICATORS_BY_CODE[code].unit == "元" else number)(values.get(code))
        for code in CELLS
        for at, values in (("month", month), ("year", year))
    }


def _groups(units: list[dict[str, Any]], others: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Units by their group, with zeros; those of none last."""
    found: dict[str, list[dict[str, str]]] = {}
    for unit in [*units, *([others] if others else [])]:
        label = TIER_LABELS[Tier(unit["tier"])] if unit["tier"] else "其他"
        found.setdefault(label, []).append({"name": unit["name"]} | _cells(unit["month"], unit["year"]))
    return [{"label": label, "units": lines} for label, lines in found.items()]


def _week(week: dict[str, Any], year: int) -> dict[str, str]:
    late, missing = (listed([unit["name"] for unit in week[name]]) for name in ("late", "missing"))
    if not week["settled"]:
        late = missing = "未截止或未要求报送"
    return {
        "label": f"第{int(week['week'][-2:])}周",
        "days": days(week["starts_on"], week["ends_on"], year),
        "late": late,
        "missing": missing,
    }


# -- the leaders' trips --------------------------------------------------------------------------------------------


def _leaders(leaders: dict[str, Any], year: int) -> dict[str, Any]:
    agreed = [(place, line) for place, trip in enumerate(leaders["items"], 1) for line in trip["follow_ups"]]
    left = [(trip, line) for trip in leaders["earlier"] for line in trip["follow_ups"]]
    return {
        "summary": _summary(leaders, year),
        "trips": [{"no": str(place)} | _trip(trip, year) for place, trip in enumerate(leaders["items"], 1)],
        "follow_ups": [
            {"no": str(at), "trip": str(place)} | _follow_up(line, year) for at, (place, line) in enumerate(agreed, 1)
        ],
        "earlier": [
            {"no": str(at), "trip": f"{listed(trip['leaders'])}{_when(trip, year)}赴{_where(trip)}"}
            | _follow_up(line, year)
            for at, (trip, line) in enumerate(left, 1)
        ],
    }


def _summary(leaders: dict[str, Any], year: int) -> str:
    count, earlier = leaders["follow_ups"], leaders["earlier_follow_ups"]
    until = short_day(leaders["as_of"], year)
    if not leaders["items"]:
        text = "本月没有主要领导带队外出招商。"
    elif not count["agreed"]:
        text = f"本月主要领导带队外出招商{len(leaders['items'])}次，没有议定对接落实事项。"
    else:
        text = (
            f"本月主要领导带队外出招商{len(leaders['items'])}次，议定对接落实事项{count['agreed']}项。截至{until}，"
            f"已落实{count['done']}项，待落实{count['open']}项，已逾期{count['overdue']}项，"
            f"不再落实{count['dropped']}项。"
        )
    if earlier["agreed"]:
        text += (
            f"以前月份外出招商尚有{earlier['agreed']}项未落实，其中待落实{earlier['open']}项、"
            f"已逾期{earlier['overdue']}项。"
        )
    return text


def _when(trip: dict[str, Any], year: int) -> str:
    return days(trip["starts_on"], trip["ends_on"], year)


def _where(trip: dict[str, Any]) -> str:
    region, place = trip["region"] or "", trip["place"] or ""
    # Many write the whole address once more.
    return place if place[:2] == region[:2] else f"{region}{place}"


def _trip(trip: dict[str, Any], year: int) -> dict[str, Any]:
    projects = [project["name"] for project in trip["projects"]]
    more = f"{'另' if projects else ''}有{trip['withheld']}个项目不列名" if trip["withheld"] else ""
    return {
        "title": trip["title"],
        "when": _when(trip, year),
        "days": number(trip["days"]),
        "where": _where(trip) or NOTHING,
        "leaders": listed(trip["leaders"]),
        "units": listed([unit["name"] for unit in trip["units"]]),
        "enterprises": listed(trip["enterprises"]),
        "projects": "；".join(text for text in ("、".join(projects), more) if text) or "无",
    }


def _follow_up(line: dict[str, Any], year: int) -> dict[str, str]:
    state = FollowUpStanding(line["state"])
    more = ""
    if state is FollowUpStanding.DONE:
        more = f"（{short_day(line['done_on'], year)}）"
    elif state is FollowUpStanding.OVERDUE:
        more = f"{line['days_overdue']}天"
    remark = line["result"] or line["dropped_reason"]
    return {
        "what": line["what"],
        "unit": line["unit_name"],
        "due": short_day(line["due_on"], year),
        "state": f"{FOLLOW_UP_LABELS[state]}{more}",
        "remark": f"：{remark}" if remark else "",
    }
