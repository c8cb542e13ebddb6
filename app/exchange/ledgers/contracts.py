"""The contract and the framework agreement that the main sheet writes beside a project, and its totals."""

from collections.abc import Collection
from datetime import date
from typing import Any

from app.exchange.ledgers.drafts import Draft, never
from app.exchange.ledgers.known import Line
from app.exchange.ledgers.paper import Paper, merge, roughly_the_day, tell_void, void
from app.exchange.ledgers.records import wan
from app.facts.agreements import counting
from app.facts.agreements.models import AgreementType
from app.kernel.names import normalise

NUMBER_LIMIT = 80
_BEFORE_SIGNING = frozenset({"lead", "talk", "framework"})


def contract(draft: Draft, papers: list[Paper], voided: list[Line]) -> None:
    """The contract written on the main sheet: the first one."""
    day, fen, number = draft.value("signed_on"), draft.value("contract_amount"), draft.value("contract_no")
    if draft.reading is None or (day is None and fen is None):
        return
    if number is not None and len(number) > NUMBER_LIMIT:
        draft.refuse("contract_no", "too_long", f"过长，至多 {NUMBER_LIMIT} 个字符")
        return
    formal = [paper for paper in papers if paper.type is AgreementType.FORMAL]
    gone = None if day is None else void(draft, formal, voided, Paper(AgreementType.FORMAL, day, fen, number=number))
    if day is not None and day > draft.known.today:
        draft.refuse("signed_on", "future", "晚于今天，尚未签订")
    elif gone is not None:
        tell_void(draft, gone, "signed_on")
    elif formal:
        _compare_contract(draft, papers, formal)
    elif day is None:
        if str(draft.value("stage") or draft.row["stage"]) in _BEFORE_SIGNING:
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


def _compare_contract(draft: Draft, papers: list[Paper], formal: list[Paper]) -> None:
    now = counting.derived(papers)
    assert now.first is not None
    day, fen, number = draft.value("signed_on"), draft.value("contract_amount"), draft.value("contract_no")
    paper = papers[now.first]
    if number is not None:
        numbered = [p for p in formal if p.number is not None and normalise(p.number) == normalise(number)]
        paper = numbered[0] if numbered else paper
    if fen == now.contract_fen and paper is papers[now.first]:
        fen = None  # the main sheet may give all contracts and increases together
    if fen not in (None, paper.amount_fen) and _stood(draft, "contract_amount", ("contract_fen",), fen):
        fen = None
    if day not in (None, paper.signed_on) and _stood(draft, "signed_on", ("signed_on",), day):
        day = None
    said = Paper(AgreementType.FORMAL, day or paper.signed_on, fen, number=number)
    row = draft.origin("contract_amount" if fen is not None else "signed_on")
    if fen not in (None, paper.amount_fen) and sum(map(bool, now.counted)) > 1:
        draft.refuse(
            "contract_amount", "contract_total_differs",
            f"系统中本项目的合同和增资合计 {wan(now.contract_fen)}，首份合同 {wan(paper.amount_fen or 0)}，"
            f"台账写 {wan(fen or 0)}；请在“合同协议”表逐份填写",
        )  # fmt: skip
        return
    changes = merge(paper, said, draft, row)
    if any(change.before is not None for change in changes):
        told = "；".join(f"{c.heading} {c.before or '空'} → {c.after}" for c in changes)
        draft.warn("contract_amount", "contract_changed", f"与系统中的正式合同不同，按台账更正：{told}")


def framework(draft: Draft, papers: list[Paper], voided: list[Line]) -> None:
    """The framework agreement written on the main sheet."""
    day, fen = draft.value("framework_on"), draft.value("framework_amount")
    if draft.reading is None or (day is None and fen is None):
        return
    present = [paper for paper in papers if paper.type in counting.PRELIMINARY]
    gone = None if day is None else void(draft, present, voided, Paper(AgreementType.FRAMEWORK, day, fen or None))
    if day is not None and day > draft.known.today:
        draft.refuse("framework_on", "future", "晚于今天，尚未签订")
    elif gone is not None:
        tell_void(draft, gone, "framework_on")
    elif present:
        _compare_framework(draft, papers, present, day, fen)
    elif day is None:
        draft.refuse("framework_amount", "framework_on_missing", "有框架协议金额，没有框架协议日期")
    else:
        papers.append(Paper(AgreementType.FRAMEWORK, day, fen or None, said_by=draft.origin("framework_on")))


def _compare_framework(
    draft: Draft, papers: list[Paper], present: list[Paper], day: date | None, fen: int | None
) -> None:
    now = counting.derived(papers)
    if fen == now.framework_fen or _stood(draft, "framework_amount", ("framework_fen",), fen):
        fen = None
    if day not in [paper.signed_on for paper in present] and _stood(draft, "framework_on", ("framework_on",), day):
        day = None
    # The main sheet's day is that of the framework agreement, which a letter of intent may precede.
    first = min(present, key=lambda paper: (paper.signed_on != day, paper.signed_on))
    if fen and len([p for p in present if p.amount_fen]) > 1:
        draft.refuse(
            "framework_amount", "framework_total_differs",
            f"系统中本项目的框架协议合计 {wan(now.framework_fen)}，台账写 {wan(fen)}；请在“合同协议”表逐份填写",
        )  # fmt: skip
        return
    said = Paper(first.type, day or first.signed_on, fen or None)
    changes = merge(first, said, draft, draft.origin("framework_on"))
    if any(change.before is not None for change in changes):
        told = "；".join(f"{c.heading} {c.before or '空'} → {c.after}" for c in changes)
        draft.warn("framework_on", "framework_changed", f"与系统中的框架协议不同，按台账更正：{told}")


def _stood(draft: Draft, name: str, columns: Collection[str], *values: Any) -> bool:
    """Did the papers come to one of these before people changed them by hand? What is there stays then."""
    dated = isinstance(values[0], date)
    spell = date.isoformat if dated else wan
    alike = roughly_the_day if dated and draft.vague(name) else never
    tries = [(("project", column), value) for column in columns for value in values if value is not None]
    return any(draft.outdated(name, slot, value, spell, alike) for slot, value in tries)


# -- totals --------------------------------------------------------------------------------------------------------


def check_totals(draft: Draft, papers: list[Paper], detailed: set[AgreementType]) -> None:
    """Where the sheet of agreements has the project, the main sheet must say the same, or what it said before."""
    if draft.reading is None:
        return
    if AgreementType.FORMAL in detailed or AgreementType.SUPPLEMENT in detailed:
        _check_contract(draft, papers)
    if counting.PRELIMINARY & detailed:
        _check_framework(draft, papers)


def _check_contract(draft: Draft, papers: list[Paper]) -> None:
    row, fen, day = draft.row, draft.value("contract_amount"), draft.value("signed_on")
    fresh = sum(counting.counted_fen(paper) for paper in papers if paper.line is None)
    columns = ("contract_fen", "first_formal_fen")
    differs = fen is not None and fen not in map(row.get, columns) and not draft.vague("contract_amount")
    if differs and not _stood(draft, "contract_amount", columns, fen, fen - fresh):
        reason = f"“合同协议”表合计 {wan(row['contract_fen'])}，本行写 {wan(fen)}"
        draft.refuse("contract_amount", "contract_total_mismatch", reason)
    first = row["signed_on"]
    near = draft.vague("signed_on") and first is not None and day is not None and roughly_the_day(first, day)
    if day not in (None, first) and not near and not _stood(draft, "signed_on", ("signed_on",), day):
        reason = f"“合同协议”表首份正式合同签于 {first or '（无）'}，本行写 {day}"
        draft.refuse("signed_on", "signed_on_mismatch", reason)
    number = draft.value("contract_no")
    if number is not None and normalise(number) not in {normalise(p.number) for p in papers if p.number}:
        draft.warn("contract_no", "contract_no_elsewhere", "“合同协议”表没有此编号，未采用")


def _check_framework(draft: Draft, papers: list[Paper]) -> None:
    row, fen, day = draft.row, draft.value("framework_amount"), draft.value("framework_on")
    fresh = sum(p.amount_fen or 0 for p in papers if p.line is None and p.type is AgreementType.FRAMEWORK)
    differs = fen not in (None, row["framework_fen"]) and not draft.vague("framework_amount")
    if differs and not _stood(draft, "framework_amount", ("framework_fen",), fen, fen - fresh):
        reason = f"“合同协议”表框架协议合计 {wan(row['framework_fen'])}，本行写 {wan(fen)}"
        draft.refuse("framework_amount", "framework_total_mismatch", reason)
    days = sorted(paper.signed_on for paper in papers if paper.type in counting.PRELIMINARY)
    near = any(draft.vague("framework_on") and day is not None and roughly_the_day(each, day) for each in days)
    if day is not None and day not in days and not near and not _stood(draft, "framework_on", ("framework_on",), day):
        reason = f"“合同协议”表意向、框架协议签于 {'、'.join(map(str, days))}，本行写 {day}"
        draft.refuse("framework_on", "framework_on_mismatch", reason)
