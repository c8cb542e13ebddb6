"""What the columns of files are called: those of packages to the city, and of lists that come back from it."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.exchange.municipal.receipts import LARGEST
from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import RECORD_KIND_LABELS, Operation, RecordKind
from app.kernel.sheets import Cell

KIND, KEY, VERSION, OPERATION, DIGEST = "类型", "编号", "版本", "操作", "摘要"
OPERATION_LABELS = {Operation.PUT: "报送", Operation.DELETE: "删除"}

HEADINGS: dict[RecordKind, dict[str, str]] = {
    RecordKind.PROJECT: {
        "code": "项目编号", "name": "项目名称", "kind": "项目类型", "stage": "阶段", "status": "状态",
        "sector": "产业类别", "industry": "行业代码", "chain": "产业链", "district": "区县代码",
        "origin_region": "来源地代码", "park": "园区", "place": "建设地点", "unit": "责任单位",
        "enterprise": "投资企业", "uscc": "统一社会信用代码", "ownership": "企业性质", "national_code": "国家项目代码",
        "investment": "总投资(元)",
        "framework_on": "框架协议日期", "signed_on": "签约日期", "contract_amount": "合同金额(元)",
        "registered_on": "注册日期", "approved_on": "立项日期", "land_on": "供地日期", "started_on": "开工日期",
        "started_amount": "开工合同金额(元)", "completed_on": "竣工日期", "production_on": "投产日期",
        "full_capacity_on": "达产日期", "funds": "到位资金(元)", "land_mu": "用地面积(亩)", "jobs": "承诺用工",
    },
    RecordKind.FUND: {
        "number": "资金编号", "project": "项目编号", "arrived_on": "到位日期", "amount": "到位金额(元)",
        "source": "资金来源", "kind": "资金性质", "reverses": "冲销的资金编号",
    },
    RecordKind.WEEK: {
        "week": "周", "district": "区县代码", "starts_on": "周一", "ends_on": "周日", "signed": "签约项目数",
        "signed_amount": "签约金额(元)", "started": "开工项目数", "started_amount": "开工合同金额(元)",
        "outgoing_visits": "外出拜访次数", "incoming_visits": "企业到访次数", "visitors": "来访人次",
        "events": "活动场次", "press_items": "宣传条数", "units": "各单位",
    },
}  # fmt: skip
UNIT_HEADINGS = {
    "unit": "责任单位", "signed": "签约项目数", "started": "开工项目数", "outgoing_visits": "外出拜访次数",
    "incoming_visits": "企业到访次数", "visitors": "来访人次", "events": "活动场次", "press_items": "宣传条数",
}  # fmt: skip
AMOUNTS = {RecordKind.PROJECT: "contract_amount", RecordKind.FUND: "amount", RecordKind.WEEK: "signed_amount"}
"""The field that is added up for each kind."""


def outgoing(report: Report, kind: RecordKind) -> dict[str, str]:
    """The city's name of each field that a channel reports → the heading of its column.

    A field that the channel calls otherwise has the city's own name as heading.
    """
    withheld = set(report.withheld.get(kind, ()))
    names = report.fields.get(kind) or {name: name for name in HEADINGS[kind]}
    return {
        theirs: HEADINGS[kind][ours] if ours == theirs else theirs
        for ours, theirs in names.items()
        if ours not in withheld
    }


def amount_of(report: Report, kind: RecordKind) -> str | None:
    """The city's name of the field that is added up; None where it is not reported."""
    ours = AMOUNTS[kind]
    names = report.fields.get(kind)
    theirs = ours if names is None else names.get(ours)
    return None if ours in report.withheld.get(kind, ()) else theirs


KINDS: Mapping[str, RecordKind] = {
    **{str(kind): kind for kind in RecordKind},
    **{label: kind for kind, label in RECORD_KIND_LABELS.items()},
}
OPERATIONS: Mapping[str, Operation] = {
    **{str(op): op for op in Operation},
    **{label: op for op, label in OPERATION_LABELS.items()},
}

_WHOLE = re.compile(r"[0-9]{1,16}(\.0+)?")


def text_of(cell: Cell) -> str:
    """What a cell says, as one line of text; whole numbers and days as they are written."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(str(cell).split())


def version_of(cell: Cell) -> int:
    """A version; ValueError with the reason when it is none."""
    text = text_of(cell)
    if not _WHOLE.fullmatch(text):
        raise ValueError("应为整数")
    number = int(text.split(".")[0])
    if number > LARGEST:
        raise ValueError("过大")
    return number


def same_text(ours: Any, told: str) -> bool:
    """Whether a cell says what the value is: numbers by their value, all else by its text."""
    text = "" if ours is None else " ".join(str(ours).split())
    if text == told:
        return True
    try:
        return Decimal(text) == Decimal(told.replace(",", ""))
    except InvalidOperation:
        return False
