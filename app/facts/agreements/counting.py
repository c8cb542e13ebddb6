"""What the papers of a project add up to: the one place where it is computed.

One project counts once, at its first formal contract. A framework agreement that becomes a contract counts as the
contract and is never added to it; a supplement counts only what it adds (or takes away), on its own date. Papers that
were voided are left out by the caller. Pure: the service and the ledger import both ask here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from app.facts.agreements.models import AgreementType
from app.kernel.errors import Conflict, Invalid
from app.kernel.money import PLAUSIBLE_FEN, display

PRELIMINARY = frozenset({AgreementType.INTENT, AgreementType.FRAMEWORK, AgreementType.STRATEGIC})
"""Papers that bring a project to the stage `framework`."""


class Paper(Protocol):
    """What counting needs to know of an agreement; amounts in fen."""

    @property
    def type(self) -> AgreementType: ...
    @property
    def signed_on(self) -> date: ...
    @property
    def amount_fen(self) -> int | None: ...
    @property
    def increment_fen(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows from a project's papers.

    `first` is the place of the first formal contract among them, `counted` what each adds to 合同引资.
    """

    first: int | None
    counted: tuple[int, ...]
    signed_on: date | None
    first_formal_fen: int | None
    contract_fen: int
    framework_on: date | None
    framework_fen: int


def counted_fen(paper: Paper) -> int:
    """What one paper adds to 合同引资."""
    if paper.type is AgreementType.FORMAL:
        return paper.amount_fen or 0
    if paper.type is AgreementType.SUPPLEMENT:
        return paper.increment_fen or 0
    return 0


def derived(papers: Sequence[Paper]) -> Derived:
    """Everything that follows from the papers that stand, given in the order they were recorded."""
    formal = [place for place, paper in enumerate(papers) if paper.type is AgreementType.FORMAL]
    # On one day the one recorded first is the first: min() keeps the earlier of equals.
    first = min(formal, key=lambda place: papers[place].signed_on, default=None)
    counted = tuple(counted_fen(paper) for paper in papers)
    return Derived(
        first=first,
        counted=counted,
        signed_on=None if first is None else papers[first].signed_on,
        first_formal_fen=None if first is None else papers[first].amount_fen,
        contract_fen=sum(counted),
        framework_on=min((paper.signed_on for paper in papers if paper.type in PRELIMINARY), default=None),
        framework_fen=sum(paper.amount_fen or 0 for paper in papers if paper.type is AgreementType.FRAMEWORK),
    )


# -- what may stand --------------------------------------------------------------------------------------------


class SupplementWithoutContract(Conflict):
    code = "supplement_without_contract"
    message = "补充协议须有同日或更早签订的正式合同"
    english = "A supplement needs a formal contract signed on the same day or earlier."


class TotalBelowZero(Conflict):
    code = "total_below_zero"
    message = "减资后合同金额合计不得小于零"
    english = "A reduction may not take the contract total below zero."


class NumberTaken(Conflict):
    code = "number_taken"
    message = "该项目已有同编号的合同或协议"
    english = "The project has another agreement with this number."


def check_paper(paper: Paper) -> None:
    """Refuse (422) a paper whose amounts do not fit its type."""
    amount, increment = paper.amount_fen, paper.increment_fen
    if paper.type is AgreementType.FORMAL and not amount:
        raise Invalid.field("amount", "missing", "正式合同须填写大于零的合同金额")
    if paper.type is AgreementType.SUPPLEMENT and increment is None:
        raise Invalid.field("increment", "missing", "补充协议须填写增资金额（不增资填 0，减资填负数）")
    if paper.type is not AgreementType.SUPPLEMENT and increment is not None:
        raise Invalid.field("increment", "not_a_supplement", "只有补充协议可以填写增资金额")
    limit = display(PLAUSIBLE_FEN, digits=0)
    for field, fen in (("amount", amount), ("increment", increment)):
        if fen is not None and abs(fen) >= PLAUSIBLE_FEN:
            raise Invalid.field(field, "implausible", f"金额应小于{limit}，请核对单位是否为元")


def check_papers(papers: Iterable[Paper]) -> None:
    """Refuse (409) papers that cannot stand together: on no day may a supplement lack its contract or the total be
    below zero."""
    total, contract = 0, False
    by_day: dict[date, list[Paper]] = {}
    for paper in papers:
        by_day.setdefault(paper.signed_on, []).append(paper)
    for day in sorted(by_day):
        contract = contract or any(paper.type is AgreementType.FORMAL for paper in by_day[day])
        if not contract and any(paper.type is AgreementType.SUPPLEMENT for paper in by_day[day]):
            raise SupplementWithoutContract
        total += sum(counted_fen(paper) for paper in by_day[day])
        if total < 0:
            raise TotalBelowZero(f"{TotalBelowZero.message}：至 {day.isoformat()} 合计为 {display(total, '万元')}")
