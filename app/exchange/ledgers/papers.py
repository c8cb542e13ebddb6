"""Agreements: the rows of 合同协议, or the contract and the framework that the main sheet writes beside a project."""

from dataclasses import dataclass
from datetime import date

from app.exchange.ledgers.drafts import Draft, FieldChange
from app.exchange.ledgers.findings import RowReading
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.labels import LABELS
from app.exchange.ledgers.models import Outcome
from app.exchange.ledgers.records import wan
from app.facts.agreements import counting
from app.facts.agreements.models import AgreementType
from app.kernel.errors import Problem
from app.kernel.names import normalise, squash

_COLUMNS = ("type", "number", "signed_on", "amount_fen", "increment_fen", "parties", "note")
_FIELDS = {
    "type": "agreement_type", "number": "contract_no", "signed_on": "signed_on", "amount_fen": "contract_amount",
    "increment_fen": "increment", "parties": "parties", "note": "note",
}  # fmt: skip
_LIMITS = {"number": 80, "parties": 500, "note": 20_000}
_CELL_OF = {"amount": "contract_amount", "increment": "increment"}


@dataclass(slots=True)
class Paper:
    """An agreement as it will be; `line` is the row there is, None for a new one."""

    type: AgreementType
    signed_on: date
    amount_fen: int | None = None
    increment_fen: int | None = None
    number: str | None = None
    parties: str | None = None
    note: str | None = None
    line: Line | None = None
    said_by: RowReading | None = None


def sign(draft: Draft) -> None:
    """Bring the papers up to what the file says, and derive from them."""
    lines = draft.record.papers if draft.record else []
    papers = [
        Paper(**{name: line[name] for name in _COLUMNS}, line=line) for line in lines if line["voided_reason"] is None
    ]
    voided = [line for line in lines if line["voided_reason"] is not None]
    for row in draft.agreement_rows:
        if not row.refused:
            _take(draft, papers, voided, row)
    detailed = {paper.type for paper in papers if paper.said_by is not None}
    _contract(draft, papers, AgreementType.FORMAL in detailed)
    _framework(draft, papers, bool(counting.PRELIMINARY & detailed))
    if _stand(draft, papers):
        _write(draft, papers)
        _check_totals(draft, papers, detailed)
    else:
        draft.refused = True  # papers that do not stand together cannot be written one by one


# -- rows of the sheet ---------------------------------------------------------------------------------------------


def _take(draft: Draft, papers: list[Paper], voided: list[Line], row: RowReading) -> None:
    values = row.values
    signed_on, parties = values["signed_on"], values.get("parties")
    assert isinstance(signed_on, date)
    said = Paper(
        AgreementType(str(values["agreement_type"])), signed_on, _fen(values.get("contract_amount")),
        _fen(values.get("increment")), _text(values.get("contract_no")),
        "、".join(parties) if isinstance(parties, tuple) else _text(parties), _text(values.get("note")), said_by=row,
    )  # fmt: skip
    for column, limit in _LIMITS.items():
        if len(getattr(said, column) or "") > limit:
            draft.refuse(_FIELDS[column], "too_long", f"过长，至多 {limit} 个字符", row)
            return
    if said.signed_on > draft.known.today:
        draft.refuse("signed_on", "future", "晚于今天，尚未签订", row)
        return
    found = _same(papers, said)
    if found is None and (gone := _same([_of(line) for line in voided], said)) is not None and gone.line is not None:
        draft.warn(None, "voided", f"系统中这份文本已作废（{gone.line['voided_reason']}），未再记入", row)
        return
    result = draft.result(row)
    if found is None:
        if said.amount_fen is None and said.type is AgreementType.FORMAL:
            draft.refuse(None, "amount_missing", "正式合同没有合同金额", row)
            return
        papers.append(said)
        result.outcome = Outcome.CREATED
    else:
        found.said_by = row
        before = found.signed_on
        result.changes = _merge(found, said, draft, row)
        if found.signed_on != before:
            draft.warn("signed_on", "signed_on_changed", f"系统中这份文本签于 {before}，按台账更正", row)
        result.outcome = Outcome.CHANGED if result.changes else Outcome.UNCHANGED


def _of(line: Line) -> Paper:
    return Paper(**{name: line[name] for name in _COLUMNS}, line=line)


def _same(papers: list[Paper], said: Paper) -> Paper | None:
    """The paper that a row speaks of, among those no other row has spoken of."""
    free = [paper for paper in papers if paper.said_by is None]
    if said.number is not None:
        for paper in free:
            if paper.number is not None and normalise(paper.number) == normalise(said.number):
                return paper
    alike = [p for p in free if p.type is said.type and (p.number is None or said.number is None)]
    exact = [p for p in alike if p.signed_on == said.signed_on]
    for paper in exact:
        if (paper.amount_fen, paper.increment_fen) == (said.amount_fen, said.increment_fen):
            return paper
    if exact:
        return exact[0]
    amounts = [p for p in alike if (p.amount_fen, p.increment_fen) == (said.amount_fen, said.increment_fen)]
    return amounts[0] if len(amounts) == 1 and said.amount_fen is not None else None


def _merge(paper: Paper, said: Paper, draft: Draft, row: RowReading) -> list[FieldChange]:
    """Take over what is said and differs."""
    changes = []
    for column in _COLUMNS:
        old, new = getattr(paper, column), getattr(said, column)
        if new is None or new == old or (old is not None and _means_the_same(column, old, new, row)):
            continue
        setattr(paper, column, new)
        changes.append(FieldChange(_FIELDS[column], _spelled(column, old), _spelled(column, new)))
    if changes:
        draft.changes.extend(changes)
    return changes


def _means_the_same(column: str, old: object, new: object, row: RowReading) -> bool:
    if isinstance(old, str) and isinstance(new, str) and column != "type":
        return squash(old) == squash(new)
    if _FIELDS[column] not in row.vague:
        return False
    if isinstance(old, date) and isinstance(new, date):
        return roughly_the_day(old, new)
    return isinstance(old, int) and isinstance(new, int) and abs(old - new) * 10 <= old


def roughly_the_day(old: date, vague: date) -> bool:
    """2020年3月 says 2020-03-31 and means 2020-03-12 as well; a year says its last day."""
    return old.year == vague.year and (old.month == vague.month or (vague.month, vague.day) == (12, 31))


def _spelled(column: str, value: object) -> str | None:
    if value is None:
        return None
    if column.endswith("_fen") and isinstance(value, int):
        return wan(value)
    return LABELS["agreement_type"][str(value)] if column == "type" else str(value)


def _fen(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


# -- beside the project --------------------------------------------------------------------------------------------


def _contract(draft: Draft, papers: list[Paper], detailed: bool) -> None:
    """The contract written on the main sheet: the first one, unless the sheet of agreements has it."""
    day, fen, number = draft.value("signed_on"), draft.value("contract_amount"), draft.value("contract_no")
    if detailed or draft.reading is None or (day is None and fen is None):
        return
    if number is not None and len(number) > _LIMITS["number"]:
        draft.refuse("contract_no", "too_long", f"过长，至多 {_LIMITS['number']} 个字符")
        return
    formal = [paper for paper in papers if paper.type is AgreementType.FORMAL]
    if day is not None and day > draft.known.today:
        draft.refuse("signed_on", "future", "晚于今天，尚未签订")
    elif formal:
        _compare_contract(draft, papers, formal)
    elif day is None:
        if STAGES_BEFORE_SIGNING.get(str(draft.value("stage") or draft.row["stage"]), False):
            draft.warn("contract_amount", "not_signed", "尚未签约，合同金额未记入")
        else:
            draft.refuse("contract_amount", "signed_on_missing", "有合同金额，没有签约日期")
    elif not fen:
        name = "signed_on" if fen is None else "contract_amount"
        draft.refuse(name, "amount_missing", "有签约日期，没有大于零的合同金额")
    else:
        if draft.agreement_rows:
            draft.warn("contract_amount", "contract_beside", "“合同协议”表没有本项目的正式合同，按本行记入")
        papers.append(Paper(AgreementType.FORMAL, day, fen, number=number, said_by=draft.origin("contract_amount")))


STAGES_BEFORE_SIGNING = {"lead": True, "talk": True, "framework": True}


def _compare_contract(draft: Draft, papers: list[Paper], formal: list[Paper]) -> None:
    now = counting.derived(papers)
    assert now.first is not None
    number, fen = draft.value("contract_no"), draft.value("contract_amount")
    paper = papers[now.first]
    if number is not None:
        numbered = [p for p in formal if p.number is not None and normalise(p.number) == normalise(number)]
        paper = numbered[0] if numbered else paper
    if fen == now.contract_fen and paper is papers[now.first]:
        fen = None  # the main sheet may give all contracts and increases together
    said = Paper(AgreementType.FORMAL, draft.value("signed_on") or paper.signed_on, fen, number=number)
    row = draft.origin("contract_amount" if fen is not None else "signed_on")
    if fen not in (None, paper.amount_fen) and sum(map(bool, now.counted)) > 1:
        draft.refuse(
            "contract_amount", "contract_total_differs",
            f"系统中本项目的合同和增资合计 {wan(now.contract_fen)}，首份合同 {wan(paper.amount_fen or 0)}，"
            f"台账写 {wan(fen or 0)}；请在“合同协议”表逐份填写",
        )  # fmt: skip
        return
    changes = _merge(paper, said, draft, row)
    if any(change.before is not None for change in changes):
        told = "；".join(f"{c.heading} {c.before or '空'} → {c.after}" for c in changes)
        draft.warn("contract_amount", "contract_changed", f"与系统中的正式合同不同，按台账更正：{told}")


def _framework(draft: Draft, papers: list[Paper], detailed: bool) -> None:
    day, fen = draft.value("framework_on"), draft.value("framework_amount")
    if detailed or draft.reading is None or (day is None and fen is None):
        return
    present = [paper for paper in papers if paper.type in counting.PRELIMINARY]
    if day is not None and day > draft.known.today:
        draft.refuse("framework_on", "future", "晚于今天，尚未签订")
    elif not present and day is None:
        draft.refuse("framework_amount", "framework_on_missing", "有框架协议金额，没有框架协议日期")
    elif not present:
        assert day is not None
        papers.append(Paper(AgreementType.FRAMEWORK, day, fen or None, said_by=draft.origin("framework_on")))
    else:
        now = counting.derived(papers)
        if fen == now.framework_fen:
            fen = None
        # The main sheet's day is that of the framework agreement, which a letter of intent may precede.
        first = min(present, key=lambda paper: (paper.signed_on != day, paper.signed_on))
        if fen and len([p for p in present if p.amount_fen]) > 1:
            draft.refuse(
                "framework_amount", "framework_total_differs",
                f"系统中本项目的框架协议合计 {wan(now.framework_fen)}，台账写 {wan(fen)}；请在“合同协议”表逐份填写",
            )  # fmt: skip
            return
        said = Paper(first.type, day or first.signed_on, fen or None)
        changes = _merge(first, said, draft, draft.origin("framework_on"))
        if any(change.before is not None for change in changes):
            told = "；".join(f"{c.heading} {c.before or '空'} → {c.after}" for c in changes)
            draft.warn("framework_on", "framework_changed", f"与系统中的框架协议不同，按台账更正：{told}")


# -- what follows --------------------------------------------------------------------------------------------------


def _stand(draft: Draft, papers: list[Paper]) -> bool:
    """May the papers stand, each and together? What may not is refused."""
    for paper in papers:
        if paper.line is not None and not _differences(paper):
            continue
        row = paper.said_by or draft.origin("contract_amount")
        try:
            counting.check_paper(paper)
        except Problem as problem:
            field = problem.errors[0].field if problem.errors else ""
            reason = problem.errors[0].message if problem.errors else problem.said
            draft.refuse(_CELL_OF.get(field), "agreement", reason, row)
            return False
    numbers: set[str] = set()
    for paper in papers:
        number = normalise(paper.number) if paper.number is not None else None
        if number in numbers:
            if paper.said_by is not None and (paper.line is None or _differences(paper)):
                draft.refuse("contract_no", "number_taken", "该项目已有同编号的合同或协议", paper.said_by)
                return False
        elif number is not None:
            numbers.add(number)
    if all(paper.line is not None and not _differences(paper) for paper in papers):
        return True
    try:
        counting.check_papers(papers)
    except Problem as problem:
        last = next((p.said_by for p in reversed(papers) if p.said_by is not None), None)
        draft.refuse(None, "agreements", problem.said, last)
        return False
    return True


def _differences(paper: Paper) -> Line:
    assert paper.line is not None
    return {name: getattr(paper, name) for name in _COLUMNS if getattr(paper, name) != paper.line[name]}


def _write(draft: Draft, papers: list[Paper]) -> None:
    now = counting.derived(papers)
    for place, paper in enumerate(papers):
        counted = {"counted_fen": now.counted[place], "first_formal": place == now.first}
        if paper.line is None:
            line = {name: getattr(paper, name) for name in _COLUMNS}
            draft.add("papers", {**line, **counted, "imported": True, "voided_reason": None})
            continue
        changed = {name: value for name, value in counted.items() if paper.line[name] != value} | _differences(paper)
        if changed:
            draft.altered.append(("papers", paper.line, changed))
    row = draft.row
    row["signed_on"], row["first_formal_fen"] = now.signed_on, now.first_formal_fen
    row["contract_fen"], row["framework_fen"] = now.contract_fen, now.framework_fen
    row["framework_on"] = now.framework_on


def _check_totals(draft: Draft, papers: list[Paper], detailed: set[AgreementType]) -> None:
    """Where the sheet of agreements has the project, the main sheet must say the same."""
    if draft.reading is None:
        return
    row = draft.row
    if AgreementType.FORMAL in detailed or AgreementType.SUPPLEMENT in detailed:
        fen, day = draft.value("contract_amount"), draft.value("signed_on")
        either = (row["contract_fen"], row["first_formal_fen"])
        if fen is not None and fen not in either and not draft.vague("contract_amount"):
            reason = f"“合同协议”表合计 {wan(row['contract_fen'])}，本行写 {wan(fen)}"
            draft.refuse("contract_amount", "contract_total_mismatch", reason)
        first = row["signed_on"]
        if (
            day is not None
            and day != first
            and not (draft.vague("signed_on") and first and roughly_the_day(first, day))
        ):
            draft.refuse(
                "signed_on", "signed_on_mismatch", f"“合同协议”表首份正式合同签于 {first or '（无）'}，本行写 {day}"
            )
        number = draft.value("contract_no")
        if number is not None and normalise(number) not in {normalise(p.number) for p in papers if p.number}:
            draft.warn("contract_no", "contract_no_elsewhere", "“合同协议”表没有此编号，未采用")
    if counting.PRELIMINARY & detailed:
        fen, day = draft.value("framework_amount"), draft.value("framework_on")
        if fen is not None and fen != row["framework_fen"] and not draft.vague("framework_amount"):
            reason = f"“合同协议”表框架协议合计 {wan(row['framework_fen'])}，本行写 {wan(fen)}"
            draft.refuse("framework_amount", "framework_total_mismatch", reason)
        days = sorted(paper.signed_on for paper in papers if paper.type in counting.PRELIMINARY)
        near = any(draft.vague("framework_on") and day is not None and roughly_the_day(each, day) for each in days)
        if day is not None and day not in days and not near:
            reason = f"“合同协议”表意向、框架协议签于 {'、'.join(map(str, days))}，本行写 {day}"
            draft.refuse("framework_on", "framework_on_mismatch", reason)
