"""The workbook holds what the sources hold, with the relative dates resolved and the honest label in sight."""

import datetime as dt

import pytest

from app.demo.ledger import TITLE, UNIT_LINE, build_workbook, demo_rows
from app.kernel.regions import find_region
from app.kernel.sheets import Sheet, read_workbook

LOADED_ON = dt.date(2026, 3, 2)


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sheet]:
    path = tmp_path_factory.mktemp("demo") / "ledger.xlsx"
    assert build_workbook(path, LOADED_ON) == sum(len(demo_rows(n)) for n in ("projects", "agreements", "funds"))
    return {sheet.name: sheet for sheet in read_workbook(path)}


def table(sheet: Sheet) -> list[dict[str, object]]:
    header = [str(cell) for cell in sheet.rows[2]]
    return [dict(zip(header, row, strict=True)) for row in sheet.rows[3:]]


def test_title_says_it_is_invented(sheets: dict[str, Sheet]) -> None:
    assert list(sheets) == ["项目台账", "合同协议", "到位资金"]
    for sheet in sheets.values():
        assert [sheet.rows[0][0], sheet.rows[1][0]] == [TITLE, UNIT_LINE]
    assert "演示数据" in TITLE
    assert "虚构" in TITLE


def test_every_project_carries_the_label_in_its_note(sheets: dict[str, Sheet]) -> None:
    rows = table(sheets["项目台账"])
    assert len(rows) == 125
    assert all(str(row["备注"]).startswith("【演示数据】") for row in rows)
    assert "数据说明" not in rows[0]


def test_dates_and_amounts_are_cells_of_their_kind(sheets: dict[str, Sheet]) -> None:
    rows = {row["项目名称"]: row for row in table(sheets["项目台账"])}
    assert rows["质子医院"]["首谈日期"] == LOADED_ON - dt.timedelta(days=37)
    assert rows["海通茧丝绸"]["签约日期"] == dt.date(2020, 3, 20)
    assert rows["乡村基"]["合同金额(万元)"] == 1288.5
    assert not any(str(cell).startswith("T-") for sheet in sheets.values() for row in sheet.rows for cell in row)


def test_every_region_is_understood() -> None:
    unknown = {row["来源地"] for row in demo_rows("projects") if find_region(row["来源地"]) is None}
    assert unknown == set()
