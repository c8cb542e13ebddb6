"""Agreements: the rows of 合同协议, what the main sheet writes beside a project, and what follows from both."""

from datetime import date

from app.exchange.ledgers import contracts
from app.exchange.ledgers.drafts import Draft
from app.exchange.ledgers.findings import RowReading
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.models import Outcome
from app.exchange.ledgers.paper import COLUMNS, FIELDS, Paper, formerly, merge, same, tell_void, void
from app.facts.agreements import counting
from app.facts.agreements.models import AgreementType
from app.facts.agreements.service import COUNTED
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
    if _stand(draft, papers) and _may_change(draft, papers):
        _write(draft, papers)
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


def _may_change(draft: Draft, papers: list[Paper]) -> bool:
    """Does everything stay as it is that a closed period counts? What does not is refused."""
    now, closed, fine = counting.derived(papers), draft.known.closed, True
    for place, paper in enumerate(papers):
        line = paper.line
        if line is None or line["type"] not in COUNTED:
            continue
        counted_on = line["deferred_to"] or line["signed_on"]
        before = (line["type"], line["signed_on"], *_weight(line["type"], line["amount_fen"], line["counted_fen"],
                                                            line["first_formal"]))  # fmt: skip
        after = (paper.type, paper.signed_on, *_weight(paper.type, paper.amount_fen, now.counted[place],
                                                       place == now.first))  # fmt: skip
        name = closed.name(counted_on) if before != after else None
        if name is not None:
            row = paper.said_by or next((p.said_by for p in papers if p.touched and p.said_by is not None), None)
            draft.lock(_cell(paper, row), name, f"签于 {line['signed_on']} 的一份文本", row)
            fine = False
    return fine


def _cell(paper: Paper, row: RowReading | None) -> str:
    """The field that changes what is counted."""
    changed = paper.differences
    field = "contract_amount" if "amount_fen" in changed else "increment" if "increment_fen" in changed else "signed_on"
    if row is None and paper.type in counting.PRELIMINARY:  # on the main sheet
        return {"contract_amount": "framework_amount"}.get(field, "framework_on")
    return field


def _weight(kind: AgreementType, amount: int | None, counted: int, first: bool) -> tuple[object, ...]:
    """What figures count of a paper."""
    return (amount,) if kind is AgreementType.FRAMEWORK else (counted, first)


def _write(draft: Draft, papers: list[Paper]) -> None:
    now, closed = counting.derived(papers), draft.known.closed
    deferrals = [
        closed.deferral(paper.signed_on)
        if paper.line is None or paper.signed_on != paper.line["signed_on"]
        else paper.line["deferred_to"]
        for paper in papers
    ]
    for place, paper in enumerate(papers):
        follows = {
            "counted_fen": now.counted[place], "first_formal": place == now.first, "deferred_to": deferrals[place],
        }  # fmt: skip
        if paper.line is None:
            line = {name: getattr(paper, name) for name in COLUMNS}
            draft.add("papers", {**line, **follows, "imported": True, "voided_reason": None})
            _tell_deferral(draft, paper, deferrals[place])
            continue
        if deferrals[place] != paper.line["deferred_to"]:
            _tell_deferral(draft, paper, deferrals[place])
        changed = {name: value for name, value in follows.items() if paper.line[name] != value} | paper.differences
        if changed:
            draft.altered.append(("papers", paper.line, changed))
    row = draft.row
    row["signed_on"], row["first_formal_fen"] = now.signed_on, now.first_formal_fen
    row["signed_deferred_to"] = None if now.first is None else deferrals[now.first]
    row["contract_fen"], row["framework_fen"] = now.contract_fen, now.framework_fen
    row["framework_on"] = now.framework_on


def _tell_deferral(draft: Draft, paper: Paper, counts_on: date | None) -> None:
    row = paper.said_by
    beside = row is not None and row.values.get("signed_on") != paper.signed_on
    draft.defer("framework_on" if beside else "signed_on", counts_on, row)
