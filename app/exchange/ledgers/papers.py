"""Agreements: the rows of 合同协议, what the main sheet writes beside a project, and what follows from both."""

from dataclasses import dataclass
from datetime import date

from app.exchange.ledgers import contracts
from app.exchange.ledgers.drafts import Draft
from app.exchange.ledgers.findings import RowReading
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.models import Outcome
from app.exchange.ledgers.paper import COLUMNS, FIELDS, Paper, formerly, merge, same, tell_void, void
from app.facts.agreements import counting
from app.facts.agreements.models import AgreementType
from app.facts.agreements.service import COUNTED, Weight
from app.kernel.errors import Problem
from app.kernel.names import normalise

_LIMITS = {"number": contracts.NUMBER_LIMIT, "parties": 500, "note": 20_000}
_CELL_OF = {"amount": "contract_amount", "increment": "increment"}


def sign(draft: Draft) -> None:
    """Bring the papers up to what the file says, and derive from them."""
    lines = draft.record.papers if draft.record else []
    papers = [Paper.of(line) for line in lines if line["voided_reason"] is None]
    voided = [line for line in lines if line["voided_reason"] is not None]
    for row in draft.agreement_rows:
        if _sound(draft, row):
            _take(draft, papers, voided, row)
    detailed = {paper.type for paper in papers if paper.said_by is not None}
    if AgreementType.FORMAL not in detailed:
        contracts.contract(draft, papers, voided)
    if not counting.PRELIMINARY & detailed:
        contracts.framework(draft, papers, voided)
    now = counting.derived(papers)
    counted = _weigh(draft, papers, now)
    if _stand(draft, papers) and _may_change(draft, counted):
        _write(draft, counted, now)
        contracts.check_totals(draft, papers, detailed)
    else:
        draft.refused = True  # papers that do not stand together cannot be written one by one


# -- rows of the sheet ---------------------------------------------------------------------------------------------


def _sound(draft: Draft, row: RowReading) -> bool:
    """Check what a row says by itself, whatever of it could be read. May it be taken?"""
    values, sound = row.values, not row.refused
    for column, limit in _LIMITS.items():
        if len(_text(values.get(FIELDS[column])) or "") > limit:
            draft.refuse(FIELDS[column], "too_long", f"过长，至多 {limit} 个字符", row)
            sound = False
    signed_on = values.get("signed_on")
    if isinstance(signed_on, date) and signed_on > draft.known.today:
        draft.refuse("signed_on", "future", "晚于今天，尚未签订", row)
        sound = False
    return sound


def _take(draft: Draft, papers: list[Paper], voided: list[Line], row: RowReading) -> None:
    values = row.values
    signed_on = values["signed_on"]
    assert isinstance(signed_on, date)
    said = Paper(
        AgreementType(str(values["agreement_type"])), signed_on, _fen(values.get("contract_amount")),
        _fen(values.get("increment")), _text(values.get("contract_no")), _text(values.get("parties")),
        _text(values.get("note")), said_by=row,
    )  # fmt: skip
    gone = void(draft, papers, voided, said)
    found = None if gone is not None else same(papers, said) or formerly(draft, papers, said)
    if gone is None and found is None and (likely := same([Paper.of(line) for line in voided], said)) is not None:
        gone = likely.line
    if gone is not None:
        tell_void(draft, gone, None, row)
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
        result.changes = merge(found, said, draft, row)
        if found.signed_on != before:
            draft.warn("signed_on", "signed_on_changed", f"系统中这份文本签于 {before}，按台账更正", row)
        result.outcome = Outcome.CHANGED if result.changes else Outcome.UNCHANGED


def _fen(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str | None:
    if isinstance(value, tuple):
        return "、".join(value)
    return str(value) if value is not None else None


# -- what follows --------------------------------------------------------------------------------------------------


def _stand(draft: Draft, papers: list[Paper]) -> bool:
    """May the papers stand, each and together? What may not is refused."""
    sound = not [paper for paper in papers if paper.touched and not _fits(draft, paper)]
    numbers: set[str] = set()
    for paper in papers:
        number = normalise(paper.number) if paper.number is not None else None
        if number in numbers:
            if paper.said_by is not None and paper.touched:
                draft.refuse("contract_no", "number_taken", "该项目已有同编号的合同或协议", paper.said_by)
                sound = False
        elif number is not None:
            numbers.add(number)
    if not sound or not any(paper.touched for paper in papers):
        return sound
    try:
        counting.check_papers(papers)
    except Problem as problem:
        last = next((p.said_by for p in reversed(papers) if p.said_by is not None), None)
        draft.refuse(None, "agreements", problem.said, last)
        return False
    return True


def _fits(draft: Draft, paper: Paper) -> bool:
    try:
        counting.check_paper(paper)
    except Problem as problem:
        field = problem.errors[0].field if problem.errors else ""
        reason = problem.errors[0].message if problem.errors else problem.said
        draft.refuse(_CELL_OF.get(field), "agreement", reason, paper.said_by or draft.origin("contract_amount"))
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Counted:
    """What figures count of a paper: as it was recorded, and as it will be. None when nothing."""

    paper: Paper
    was: Weight | None
    will: Weight | None
    deferral: date | None


def _weigh(draft: Draft, papers: list[Paper], now: counting.Derived) -> list[_Counted]:
    """What figures count of each paper, before and afterwards."""
    found = []
    for place, paper in enumerate(papers):
        line, was = paper.line, None
        if line is not None and line["type"] in COUNTED:
            fen = (line["amount_fen"] or 0) if line["type"] is AgreementType.FRAMEWORK else line["counted_fen"]
            was = Weight(line["deferred_to"] or line["signed_on"], line["type"], fen, line["first_formal"])
        moved = line is None or paper.signed_on != line["signed_on"]
        deferral = draft.known.closed.deferral(paper.signed_on) if line is None or moved else line["deferred_to"]
        will = None
        if paper.type in COUNTED:
            fen = (paper.amount_fen or 0) if paper.type is AgreementType.FRAMEWORK else now.counted[place]
            will = Weight(deferral or paper.signed_on, paper.type, fen, place == now.first)
        found.append(_Counted(paper, was, will, deferral))
    return found


def _may_change(draft: Draft, counted: list[_Counted]) -> bool:
    """Does everything stay as it is that a closed period counts? What does not is refused."""
    fine = True
    fresh = next((c.paper.said_by for c in counted if c.paper.touched and c.paper.said_by is not None), None)
    for paper, was in ((each.paper, each.was) for each in counted if each.was != each.will):
        name = draft.known.closed.name(was.day) if was is not None else None
        if name is not None and paper.line is not None:
            row = paper.said_by or fresh
            draft.lock(_cell(paper, row), name, f"签于 {paper.line['signed_on']} 的一份文本", row)
            fine = False
    return fine


def _cell(paper: Paper, row: RowReading | None) -> str:
    """The field that changes what is counted."""
    changed = paper.differences
    field = "contract_amount" if "amount_fen" in changed else "increment" if "increment_fen" in changed else "signed_on"
    if row is None and paper.type in counting.PRELIMINARY:  # on the main sheet
        return {"contract_amount": "framework_amount"}.get(field, "framework_on")
    return field


def _write(draft: Draft, counted: list[_Counted], now: counting.Derived) -> None:
    for place, each in enumerate(counted):
        paper = each.paper
        follows = {
            "counted_fen": now.counted[place], "first_formal": place == now.first, "deferred_to": each.deferral,
        }  # fmt: skip
        if paper.line is None:
            line = {name: getattr(paper, name) for name in COLUMNS}
            draft.add("papers", {**line, **follows, "imported": True, "voided_reason": None})
            _tell_deferral(draft, paper, each.deferral)
            continue
        if each.deferral != paper.line["deferred_to"]:
            _tell_deferral(draft, paper, each.deferral)
        changed = {name: value for name, value in follows.items() if paper.line[name] != value} | paper.differences
        if changed:
            draft.altered.append(("papers", paper.line, changed))
        if each.was is not None and each.was != each.will:
            for source in sorted(each.was.sources | (each.will.sources if each.will else set())):
                draft.restate(source, each.was.day, each.will.day if each.will else None)
    row = draft.row
    row["signed_on"], row["first_formal_fen"] = now.signed_on, now.first_formal_fen
    row["signed_deferred_to"] = None if now.first is None else counted[now.first].deferral
    row["contract_fen"], row["framework_fen"] = now.contract_fen, now.framework_fen
    row["framework_on"] = now.framework_on


def _tell_deferral(draft: Draft, paper: Paper, counts_on: date | None) -> None:
    row = paper.said_by
    beside = row is not None and row.values.get("signed_on") != paper.signed_on
    draft.defer("framework_on" if beside else "signed_on", counts_on, row)
