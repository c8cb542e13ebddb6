"""Ledgers out: what the actor may see as a workbook that can be imported again, and a blank one to fill in."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, select

from app.exchange.ledgers.columns import AGREEMENTS, FUNDS, PROJECTS, Column, SheetSpec
from app.exchange.ledgers.known import Record, records
from app.exchange.ledgers.labels import LABELS, STAGE_DATES
from app.facts.agreements.models import AgreementType
from app.facts.enterprises.models import Enterprise
from app.facts.projects.models import Project
from app.facts.projects.terms import UnitRole
from app.facts.recognition.terms import EntryState
from app.identity.units.models import Unit
from app.kernel.regions import region_name
from app.kernel.sheets import ColumnOut, SheetOut, Style, write_workbook

UNIT_LINE = "单位：万元"
# A title is read again: no word in it may look like a year, a stage or a sector.
HOW_TO = (
    "填写说明：一行一个项目，表头不要改动；没有的内容留空，留空不会清除系统中已有的内容。"
    "日期写到日，例如 2020-03-12；金额只写数字，以万元计。\n"
    "项目编号留空由系统给出；多个别名或单位以顿号（、）分隔；责任单位写全称或简称。"
)
HOW_TO_DETAIL = "填写说明：一行一份或一笔；项目编号与项目名称至少填一项，须与“项目台账”表或系统中的一致。"
_STYLES: dict[str, Style] = {
    "money": "money", "date": "date", "integer": "integer", "area": "decimal", "longitude": "decimal",
    "latitude": "decimal",
}  # fmt: skip
_HINTS = {
    "code": "留空由系统给出；形如 500114-2020-0046", "aliases": "媒体或单位的其他叫法，以顿号分隔",
    "uscc": "18 位，末位为校验码", "origin_region": "投资方来自哪里：写到省、市或区县",
    "industry": "国民经济行业代码，例如 C3042",
    "sector": "留空由行业代码得出", "co_units": "以顿号分隔", "funds": "累计数；逐笔的写在“到位资金”表",
    "funds_on": "最近一次到位的日期", "contract_amount": "首份正式合同的金额；多份合同和增资写在“合同协议”表",
    "national_code": "24 位，形如 2020-500114-29-03-123456", "increment": "补充协议增加（减少为负）的金额",
    "parties": "以顿号分隔", "longitude": "度，例如 108.7707", "latitude": "度，例如 29.5332",
}  # fmt: skip

Cells = list[Any]


def export(connection: Connection, target: Path | BinaryIO, codes: Sequence[str], district: str) -> int:
    """Write these projects, in this order, with their papers and funds; returns the number of rows. Streams."""
    title = f"{district}招商引资项目台账"
    found = _Chunks(connection, codes)
    return write_workbook(target, [
        _sheet(PROJECTS, title, found.rows(_project, ("aliases", "units", "papers", "entries"))),
        _sheet(AGREEMENTS, title, found.rows(_papers, ("papers",))),
        _sheet(FUNDS, title, found.rows(_entries, ("entries",))),
    ])  # fmt: skip


def template(connection: Connection, target: Path | BinaryIO, district: str) -> None:
    """Write the blank workbook, with drop-downs and tips."""
    units = [name for (name,) in connection.execute(select(Unit.name).order_by(Unit.pinyin, Unit.id))]
    title = f"{district}招商引资项目台账"
    write_workbook(
        target,
        [
            _sheet(PROJECTS, title, (), (HOW_TO,), {"unit": units}),
            _sheet(AGREEMENTS, title, (), (HOW_TO_DETAIL,)),
            _sheet(FUNDS, title, (), (HOW_TO_DETAIL,)),
        ],
    )


def _sheet(
    spec: SheetSpec,
    title: str,
    rows: Iterable[Cells],
    notes: Sequence[str] = (),
    more: dict[str, list[str]] | None = None,
) -> SheetOut:
    columns = [_column(column, (more or {}).get(column.field, ())) for column in spec.columns]
    return SheetOut(spec.title, columns, rows, notes=(title, *notes, UNIT_LINE), frozen=2)


def _column(column: Column, choices: Sequence[str]) -> ColumnOut:
    if column.field in LABELS:
        choices = tuple(LABELS[column.field].values())
    style = _STYLES.get(column.type, "text")
    return ColumnOut(column.title, column.width, style, choices, _HINTS.get(column.field, ""))


class _Chunks:
    """The exported projects, some hundreds at a time, so that memory does not bound how many there are."""

    def __init__(self, connection: Connection, codes: Sequence[str]) -> None:
        self.connection, self.codes = connection, codes

    def rows(self, cells: Callable[[Record, dict[str, Any]], Iterable[Cells]], parts: Sequence[str]) -> Iterator[Cells]:
        for start in range(0, len(self.codes), 500):
            chunk = self.codes[start : start + 500]
            named = self._named(chunk)
            found = records(self.connection, [one["id"] for one in named.values()], parts)
            for code in chunk:
                if code in named and (record := found.get(named[code]["id"])) is not None:
                    yield from cells(record, named[code])

    def _named(self, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Names that stand in other tables, and the units that co-operate."""
        query = (
            select(
                Project.code, Project.id, Unit.name.label("unit"), Enterprise.name.label("enterprise"),
                Enterprise.uscc, Enterprise.ownership,
            )
            .outerjoin(Unit, Unit.id == Project.unit_id)
            .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
            .where(Project.code.in_(codes))
        )  # fmt: skip
        units = {row.id: row.name for row in self.connection.execute(select(Unit.id, Unit.name))}
        return {row.code: {**row._mapping, "units": units} for row in self.connection.execute(query)}


# -- rows ----------------------------------------------------------------------------------------------------------


def _label(name: str, code: Any) -> str | None:
    return None if code is None else LABELS[name][code]


def _degrees(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.6f}")


def _place_of_origin(code: str | None) -> str | None:
    if code is None:
        return None
    try:
        return region_name(code)
    except ValueError:
        return code


def _project(record: Record, named: dict[str, Any]) -> Iterator[Cells]:
    row = record.row
    papers = [paper for paper in record.papers if paper["voided_reason"] is None]
    first = next((paper for paper in papers if paper["first_formal"]), None)
    helpers = [
        named["units"][part["unit_id"]]
        for part in record.units
        if part["role"] == UnitRole.COOPERATING.value and part["valid_to"] is None
    ]
    values: dict[str, Any] = {
        **row,
        "aliases": sorted(alias["alias"] for alias in record.aliases),
        "enterprise": named["enterprise"],
        "uscc": named["uscc"],
        "ownership": _label("ownership", named["ownership"]),
        "origin_region": _place_of_origin(row["origin_region"]),
        "longitude": _degrees(row["longitude"]),
        "latitude": _degrees(row["latitude"]),
        "unit": named["unit"],
        "co_units": helpers,
        "investment": row["investment_fen"],
        "framework_amount": row["framework_fen"] or None,
        "contract_no": first["number"] if first else None,
        "contract_amount": first["amount_fen"] if first else None,
        "funds": row["funds_fen"] or None,
        "funds_on": max((e["arrived_on"] for e in _standing(record)), default=None) if row["funds_fen"] else None,
        "land_mu": None if row["land_mu"] is None else Decimal(row["land_mu"]) / 100,
        "output": row["output_fen"],
        "tax": row["tax_fen"],
    }
    for name in ("kind", "sector", "channel", "stage", "status", "confidentiality"):
        values[name] = _label(name, row[name])
    for stage, field in STAGE_DATES.items():
        values[field] = row[f"{stage}_on"]
    yield [_text_or_value(values[column.field]) for column in PROJECTS.columns]


def _papers(record: Record, _named: dict[str, Any]) -> Iterator[Cells]:
    for paper in sorted(record.papers, key=lambda one: (one["signed_on"], one["id"])):
        if paper["voided_reason"] is not None:
            continue
        amount = paper["amount_fen"]
        yield [
            record.row["code"], record.row["name"], _label("agreement_type", paper["type"]), paper["number"],
            paper["signed_on"], amount, paper["increment_fen"] if paper["type"] is AgreementType.SUPPLEMENT else None,
            paper["parties"], paper["note"],
        ]  # fmt: skip


def _standing(record: Record) -> list[dict[str, Any]]:
    """Recognised entries that nobody has reversed: they add up to what has arrived."""
    undone = {entry["reverses_id"] for entry in record.entries}
    return [
        entry
        for entry in record.entries
        if entry["state"] is EntryState.RECOGNISED and entry["reverses_id"] is None and entry["id"] not in undone
    ]


def _entries(record: Record, _named: dict[str, Any]) -> Iterator[Cells]:
    for entry in sorted(_standing(record), key=lambda one: (one["arrived_on"], one["id"])):
        yield [
            record.row["code"], record.row["name"], entry["arrived_on"], entry["amount_fen"],
            _label("source", entry["source"]), _label("fund_kind", entry["kind"]), entry["note"],
        ]  # fmt: skip


def _text_or_value(value: Any) -> Any:
    return value or None if isinstance(value, list) else value
