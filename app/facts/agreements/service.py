"""What changes a project's papers, and what follows from it for the project."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.facts.agreements import counting, queries
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.agreements.schemas import AgreementIn, AgreementPatch
from app.facts.projects import restatements
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.identity.periods.closures import Closed, hold
from app.kernel import events, preconditions
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Invalid

COUNTED = frozenset({AgreementType.FRAMEWORK, AgreementType.FORMAL, AgreementType.SUPPLEMENT})
"""Papers that figures count."""


class AlreadyVoid(Conflict):
    code = "already_void"
    message = "这份合同或协议已作废"
    english = "This agreement was voided before."


class StillSigned(Conflict):
    code = "still_signed"
    message = "项目处于签约或其后的阶段，不能没有正式合同；请先登记正确的合同，或先退回阶段"
    english = "The project's stage needs a formal contract: record the right one first, or move the project back."


class Weight(NamedTuple):
    """What figures count of a paper: on which day, as what, how much, and whether it is what signs the project."""

    day: date
    type: AgreementType
    fen: int
    first: bool

    @property
    def sources(self) -> set[str]:
        """Under which sources figures count it."""
        match self.type:
            case AgreementType.FRAMEWORK:
                return {"frameworks"}
            case AgreementType.SUPPLEMENT:
                return {"contracts"}
        return {"contracts", "formals", "signings"} if self.first else {"contracts", "formals"}


def weigh(papers: Iterable[Agreement]) -> dict[int, Weight]:
    """What figures count of these papers, by their numbers."""
    return {
        paper.id: Weight(
            paper.deferred_to or paper.signed_on,
            paper.type,
            (paper.amount_fen or 0) if paper.type is AgreementType.FRAMEWORK else paper.counted_fen,
            paper.first_formal,
        )
        for paper in papers
        if paper.type in COUNTED
    }


def derive(db: Session, project: Project, closed: Closed, before: Mapping[int, Weight], reason: str | None) -> None:
    """Bring what follows from the papers up to date, on each paper and on the project.

    `before` is what they weighed before the change: a closed period keeps what it counts (409 `period_locked`), and
    what was counted on a day gone by is restated, for this reason.
    """
    db.flush()
    papers = queries.standing(db, project.id)
    now = counting.derived(papers)
    for place, paper in enumerate(papers):
        paper.counted_fen = now.counted[place]
        paper.first_formal = place == now.first
    after = weigh(papers)
    changed = [(was, after.get(key)) for key, was in before.items() if was != after.get(key)]
    closed.check(was.day for was, _ in changed)
    project.signed_on = now.signed_on
    project.signed_deferred_to = None if now.first is None else papers[now.first].deferred_to
    project.first_formal_fen = now.first_formal_fen
    project.contract_fen = now.contract_fen
    project.framework_on = now.framework_on
    project.framework_fen = now.framework_fen
    for was, is_now in changed:
        for source in sorted(was.sources | (is_now.sources if is_now else set())):
            restatements.note(db, project, source, (was.day, is_now.day if is_now else None), reason)
    projects.touch(db, project)
    db.flush()


def create(db: Session, actor: Actor, code: str, body: AgreementIn) -> tuple[Project, Agreement]:
    """Record a paper that was signed."""
    project = projects.open_for_change(db, actor, code, Permission.AGREEMENT_EDIT, even_archived=True)
    agreement = add(
        db, project, type=body.type, signed_on=body.signed_on, number=body.number, amount_fen=body.amount,
        increment_fen=body.increment, parties=body.parties, note=body.note,
    )  # fmt: skip
    return project, agreement


def add(
    db: Session,
    project: Project,
    *,
    type: AgreementType,
    signed_on: date,
    number: str | None = None,
    amount_fen: int | None = None,
    increment_fen: int | None = None,
    parties: str | None = None,
    note: str | None = None,
) -> Agreement:
    """The same for a project that is already open for change."""
    agreement = Agreement(
        project_id=project.id, type=type, number=number, signed_on=signed_on, amount_fen=amount_fen,
        increment_fen=increment_fen, parties=parties, note=note,
    )  # fmt: skip
    counting.check_paper(agreement)
    closed, others = hold(db), queries.standing(db, project.id)
    before = weigh(others)
    agreement.counted_fen = counting.counted_fen(agreement)
    agreement.deferred_to = closed.deferral(signed_on)
    _check_number(others, agreement)
    db.add(agreement)
    _settle(db, project, closed, before, "补录的合同协议改变了此前的统计")
    events.record(db, "project.agreement_recorded", project, agreement=agreement.id, type=type, signed_on=signed_on)
    return agreement


def change(
    db: Session, actor: Actor, code: str, number: int, body: AgreementPatch, version: int
) -> tuple[Project, Agreement]:
    """Correct a paper. What follows from it is restated, on the dates the papers now have."""
    project = projects.open_for_change(db, actor, code, Permission.AGREEMENT_EDIT, even_archived=True)
    preconditions.expect(project.version, version)
    agreement = _standing(db, project, number)
    closed, papers = hold(db), queries.standing(db, project.id)
    before = weigh(papers)
    for name in body.model_fields_set - {"reason"}:
        value = getattr(body, name)
        if value is None and name in ("type", "signed_on"):
            raise Invalid.field(name, "missing", "不能清除")
        setattr(agreement, f"{name}_fen" if name in ("amount", "increment") else name, value)
    if not db.is_modified(agreement):
        return project, agreement
    counting.check_paper(agreement)
    _check_number([paper for paper in papers if paper is not agreement], agreement)
    if "signed_on" in body.model_fields_set:
        agreement.deferred_to = closed.deferral(agreement.signed_on)
    _settle(db, project, closed, before, body.reason)
    events.record(db, "project.agreement_corrected", project, reason=body.reason, agreement=agreement.id)
    return project, agreement


def void(db: Session, actor: Actor, code: str, number: int, reason: str) -> tuple[Project, Agreement]:
    """Mark a paper as wrongly recorded: it stays to be seen and counts nowhere from now on."""
    project = projects.open_for_change(db, actor, code, Permission.AGREEMENT_EDIT, even_archived=True)
    agreement = _standing(db, project, number)
    closed, before = hold(db), weigh(queries.standing(db, project.id))
    agreement.voided_reason = reason
    agreement.counted_fen = 0
    agreement.first_formal = False
    _settle(db, project, closed, before, reason)
    events.record(db, "project.agreement_voided", project, reason=reason, agreement=agreement.id)
    return project, agreement


def _standing(db: Session, project: Project, number: int) -> Agreement:
    agreement = queries.get(db, project.id, number)
    if agreement.voided_reason is not None:
        raise AlreadyVoid
    return agreement


def _check_number(others: list[Agreement], agreement: Agreement) -> None:
    if agreement.number is not None and any(other.number == agreement.number for other in others):
        raise counting.NumberTaken


def _settle(db: Session, project: Project, closed: Closed, before: Mapping[int, Weight], reason: str | None) -> None:
    """Check that the papers can stand together as they are now, and derive."""
    signed_before = project.signed_on
    db.flush()
    papers = queries.standing(db, project.id)
    counting.check_papers(papers)
    lost = signed_before is not None and not any(paper.type is AgreementType.FORMAL for paper in papers)
    if lost and project.stage.order >= Stage.SIGNED.order:
        raise StillSigned
    derive(db, project, closed, before, reason)
