"""Ledgers as bureaus keep them, built as real files."""

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import xlsxwriter
import xlwt

from app.exchange.ledgers.findings import Finding, Reading, RowReading
from app.exchange.ledgers.reading import read
from app.kernel.sheets import read_workbook

TODAY = dt.date(2026, 11, 24)

Rows = Sequence[Sequence[Any]]
Merge = tuple[int, int, int, int]


def xlsx(sheets: Mapping[str, Rows], merged: Mapping[str, Sequence[Merge]] | None = None) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        page = book.add_worksheet(name)
        for top, left, bottom, right in (merged or {}).get(name, ()):
            page.merge_range(top, left, bottom, right, "")
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, dt.date):
                    page.write_datetime(r, c, dt.datetime(value.year, value.month, value.day), day)
                elif isinstance(value, str) and value:
                    page.write_string(r, c, value)
                elif value not in ("", None):
                    page.write_number(r, c, value)
    book.close()
    return target.getvalue()


def xls(sheets: Mapping[str, Rows], merged: Mapping[str, Sequence[Merge]] | None = None) -> bytes:
    book = xlwt.Workbook()
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, rows in sheets.items():
        page = book.add_sheet(name)
        blocks = {(top, left): (top, bottom, left, right) for top, left, bottom, right in (merged or {}).get(name, ())}
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if value in ("", None):
                    continue
                style = [day] if isinstance(value, dt.date) else []
                if (r, c) in blocks:
                    page.write_merge(*blocks[r, c], value, *style)
                else:
                    page.write(r, c, value, *style)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.fixture
def reading_of() -> Callable[..., Reading]:
    """Read sheets given as rows, through a real .xlsx file."""

    def build(
        sheets: dict[str, Rows] | Rows, merged: dict[str, Sequence[Merge]] | None = None, **other: Any
    ) -> Reading:
        named = sheets if isinstance(sheets, dict) else {"台账": sheets}
        make = xls if other.get("old") else xlsx
        return read(read_workbook(make(named, merged)), other.get("today", TODAY))

    return build


@pytest.fixture
def found() -> Callable[..., list[Finding]]:
    """The findings of a reading or a row with this code."""

    def of(reading: Reading | RowReading, code: str) -> list[Finding]:
        if isinstance(reading, RowReading):
            return [finding for finding in reading.findings if finding.code == code]
        return [finding for _, _, finding in reading.findings() if finding.code == code]

    return of
