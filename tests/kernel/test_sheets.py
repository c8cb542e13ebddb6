import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.sheet_safety import MAX_COLUMNS, MAX_ROWS, column_number
from app.kernel.sheets import (
    ColumnOut,
    SheetOut,
    cell_name,
    column_letter,
    neutralise,
    read_workbook,
    restore,
    write_workbook,
)


def xlsx(*cells: tuple[int, int, Any]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet("一")
    for row, column, value in cells:
        page.write(row, column, value)
    book.close()
    return target.getvalue()


def with_part(data: bytes, name: str, change: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            content = old.read(entry)
            new.writestr(entry, change(content) if entry == name else content)
    return target.getvalue()


def written(*sheets: SheetOut) -> bytes:
    target = io.BytesIO()
    write_workbook(target, sheets)
    return target.getvalue()


@pytest.mark.parametrize(("row", "column", "name"), [(0, 0, "A1"), (11, 2, "C12"), (4, 26, "AA5"), (0, 16383, "XFD1")])
def test_cell_names(row: int, column: int, name: str) -> None:
    assert cell_name(row, column) == name


@given(st.integers(0, 20_000))
def test_letters_and_numbers_are_each_others_inverse(column: int) -> None:
    assert column_number(column_letter(column)) == column + 1


@given(st.text(alphabet="'=+-@\t\r\n＝＋ab测", max_size=8))
def test_neutralised_text_is_never_a_formula_and_comes_back(text: str) -> None:
    safe = neutralise(text)
    assert safe[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋"}
    assert restore(safe) == text


def test_reading_xlsx() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet("台账")
    page.merge_range(0, 0, 0, 2, "标题")
    page.write_datetime(2, 1, dt.datetime(2020, 3, 12), book.add_format({"num_format": "yyyy-mm-dd"}))
    page.write(2, 2, 12.5)
    book.add_worksheet("藏").hide()
    book.close()
    first, second = read_workbook(target.getvalue(), "a.xlsx")
    assert first.name == "台账"
    assert first.merged == [(0, 0, 0, 2)]
    assert first.rows == [["标题", "", ""], ["", "", ""], ["", dt.date(2020, 3, 12), 12.5]]
    assert second.hidden and not first.hidden


def test_reading_xls() -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("旧")
    page.write_merge(0, 0, 0, 1, "标题")
    page.write(1, 1, "项目")
    target = io.BytesIO()
    book.save(target)
    (sheet,) = read_workbook(target.getvalue(), "a.xls")
    assert (sheet.rows, sheet.merged) == ([["标题", ""], ["", "项目"]], [(0, 0, 0, 1)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_reading_csv_in_the_usual_encodings(encoding: str) -> None:
    (sheet,) = read_workbook('项目名称,金额\r\n玻璃,"1,200"\r\n\'=甲\r\n'.encode(encoding), "台账.csv")
    assert sheet.rows == [["项目名称", "金额"], ["玻璃", "1,200"], ["=甲", ""]]
    assert sheet.name == "台账"


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.xlsx", "空"),
        (b"PK\x03\x04junk", "a.xlsx", "损坏"),
        (b"\xd0\xcf\x11\xe0" + b"junk" * 200, "a.xls", "损坏"),
        (b"<html><table></table></html>", "a.xls", "网页"),
        (b"%PDF-1.7", "a.pdf", "只接受"),
        (b"\x00\x01\x02\x03", "a.csv", "编码"),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_workbook(data, name)


def test_a_far_away_cell_is_refused_before_it_can_ask_for_memory() -> None:
    with pytest.raises(ValueError, match="行"):
        read_workbook(xlsx((0, 0, "a"), (1_048_575, 16_383, "z")))
    with pytest.raises(ValueError, match="行"):
        read_workbook(xlsx((0, 0, "a"), (MAX_ROWS, 0, "z")))
    with pytest.raises(ValueError, match="列"):
        read_workbook(xlsx((0, 0, "a"), (0, MAX_COLUMNS, "z")))
    assert read_workbook(xlsx((0, 0, "a"), (3, MAX_COLUMNS - 1, "z")))


def test_a_far_away_cell_in_unusual_spelling_is_refused_too() -> None:
    data = with_part(
        xlsx((0, 0, 1), (1, 1, 2)), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<c r="B2"', b"<c  r='XFD2'")
    )
    with pytest.raises(ValueError, match="列"):
        read_workbook(data)


def test_formats_far_away_are_no_reason_to_refuse() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    page.write(0, 0, "a")
    page.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))
    book.close()
    assert read_workbook(target.getvalue())[0].rows == [["a"]]


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = xlsx((0, 0, "a"))
    with monkeypatch.context() as smaller:
        smaller.setattr("app.kernel.sheet_safety.MAX_UNCOMPRESSED", 1024 * 1024)
        with pytest.raises(ValueError, match="解压后超过 1 MB"):
            read_workbook(with_part(plain, "xl/styles.xml", lambda _: b" " * 1024 * 1024))
    liar = bytearray(with_part(plain, "xl/styles.xml", lambda xml: xml + b" " * 10_000_000))
    size = (len(zipfile.ZipFile(io.BytesIO(plain)).read("xl/styles.xml")) + 10_000_000).to_bytes(4, "little")
    assert bytes(liar).count(size) >= 1
    liar = bytearray(bytes(liar).replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(ValueError, match="损坏"):
        read_workbook(bytes(liar))


def test_formulas_without_a_value_and_errors_are_seen() -> None:
    data = with_part(
        xlsx((0, 0, "甲"), (1, 0, 1), (1, 1, 2), (2, 0, 3), (2, 1, 4)),
        "xl/worksheets/sheet1.xml",
        lambda xml: (
            xml.replace(b'<c r="A2"><v>1</v></c>', b'<c r="A2"><f>1+1</f></c>')
            .replace(b'<c r="B2"><v>2</v></c>', b'<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>')
            .replace(b'<c r="A3"><v>3</v></c>', b'<c r="A3"><f>1+1</f><v></v></c>')
            .replace(b'<c r="B3"><v>4</v></c>', b'<c r="B3" t="str"><f>""</f><v></v></c>')
        ),
    )
    (sheet,) = read_workbook(data)
    assert sheet.rows[1:] == [["#公式未计算", "#DIV/0!"], ["#公式未计算", ""]]


# XML cannot carry most control characters; a carriage return comes back as a line feed.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), include_characters="\t\n"), max_size=40
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            TEXTS.filter(bool),
            st.one_of(st.none(), st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1))),
            st.one_of(st.none(), st.integers(-(10**14), 10**14)),
            st.one_of(st.none(), st.decimals(-180, 180, places=6)),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_is_what_is_read(rows: list[tuple[str, dt.date | None, int | None, Decimal | None]]) -> None:
    out = SheetOut(
        "台账",
        [
            ColumnOut("名"),
            ColumnOut("日", 12, "date"),
            ColumnOut("额(万元)", 12, "money"),
            ColumnOut("度", 9, "decimal"),
        ],
        rows,
        ["=说明"],
    )
    (sheet,) = read_workbook(written(out))
    assert sheet.rows[0][0] == "=说明"
    assert sheet.rows[1] == ["名", "日", "额(万元)", "度"]
    for got, (text, day, fen, number) in zip(sheet.rows[2:], rows, strict=True):
        assert got[0] == text
        assert got[1] == ("" if day is None else day)
        assert got[2] == "" if fen is None else Decimal(f"{got[2]:.15g}") * 1_000_000 == fen
        assert got[3] == "" if number is None else Decimal(f"{got[3]:.15g}") == number


def test_headings_and_first_columns_stay_in_sight_and_are_printed_on_every_page() -> None:
    columns = [ColumnOut("编号"), ColumnOut("名称"), ColumnOut("备注")]
    data = written(SheetOut("台账", columns, notes=("标题", "单位"), frozen=2), SheetOut("其他", columns))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first, other = (archive.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
        book = archive.read("xl/workbook.xml").decode()
    assert '<pane xSplit="2" ySplit="3" topLeftCell="C4"' in first
    assert '<pane ySplit="1" topLeftCell="A2"' in other
    assert "台账!$A:$B,台账!$3:$3" in book and "其他!$1:$1" in book


def test_drop_downs_of_any_length_stand_on_a_hidden_sheet() -> None:
    units = [f"责任单位第{n}号" for n in range(60)]
    columns = [ColumnOut("责任单位", choices=units), ColumnOut("状态", choices=["推进中", "暂缓"], hint="项目状态")]
    data = written(SheetOut("项目台账", columns), SheetOut("其他", [ColumnOut("状态", choices=["推进中", "暂缓"])]))
    main, _, hidden = read_workbook(data)
    assert main.rows == [["责任单位", "状态"]]
    assert hidden.hidden and hidden.rows[0] == ["责任单位第0号", "推进中"] and len(hidden.rows) == 60
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "选项!$A$1:$A$60" in xml and "选项!$B$1:$B$2" in xml
        assert "frozen" in xml and "<autoFilter" in xml


def test_more_digits_than_a_number_holds_are_written_as_text() -> None:
    (sheet,) = read_workbook(written(SheetOut("a", [ColumnOut("额", style="money")], [[1_234_567_890_123_456_789]])))
    assert sheet.rows[1] == ["1234567890123.456789"]
