"""What the sandbox holds, as a page to look at: no script, nothing from elsewhere, new every few seconds."""

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.exchange.municipal.sandbox.city import City
from app.exchange.municipal.wire.contract import RESULT_LABELS, Result
from app.facts.projects.terms import STAGE_LABELS, STATUS_LABELS, Status
from app.kernel.calendar import SHANGHAI

router = APIRouter(include_in_schema=False)

SHOWN = 50
"""Records of each table."""

_STAGES = {str(stage): label for stage, label in STAGE_LABELS.items()}
_STATUSES = {str(status): label for status, label in STATUS_LABELS.items() if status is not Status.ACTIVE}
_RESULTS = {str(result): label for result, label in RESULT_LABELS.items()}
_GOOD, _BAD = {Result.ACCEPTED, Result.DUPLICATE}, {Result.REJECTED, Result.STALE}

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --dim: #66727f; --line: #dfe4ea; --ground: #f5f7f9; --card: #fff;
  --accent: #9a4b00; --warn: #fff4e0; --good: #1c7a45; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --dim: #97a3b0; --line: #303a45; --ground: #12171c;
  --card: #1a2027; --accent: #f0a35a; --warn: #33270f; --good: #5cc98a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, "Noto Sans CJK SC",
  "PingFang SC", "Microsoft YaHei", sans-serif; }
.notice { margin: 0; background: var(--warn); color: var(--accent); padding: .5rem 1rem; text-align: center;
  font-weight: 600; }
main { max-width: 72rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.dim { color: var(--dim); } .small { font-size: .85rem; }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.counts li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem;
  min-width: 7.5rem; }
.counts b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.table { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .45rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } th { color: var(--dim); font-weight: 500; font-size: .85rem; }
th, td.fixed { white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }
td:first-child { min-width: 11rem; } .good { color: var(--good); } .bad { color: var(--bad); }
"""


@router.get("/", response_class=HTMLResponse)
def show(request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(page(request.app.state.city))


def page(city: City) -> str:
    """What is held, newest first."""
    rows = city.store.rows
    counts = dict(rows("select kind, count(*) from held where op = 'put' group by kind"))
    gone = rows("select count(*) from held where op = 'delete'")[0][0]
    body = "".join(
        (
            '<p class="notice">沙箱：仅供演示与测试，不是市级系统</p><main>',
            "<h1>市级招商项目库</h1>",
            '<p class="dim">市级目前持有的内容，新近收到的在前；页面每 3 秒自行刷新。</p>',
            _counts(counts, gone),
            _projects(rows(_HELD, ("project", SHOWN))),
            _weeks(rows(_HELD, ("week", 12))),
            _journal(rows("select at, kind, key, version, op, result from journal order by id desc limit 15")),
            "</main>",
        )
    )
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="3">'
        f"<title>市级招商项目库（沙箱）</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


_HELD = """select key, version, at, payload from held where kind = ? and op = 'put'
           order by at desc, key desc limit ?"""


def _counts(counts: dict[str, int], gone: int) -> str:
    told = (
        ("项目", counts.get("project", 0)),
        ("到位资金", counts.get("fund", 0)),
        ("每周情况", counts.get("week", 0)),
    )
    items = "".join(f"<li>{name}<b>{number}</b></li>" for name, number in (*told, ("已删除", gone)))
    return f'<ul class="counts">{items}</ul>'


def _projects(rows: list[tuple[Any, ...]]) -> str:
    lines = []
    for key, version, at, text in rows:
        found = json.loads(text)
        # A channel may rename fields: what is not there is left blank, and the key always is there.
        name, stage = found.get("name") or key, found.get("stage", "")
        more = [_STATUSES[found["status"]]] if found.get("status") in _STATUSES else []
        lines.append(
            (
                f'{escape(str(name))}<div class="dim small">{escape(key)}</div>',
                escape("，".join([_STAGES.get(stage, str(stage)), *more])),
                escape(str(found.get("signed_on") or "")),
                _amount(found.get("contract_amount")),
                _amount(found.get("funds")),
                str(version),
                _moment(at),
            )
        )
    heads = ("项目", "阶段", "签约日期", "*合同金额（万元）", "*到位资金（万元）", "*版本", "收到")
    return f"<h2>项目</h2>{_table(heads, lines, '还没有收到项目')}"


def _weeks(rows: list[tuple[Any, ...]]) -> str:
    names = (
        "signed", "signed_amount", "started", "outgoing_visits", "incoming_visits", "visitors", "events", "press_items",
    )  # fmt: skip
    lines = []
    for key, version, at, text in sorted(rows, reverse=True):
        found = json.loads(text)
        cells = (_amount(found.get(name)) if "amount" in name else escape(str(found.get(name, ""))) for name in names)
        lines.append((escape(key), *cells, str(version), _moment(at)))
    heads = (
        "周", "*签约", "*签约金额（万元）", "*开工", "*外出拜访", "*企业到访", "*来访人次", "*活动", "*宣传", "*版本",
        "收到",
    )  # fmt: skip
    return f"<h2>每周情况</h2>{_table(heads, lines, '还没有收到每周情况')}"


def _journal(rows: list[tuple[Any, ...]]) -> str:
    lines = []
    for at, _, key, version, op, result in rows:
        tone = "good" if result in _GOOD else "bad" if result in _BAD else "dim"
        what = f"{escape(key)}{'（删除）' if op == 'delete' else ''}"
        lines.append((what, str(version), f'<span class="{tone}">{_RESULTS.get(result, result)}</span>', _moment(at)))
    return f"<h2>最近收到</h2>{_table(('记录', '*版本', '答复', '时间'), lines, '还没有收到任何记录')}"


def _table(heads: tuple[str, ...], lines: Iterable[tuple[str, ...]], empty: str) -> str:
    """A table; a head with a star stands over numbers."""
    kinds = [' class="number fixed"' if head.startswith("*") else "" for head in heads]
    kinds = [kind or (' class="fixed"' if at else "") for at, kind in enumerate(kinds)]
    top = "".join(f"<th{kind}>{head.removeprefix('*')}</th>" for head, kind in zip(heads, kinds, strict=True))
    rows = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for cell, kind in zip(line, kinds, strict=True))}</tr>"
        for line in lines
    )
    if not rows:
        return f'<p class="dim">{empty}</p>'
    return f'<div class="table"><table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>'


def _amount(yuan: Any) -> str:
    """Yuan as 万元, exact: 2223000000.00 → 222,300.00."""
    text = str(yuan or "").replace(".", "")
    if not text.removeprefix("-").isdigit():
        return ""
    sign, fen = ("-", text[1:]) if text.startswith("-") else ("", text)
    hundredths = (int(fen) + 5_000) // 10_000
    return f"{sign}{hundredths // 100:,}.{hundredths % 100:02d}"


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(SHANGHAI):%m-%d %H:%M:%S}"
