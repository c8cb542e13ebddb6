"""What a row implies and what it lacks, once its cells are read."""

import re
from dataclasses import dataclass, field
from datetime import date

from app.exchange.ledgers.columns import SheetKind
from app.exchange.ledgers.dates import Until
from app.exchange.ledgers.findings import AMBIGUOUS, RowReading
from app.exchange.ledgers.labels import LABELS, STAGE_DATES, STAGE_ORDER, sector_in, stage_in
from app.kernel.codes import check_uscc

_USCC_SHAPED = re.compile("[0-9A-HJ-NPQRTUWXY]{18}", re.IGNORECASE)
_ADD_DAY = "请加“到位日期”列，或在表头写明年份"
_ORDERED = ("signed_on", "started_on", "completed_on", "production_on", "full_capacity_on")
_DATE_WORDS = {
    "received_on": "接洽日期", "talk_on": "首谈日期", "framework_on": "框架协议日期", "signed_on": "签约日期",
    "registered_on": "注册日期", "approved_on": "立项日期", "land_on": "供地日期", "started_on": "开工日期",
    "completed_on": "竣工日期", "production_on": "投产日期", "full_capacity_on": "达产日期",
}  # fmt: skip


@dataclass(slots=True)
class Context:
    """What stands above a row: the columns there are, the sheet's title, the group it is in."""

    kind: SheetKind
    today: date
    columns: frozenset[str]
    year: int | None = None
    as_of: date | None = None
    until: Until | None = None
    unit: str | None = None
    title: dict[str, str] = field(default_factory=dict)
    groups: dict[int, dict[str, str]] = field(default_factory=dict)

    def begin(self, title: str, unit: str | None) -> None:
        """Take in the sheet's name and titles."""
        self.unit = unit
        if self.kind == "projects":
            self.title = _told_by(title)

    def enter(self, title: str, level: int) -> dict[str, str]:
        """A group begins; returns what its title tells of the rows below."""
        self.groups = {known: told for known, told in self.groups.items() if known < level}
        found = _told_by(title) if self.kind == "projects" else {}
        self.groups[level] = found
        return found

    def told(self) -> dict[str, str]:
        """What the title tells."""
        return {**self.title, **({"unit": self.unit} if self.unit and self.kind == "projects" else {})}

    def readings_for_missing_columns(self) -> list[tuple[str, str]]:
        """(code, message) for what is read otherwise because the sheet has no column for it."""
        if self.kind == "agreements" and "agreement_type" not in self.columns:
            return [("agreement_type_missing", "没有“协议类型”列，各行读作“正式合同”")]
        if self.kind == "projects" and "stage" not in self.columns and set(STAGE_DATES.values()) & self.columns:
            return [("stage_from_dates", "没有“阶段”列，各行的阶段按最靠后的一个有日期的节点读取")]
        return []

    def get(self, name: str) -> str | None:
        """The nearest word on a field: inner group, outer group, title."""
        for level in sorted(self.groups, reverse=True):
            if name in self.groups[level]:
                return self.groups[level][name]
        return self.title.get(name)


def _told_by(title: str) -> dict[str, str]:
    found = {"sector": sector_in(title), "stage": stage_in(title)}
    return {name: code for name, code in found.items() if code}


def complete(row: RowReading, context: Context) -> None:
    """Add what follows from the row and from what stands above it; refuse a row that names nothing."""
    if "name" not in row.values and "code" not in row.values:
        if not any(finding.field in ("name", "code") and finding.level == "refused" for finding in row.findings):
            row.tell("refused", None, "name_missing", "没有项目名称")
        return
    if context.kind == "projects":
        _complete_project(row, context)
    elif context.kind == "agreements":
        _complete_agreement(row, context)
    else:
        _complete_funds(row)


def _infer(row: RowReading, name: str, value: str | date) -> None:
    row.values[name] = value
    row.inferred.add(name)


def _complete_project(row: RowReading, context: Context) -> None:
    values = row.values
    sector = context.get("sector")
    if sector and "sector" not in values:
        _infer(row, "sector", sector)
    elif sector and values["sector"] != sector:
        label = LABELS["sector"][sector]
        row.tell("warning", "sector", "sector_conflict", f"列在“{label}”一组，按本行所写记入")
    if context.unit and "unit" not in values:
        _infer(row, "unit", context.unit)
    _code_for_a_name(row)
    _stage(row, context)
    _ambiguous_amount(row)
    _order_of_dates(row)
    _funds_date(row, context)


def _code_for_a_name(row: RowReading) -> None:
    """A unified social credit code where the enterprise's name belongs is its code, never its name."""
    name = row.values.get("enterprise")
    if not isinstance(name, str) or not _USCC_SHAPED.fullmatch(name):
        return
    try:
        code = check_uscc(name)
    except ValueError as error:
        row.tell("refused", "enterprise", "uscc_as_name", f"应写企业名称，写的像是代码；{error}")
        return
    if row.values.get("uscc", code) != code:
        row.tell("refused", "enterprise", "uscc_as_name", "应写企业名称，写的是另一个统一社会信用代码")
        return
    row.tell("warning", "enterprise", "uscc_as_name", "应写企业名称，写的是统一社会信用代码，按代码读取")
    del row.values["enterprise"]
    row.letters.setdefault("uscc", row.letters["enterprise"])
    row.values["uscc"] = code


def _stage(row: RowReading, context: Context) -> None:
    """The stage the row states, or the furthest one it has a date for or its title names."""
    values = row.values
    reached = [stage for stage, day in STAGE_DATES.items() if day in values]
    stated = values.get("stage")
    if isinstance(stated, str):
        if reached and STAGE_ORDER[reached[-1]] > STAGE_ORDER[stated]:
            word = _DATE_WORDS[STAGE_DATES[reached[-1]]]
            row.tell("warning", "stage", "stage_behind_dates", f"已有{word}，按所写阶段记入")
        _date_of_stage(row, stated)
        return
    told = context.get("stage")
    candidates = [stage for stage in (told, reached[-1] if reached else None) if stage]
    if not candidates:
        return
    stage = max(candidates, key=STAGE_ORDER.__getitem__)
    _infer(row, "stage", stage)
    if stage != told and "stage" in context.columns:
        day = STAGE_DATES[stage]
        row.tell("info", day, "stage_from_date", f"没有写阶段，按{_DATE_WORDS[day]}读作“{LABELS['stage'][stage]}”")
    _date_of_stage(row, stage)


def _date_of_stage(row: RowReading, stage: str) -> None:
    needed = STAGE_DATES[stage]
    if STAGE_ORDER[stage] >= STAGE_ORDER["signed"] and needed not in row.values:
        if any(finding.field == needed and finding.level == "refused" for finding in row.findings):
            return
        label = LABELS["stage"][stage]
        row.tell("warning", None, "stage_without_date", f"阶段为“{label}”，但没有{_DATE_WORDS[needed]}")


def _ambiguous_amount(row: RowReading) -> None:
    if AMBIGUOUS not in row.values:
        return
    amount = row.values.pop(AMBIGUOUS)
    stage = row.values.get("stage")
    order = STAGE_ORDER[stage] if isinstance(stage, str) else -1
    if "signed_on" in row.values or order >= STAGE_ORDER["signed"]:
        target = "contract_amount"
    elif stage == "framework" or "framework_on" in row.values:
        target = "framework_amount"
    else:
        target = "investment"
    row.letters.setdefault(target, row.letters[AMBIGUOUS])
    row.values.setdefault(target, amount)
    if AMBIGUOUS in row.vague:
        row.vague.add(target)


def _order_of_dates(row: RowReading) -> None:
    previous: tuple[str, date] | None = None
    for name in _ORDERED:
        day = row.values.get(name)
        if not isinstance(day, date):
            continue
        if previous and day < previous[1]:
            row.tell("warning", name, "dates_out_of_order", f"早于{_DATE_WORDS[previous[0]]} {previous[1]}")
        previous = (name, day)


def _funds_date(row: RowReading, context: Context) -> None:
    """Cumulative funds need a day: their own column, the heading's 截至, that of a note or title, or the end of the
    period or year that the title names."""
    funds, until = row.values.get("funds"), context.until
    if until is not None and until.day > context.today:
        until = None
    if until is not None and "funds_by_year" in row.values:
        _infer(row, "funds_until", until.day)
    if not funds or "funds_on" in row.values or "funds_by_year" in row.values:
        return
    if any(finding.field == "funds_on" and finding.level == "refused" for finding in row.findings):
        return
    if context.as_of:
        _infer(row, "funds_on", context.as_of)
    elif until is not None:
        _infer(row, "funds_on", until.day)
        row.tell("warning", "funds", "funds_date_from_title", f"没有到位日期，按“{until.words}”读作 {until.day}")
    elif context.until is None and context.year and context.year < context.today.year:
        day = date(context.year, 12, 31)
        _infer(row, "funds_on", day)
        row.tell("warning", "funds", "funds_date_from_title", f"没有到位日期，按标题年份读作 {day}")
    else:
        row.tell("refused", "funds", "funds_date_missing", "有到位资金，但没有到位日期；" + _ADD_DAY)


def _complete_agreement(row: RowReading, context: Context) -> None:
    values = row.values
    if "agreement_type" not in values and not _refused(row, "agreement_type"):
        _infer(row, "agreement_type", "formal")
        if "agreement_type" in context.columns:
            row.tell("warning", None, "agreement_type_missing", "没有协议类型，读作“正式合同”")
    if "signed_on" not in values and not _refused(row, "signed_on"):
        row.tell("refused", None, "signed_on_missing", "没有签订日期")


def _complete_funds(row: RowReading) -> None:
    for name, word in (("arrived_on", "到位日期"), ("amount", "到位金额")):
        if name not in row.values and not _refused(row, name):
            row.tell("refused", None, f"{name}_missing", f"没有{word}")


def _refused(row: RowReading, name: str) -> bool:
    return any(finding.field == name and finding.level == "refused" for finding in row.findings)
