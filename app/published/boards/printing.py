"""The weekly board in printed words: what its templates can name."""

from datetime import date
from typing import Any

from app.published.documents.wording import days, listed, projects

_IN_SENTENCE = {
    "signed_count": "新签约项目{}个",
    "contract_amount": "合同引资{}",
    "started_count": "开工项目{}个",
    "outgoing_visits": "外出拜访{}次",
    "days_out": "外出{}天",
    "incoming_visits": "企业到访{}次",
    "visitors": "来访{}人次",
    "events_held": "举办招商活动{}场",
    "press_items": "新闻宣传{}条",
}


def printed(content: dict[str, Any]) -> dict[str, Any]:
    """All of a board's content as texts. The points of a unit are named by their sub-index: `unit.outgoing`."""
    year = date.fromisoformat(content["starts_on"]).year
    span = days(content["starts_on"], content["ends_on"], year)
    said = [_IN_SENTENCE[line["indicator"]].format(line["text"]) for line in content["summary"]]
    return {
        "week": content["label"],
        "days": span,
        "lead": f"{content['label']}（{span}），全区{'，'.join(said)}。",
        "summary": [
            {"label": f"{line['label']}（{line['unit']}）", "text": line["text"]} for line in content["summary"]
        ],
        "tiers": [
            {"label": tier["label"], "units": [_line(line) for line in tier["units"]]} for tier in content["tiers"]
        ],
        "sub_indices": [
            {name: head[name] for name in ("label", "weight", "measure", "method")} for head in content["sub_indices"]
        ],
        "weights": {head["code"]: head["weight"] for head in content["sub_indices"]},
        "rule": content["rule"]["title"],
        "sample": content["rule"]["sample"],
        "how": content["rule"]["how"],
        "late": listed([unit["name"] for unit in content["late"]]),
        "missing": listed([unit["name"] for unit in content["missing"]]),
        "signed": projects(content["signed"], year),
        "started": projects(content["started"], year),
    }


def _line(line: dict[str, Any]) -> dict[str, str]:
    return {part["code"]: part["points"] for part in line["parts"]} | {
        "rank": str(line["rank"]),
        "name": line["name"],
        "penalty": f"−{line['penalty']}" if line["late"] or line["missing"] else "0",
        "total": line["total"],
    }
