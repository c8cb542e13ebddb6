"""The report of a clearance in printed words, and a sample of it."""

from datetime import date
from typing import Any

from app.kernel.money import percent_text
from app.published.clearances.schemas import ClearanceContent, ReportLine, ReportUnit, VerdictCount
from app.published.clearances.terms import VERDICT_LABELS, ClauseVerdict


def printed(content: dict[str, Any]) -> dict[str, Any]:
    """All of a report's content as texts."""
    clauses = content["clauses"]
    bare = content["without_clauses"]
    withheld = content["withheld"]
    since, on = (date.fromisoformat(content[name]) for name in ("since", "on"))
    return {
        "lead": (
            f"{content['title']}自{_day(since)}以来签订的正式合同{content['agreements']}份"
            f"{f'（其中{bare}份未登记条款）' if bare else ''}、条款{clauses}条，条款按{_day(on)}的状态列入，"
            f"已认定{content['confirmed']}条。"
        ),
        "findings": [
            {
                "label": line["label"],
                "clauses": str(line["clauses"]),
                "confirmed": str(line["confirmed"]),
                "share": f"{percent_text(line['clauses'], clauses)}%" if clauses else "—",
            }
            for line in content["findings"]
        ],
        "units": [
            {"name": line["name"]} | {key: str(line[key]) for key in ("clauses", "to_settle", "done", "late")}
            for line in content["units"]
        ],
        "lines": [
            {
                "no": str(number),
                "name": f"{line['name']}：{line['text']}（{line['why']}）",
                "unit": line["owner"] or "未指定",
                "on": line["deadline"] or "—",
                "finding": VERDICT_LABELS[ClauseVerdict(line["finding"])],
                "action": line["action"] or "",
            }
            for number, line in enumerate(content["lines"], 1)
        ],
        "note": f"另有{withheld}条属于未公开的项目，不列名。" if withheld else "以上为全部须处理的条款。",
    }


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def sample() -> ClearanceContent:
    """A report with one of everything."""
    verdict = ClauseVerdict.DUE_UNPAID
    return ClearanceContent(
        period="2020", clearance=1, title="合同履约清理", since=date(2015, 1, 1), on=date(2020, 8, 31), agreements=2,
        without_clauses=1, clauses=3, confirmed=2,
        findings=[VerdictCount(finding=verdict, label=VERDICT_LABELS[verdict], clauses=3, confirmed=2)],
        units=[ReportUnit(name="区财政局", clauses=3, to_settle=2, done=1, late=1)],
        lines=[
            ReportLine(
                project="500114-2020-0026", name="防眩光玻璃", text="兑现补贴二百万元", finding=verdict,
                why="应于 2020-06-30 履行，已逾期 62 天", action="列入下年预算兑现", owner="区财政局",
                deadline=date(2020, 12, 31), done_on=None,
            )
        ],
        withheld=1,
    )  # fmt: skip
