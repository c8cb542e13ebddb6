"""The demo ledger as a workbook: what an officer would drop on the import.

The sources are the CSV files beside this module, with the Chinese headings of a ledger. The report of 2020 gives
counts and sums; the rows were made so that they add up to them, and each row's `数据说明` says what is invented.
"""

import csv
import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Literal

from app.kernel.sheets import ColumnOut, SheetOut, Style, write_workbook

DemoFile = Literal[
    "units", "projects", "agreements", "funds", "enterprises", "engagements", "follow_ups", "reports"
]  # fmt: skip
INVENTED = "【演示数据】"
"""In the note the label follows what is invented into the database and every answer made from it."""
TITLE = (
    "黔江区招商引资项目台账（演示数据：部分项目名称来自公开报告，"
    "其金额、日期、编号与企业信息以及其余项目均为虚构，不代表真实情况）"
)
UNIT_LINE = "单位：万元"

_SHEETS: tuple[tuple[str, DemoFile], ...] = (
    ("项目台账", "projects"),
    ("合同协议", "agreements"),
    ("到位资金", "funds"),
)
_DAYS_BEFORE_LOADING = re.compile(r"T-([0-9]+)")
_FEN_PER_WAN = 1_000_000
_SAYS_WHAT_IS_INVENTED = "数据说明"
_PLAIN_NUMBERS: dict[str, Style] = {
    "经度": "decimal",
    "纬度": "decimal",
    "用地面积(亩)": "decimal",
    "承诺用工": "integer",
}
_WIDE = {"项目名称", "投资企业", "建设地点", "签约主体", "备注", "存在问题", "统一社会信用代码", "国家项目代码"}


def demo_rows(name: DemoFile) -> list[dict[str, str]]:
    """The rows of one source file as they stand there: amounts in 万元, dates ISO or `T-37`, nothing resolved."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def build_workbook(path: Path, loaded_on: dt.date) -> int:
    """Write the demo ledger as an .xlsx file; returns the number of rows.

    `loaded_on` is the day that `T-37` counts back from (Asia/Shanghai). Any day from 2020-12-31 keeps each project's
    dates in order: open projects were received in 2019 or 2020, only what followed moves with the day of loading.
    """
    return write_workbook(path, [_sheet(title, name, loaded_on) for title, name in _SHEETS])


def _sheet(title: str, name: DemoFile, loaded_on: dt.date) -> SheetOut:
    rows = demo_rows(name)
    headings = [heading for heading in rows[0] if heading != _SAYS_WHAT_IS_INVENTED]
    columns = [ColumnOut(heading, width=30 if heading in _WIDE else 14, style=_style(heading)) for heading in headings]
    return SheetOut(title, columns, _cells(rows, columns, loaded_on), notes=(TITLE, UNIT_LINE), spare_rows=0)


def _style(heading: str) -> Style:
    if heading.endswith("(万元)"):
        return "money"
    return "date" if heading.endswith("日期") else _PLAIN_NUMBERS.get(heading, "text")


def _cells(
    rows: list[dict[str, str]], columns: list[ColumnOut], loaded_on: dt.date
) -> Iterator[list[str | int | Decimal | dt.date | None]]:
    for row in rows:
        if invented := row.get(_SAYS_WHAT_IS_INVENTED):
            label = f"{INVENTED}{invented}"
            row["备注"] = f"{label}。{row['备注']}" if row["备注"] else label
        yield [_value(row[column.heading], column.style, loaded_on) for column in columns]


def _value(text: str, style: Style, loaded_on: dt.date) -> str | int | Decimal | dt.date | None:
    if not text:
        return None
    if style == "date":
        ago = _DAYS_BEFORE_LOADING.fullmatch(text)
        return loaded_on - dt.timedelta(days=int(ago[1])) if ago else dt.date.fromisoformat(text)
    if style == "money":
        return int(Decimal(text) * _FEN_PER_WAN)
    if style == "integer":
        return int(text)
    return Decimal(text) if style == "decimal" else text
