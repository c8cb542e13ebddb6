"""How an entry comes to count and ceases to: declared on evidence by one person, decided on by another.

Whoever declared an entry neither recognises nor rejects nor reverses it. A reversal needs no third person: it takes
two to make a figure larger, and what makes one smaller is a line of its own with a name and a reason.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.facts.evidence import queries as evidence
from app.facts.evidence import service as papers
from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, EvidenceKind
from app.facts.projects import restatements
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.recognition import queries
from app.facts.recognition.ledger import E, Ledger
from app.facts.recognition.models import LedgerEntry
from app.facts.recognition.queries import Standing
from app.facts.recognition.schemas import EntryRejectIn, PapersIn, RecogniseIn, ReverseIn
from app.facts.recognition.terms import EntryState
from app.identity.auth.queries import name_of
from app.identity.periods.closures import hold
from app.kernel import calendar, events
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid


class SamePerson(Forbidden):
    code = "same_person"
    message = "申报人不得认定、退回或冲销自己申报的记录，须由另一人办理"
    english = "Who declared an entry may neither recognise nor reject nor reverse it."


class NotDeclared(Conflict):
    code = "not_declared"
    message = "这笔记录已认定或已退回"
    english = "This entry was recognised or rejected before."


class EvidenceMissing(Conflict):
    code = "evidence_missing"
    message = "认定所需的材料不齐"
    english = "Evidence that the rule asks for is missing."


class EvidenceShared(Conflict):
    code = "evidence_shared"
    message = "同一份材料已作其他记录的依据，须说明为何两笔都成立"
    english = "The same file proves another entry too: say why both are true."


class NotRecognised(Conflict):
    code = "not_recognised"
    message = "只有已认定的记录可以冲销"
    english = "Only a recognised entry can be reversed."


class AlreadyReversed(Conflict):
    code = "already_reversed"
    message = "这笔记录已冲销"
    english = "This entry was reversed before."


class IsReversal(Conflict):
    code = "is_reversal"
    message = "冲销行不能再冲销；如冲销有误，请重新登记该笔记录"
    english = "A reversal cannot be reversed: declare the fact again."


class NeedsNothing(Conflict):
    code = "needs_nothing"
    message = "已退回或冲销的记录不再补充材料"
    english = "A rejected or reversed entry takes no further evidence."


def stamp(db: Session, actor: Actor) -> dict[str, Any]:
    """The columns that say who entered something, and when."""
    return {"entered_at": calendar.now(), "entered_by": actor.id, "entered_by_name": name_of(db, actor)}


def declare(
    db: Session, ledger: Ledger[E], project: Project, entry: E, *, numbers: Sequence[int], follows: int | None
) -> E:  # fmt: skip
    """Put a new entry into its ledger, resting on these papers; `follows` is a rejected one that it takes up again."""
    if follows is not None:
        _check_follows(db, ledger, project, follows)
    found = [evidence.usable(db, project.id, number, "evidence") for number in numbers]
    entry.state, entry.follows_id = EntryState.DECLARED, follows
    db.add(entry)
    projects.touch(db, project)
    db.flush()
    papers.rely(db, project, ledger.book, entry.id, found)
    events.record(db, f"{ledger.verb}_declared", project, entry=entry.id)
    return entry


def add_papers(
    db: Session, actor: Actor, ledger: Ledger[E], code: str, number: int, body: PapersIn
) -> tuple[Project, E]:  # fmt: skip
    """Let an entry rest on further papers: what was missing, or what stands in for one that proved wrong."""
    project = projects.open_for_change(db, actor, code, ledger.declare, even_archived=True)
    entry = queries.get(db, ledger, project.id, number)
    done = entry.state is EntryState.REJECTED or entry.reverses_id is not None
    if done or queries.is_reversed(db, ledger, entry):
        raise NeedsNothing
    found = [evidence.usable(db, project.id, paper, "evidence") for paper in body.evidence]
    papers.rely(db, project, ledger.book, entry.id, found)
    projects.touch(db, project)
    events.record(db, f"{ledger.verb}_evidence_added", project, entry=entry.id)
    return project, entry


def recognise(
    db: Session, actor: Actor, ledger: Ledger[E], code: str, number: int, body: RecogniseIn
) -> tuple[Project, E]:  # fmt: skip
    """Let a declared entry count, if its papers are there; on the first open day where its own is closed by now."""
    project, entry = _to_judge(db, actor, ledger, code, number)
    resting = queries.standing(db, actor, ledger, entry)
    if resting.lacks and not entry.imported:
        raise EvidenceMissing(
            f"认定所需的材料不齐：{'；'.join(lack.message for lack in resting.lacks)}",
            errors=[FieldError(field="evidence", code=_lack_code(lack.waits), message=lack.message)
                    for lack in resting.lacks],
        )  # fmt: skip
    if resting.shared and body.shared_reason is None:
        raise EvidenceShared(errors=_told_shared(resting))
    entry.shared_reason = body.shared_reason if resting.shared else None
    entry.rule = None if entry.imported else resting.rule
    entry.deferred_to = hold(db).deferral(entry.day)
    _judge(db, actor, project, entry, EntryState.RECOGNISED)
    events.record(db, f"{ledger.verb}_recognised", project, entry=entry.id, shared_reason=entry.shared_reason)
    return project, entry


def reject(
    db: Session, actor: Actor, ledger: Ledger[E], code: str, number: int, body: EntryRejectIn
) -> tuple[Project, E]:  # fmt: skip
    """Send a declared entry back; it stays to be seen, and may be declared anew by another entry."""
    project, entry = _to_judge(db, actor, ledger, code, number)
    entry.reason = body.reason
    _judge(db, actor, project, entry, EntryState.REJECTED)
    events.record(db, f"{ledger.verb}_rejected", project, reason=body.reason, entry=entry.id)
    return project, entry


def reverse(
    db: Session, actor: Actor, ledger: Ledger[E], code: str, number: int, body: ReverseIn
) -> tuple[Project, E]:  # fmt: skip
    """Take a recognised entry back by one with the opposite amount.

    Its date is the day on which it ceased to be so (`on`, today by default): what was counted in the period of the
    original stays there, and the period of the reversal loses it. Where the original was never true, `restate` gives
    the reversal the original's date, and the past period is restated: it must be open.
    """
    project = projects.open_for_change(db, actor, code, ledger.recognise, even_archived=True)
    entry = queries.get(db, ledger, project.id, number)
    if entry.reverses_id is not None:
        raise IsReversal
    if entry.state is not EntryState.RECOGNISED:
        raise NotRecognised
    if queries.is_reversed(db, ledger, entry):
        raise AlreadyReversed
    if entry.entered_by == actor.id:
        raise SamePerson
    on, closed = _reversed_on(entry, body), hold(db)
    if body.restate:
        counted = [entry.deferred_to or entry.day]
        closed.check(counted)
        restatements.note(db, project, ledger.source(entry), counted, body.reason)
    entered = stamp(db, actor)
    judged = {f"judged_{name.removeprefix('entered_')}": value for name, value in entered.items()}
    new: Callable[..., E] = ledger.model
    reversal = new(
        project_id=project.id, reverses_id=entry.id, state=EntryState.RECOGNISED, reason=body.reason,
        deferred_to=entry.deferred_to if body.restate else closed.deferral(on), **{ledger.day: on},
        **ledger.mirror(entry), **entered, **judged,
    )  # fmt: skip
    db.add(reversal)
    projects.touch(db, project)
    db.flush()
    events.record(
        db, f"{ledger.verb}_reversed", project, reason=body.reason, entry=reversal.id, reverses=entry.id, on=on,
        restates=body.restate,
    )  # fmt: skip
    return project, reversal


def _check_follows(db: Session, ledger: Ledger[E], project: Project, number: int) -> None:
    model: type[LedgerEntry] = ledger.model
    before = db.get(ledger.model, number)
    if before is None or before.project_id != project.id:
        raise Invalid.field("follows", "unknown_entry", "该项目没有这笔记录")
    if before.state is not EntryState.REJECTED:
        raise Invalid.field("follows", "not_rejected", "只有被退回的记录可以重新申报")
    if db.scalars(select(model.id).where(model.follows_id == number)).first() is not None:
        raise Invalid.field("follows", "already_followed", "这笔记录已重新申报过")


def _to_judge(db: Session, actor: Actor, ledger: Ledger[E], code: str, number: int) -> tuple[Project, E]:
    # The project is locked: of two who judge at once, the second finds the entry judged.
    project = projects.open_for_change(db, actor, code, ledger.recognise, even_archived=True)
    entry = queries.get(db, ledger, project.id, number)
    if entry.state is not EntryState.DECLARED:
        raise NotDeclared
    if entry.entered_by == actor.id:
        raise SamePerson
    return project, entry


def _judge(db: Session, actor: Actor, project: Project, entry: LedgerEntry, state: EntryState) -> None:
    entry.state = state
    entry.judged_at = calendar.now()
    entry.judged_by = actor.id
    entry.judged_by_name = name_of(db, actor)
    projects.touch(db, project)


def _lack_code(waits: bool) -> str:
    return "unverified_evidence" if waits else "missing_evidence"


def _told_shared(resting: Standing) -> list[FieldError]:
    kinds = {paper["id"]: EVIDENCE_KIND_LABELS[EvidenceKind(paper["kind"])] for paper in resting.papers}
    return [
        FieldError(
            field="shared_reason",
            code="shared_evidence",
            message=f"{kinds[paper]}（材料 {paper}）也是"
            + ("另一项目的记录的依据" if project is None else f"项目 {project} 第 {entry} 号记录的依据"),
        )
        for paper, project, entry in resting.shared
    ]


def _reversed_on(entry: LedgerEntry, body: ReverseIn) -> date:
    if body.restate:
        if body.on is not None:
            raise Invalid.field("on", "restated", "重述原期间时不填冲销日期，冲销计入原日期")
        return entry.day
    on = body.on or calendar.today()
    if on < entry.day:
        raise Invalid.field("on", "order", f"冲销日期不能早于原日期 {entry.day.isoformat()}")
    return on
