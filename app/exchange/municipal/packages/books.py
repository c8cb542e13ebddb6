"""The files of a package: one for each kind of record, and the list of them with counts, totals and digests."""

import csv
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any

from app.exchange.municipal import headings
from app.exchange.municipal.headings import KEY, KIND, OPERATION, OPERATION_LABELS, VERSION
from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import RECORD_KIND_LABELS, Operation, RecordKind
from app.kernel.money import format_yuan
from app.kernel.sheets import ColumnOut, SheetOut, neutralise, write_workbook

NAMES = {RecordKind.PROJECT: "projects", RecordKind.FUND: "funds", RecordKind.WEEK: "weeks"}
UNITS = "week_units"
Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Item:
    """A record in the version in which it is put in."""

    record_id: int
    kind: RecordKind
    key: str
    version: int
    op: Operation
    content: Mapping[str, Any] | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of the whole package."""

    number: str
    channel: str
    district: str
    form: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """The package, its list, and the sum of all amounts."""

    data: bytes
    manifest: dict[str, Any]
    total_fen: int


def make(head: Head, report: Report, items: Sequence[Item]) -> Made:
    """All files of a package and their list, in one archive."""
    files: dict[str, bytes] = {}
    told: list[dict[str, Any]] = []
    total = 0
    for kind in RecordKind:
        chosen = [item for item in items if item.kind is kind]
        if not chosen:
            continue
        name, data = _file(head, NAMES[kind], RECORD_KIND_LABELS[kind], *_table(report, kind, chosen))
        files[name] = data
        amount = sum(_amount(report, item) for item in chosen)
        total += amount
        told.append(
            {
                "name": name, "kind": kind.value, "records": len(chosen),
                "deletions": sum(item.op is Operation.DELETE for item in chosen), "total_amount": format_yuan(amount),
                "sha256": sha256(data).hexdigest(),
            }
        )  # fmt: skip
        lines = _units(chosen)
        if lines:
            name, data = _file(head, UNITS, "每周各单位", [KEY, *headings.UNIT_HEADINGS.values()], lines)
            files[name] = data
            told.append({"name": name, "kind": UNITS, "records": len(lines), "sha256": sha256(data).hexdigest()})
    manifest = {
        "package": head.number, "channel": head.channel, "district": head.district,
        "payload_version": report.payload_version, "form": head.form, "made_at": head.made_at.isoformat(),
        "records": len(items), "total_amount": format_yuan(total), "files": told,
    }  # fmt: skip
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=2).encode()
    return Made(_archive(files, head.made_at), manifest, total)


def _table(report: Report, kind: RecordKind, items: Sequence[Item]) -> tuple[list[str], Rows]:
    columns = headings.outgoing(report, kind)
    for item in items:  # rendered by an earlier rule, perhaps
        columns |= {name: name for name in item.content or {} if name not in columns}
    lists = {name for item in items for name, value in (item.content or {}).items() if isinstance(value, list)}
    names = [name for name in columns if name not in lists]
    rows = [
        [
            RECORD_KIND_LABELS[kind],
            item.key,
            str(item.version),
            OPERATION_LABELS[item.op],
            *(_shown((item.content or {}).get(name)) for name in names),
        ]
        for item in items
    ]
    return [KIND, KEY, VERSION, OPERATION, *(columns[name] for name in names)], rows


def _units(items: Iterable[Item]) -> Rows:
    """What lies in a week as a list: a line for each unit."""
    return [
        [item.key, *(_shown(unit.get(name)) for name in headings.UNIT_HEADINGS)]
        for item in items
        for value in (item.content or {}).values()
        if isinstance(value, list)
        for unit in value
        if isinstance(unit, dict)
    ]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _amount(report: Report, item: Item) -> int:
    name = headings.amount_of(report, item.kind)
    text = None if name is None or item.content is None else item.content.get(name)
    return int(Decimal(text) * 100) if isinstance(text, str) else 0


def _file(head: Head, name: str, title: str, columns: Sequence[str], rows: Rows) -> tuple[str, bytes]:
    if head.form == "csv":
        text = StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows([neutralise(cell) for cell in row] for row in rows)
        return f"{name}.csv", text.getvalue().encode("utf-8-sig")
    book = BytesIO()
    write_workbook(book, [SheetOut(title, [ColumnOut(column) for column in columns], rows, spare_rows=0)])
    return f"{name}.xlsx", book.getvalue()


def _archive(files: Mapping[str, bytes], at: datetime) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return whole.getvalue()
