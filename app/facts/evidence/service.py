"""What enters as evidence and who believes it. Files come from the store: they are there before the transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.evidence import queries
from app.facts.evidence.models import Evidence, Reliance
from app.facts.evidence.terms import Book, EvidenceKind, EvidenceState
from app.facts.projects import queries as project_queries
from app.facts.projects import service as projects
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.identity.auth.queries import name_of
from app.kernel import calendar, events, files
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, Forbidden
from app.kernel.files import Received


class SamePerson(Forbidden):
    code = "same_person"
    message = "上传人不得核验自己上传的材料，须由另一人核验"
    english = "Who uploaded a paper may not judge it."


class SameEvidence(Conflict):
    code = "same_evidence"
    message = "项目已有这份材料：内容、种类与阶段都相同"
    english = "The project has this very file as this kind of evidence already."


class AlreadyVerified(Conflict):
    code = "already_verified"
    message = "这份材料已核验"
    english = "This evidence was verified before."


class AlreadyRejected(Conflict):
    code = "already_rejected"
    message = "这份材料已退回，请上传新的材料替换"
    english = "This evidence was rejected. Replace it by another."


class AlreadyReplaced(Conflict):
    code = "already_replaced"
    message = "这份材料已被替换，请核对新的材料"
    english = "This evidence was replaced. Look at the newer one."


@dataclass(frozen=True, slots=True)
class Described:
    """What the sender says of a file."""

    kind: EvidenceKind
    dated_on: date
    stage: Stage | None = None
    note: str | None = None


def check_may_add(connection: Connection, actor: Actor, code: str) -> None:
    """Refuse before a file is taken in what would be refused afterwards: not seen, not one's own."""
    project = project_queries.get(connection, actor, code)
    projects.check_own(connection, actor, project.id)


def add(db: Session, actor: Actor, code: str, said: Described, file: Received) -> tuple[Project, Evidence]:
    """Show a received file as evidence of a project; a second person must verify it."""
    project = projects.open_for_change(db, actor, code, Permission.EVIDENCE_ADD, even_archived=True)
    return project, show(db, actor, project, said, file)


def show(db: Session, actor: Actor, project: Project, said: Described, file: Received) -> Evidence:
    """The same for a project that was locked by a caller who knows that the actor may."""
    _check_new(db, project, said.kind, said.stage, file)
    evidence = _link(db, actor, project, said, file)
    events.record(db, "project.evidence_added", project, evidence=evidence.id, paper=evidence.kind)
    return evidence


def replace(
    db: Session, actor: Actor, code: str, number: int, file: Received, *, reason: str, dated_on: date, note: str | None
) -> tuple[Project, Evidence]:
    """Put another file in the place of one. The old one stays to be seen and proves nothing from now on.

    What relied on the old one relies on the new one, once it is verified.
    """
    project = projects.open_for_change(db, actor, code, Permission.EVIDENCE_ADD, even_archived=True)
    old = _newest(db, project, number)
    said = Described(old.kind, dated_on, old.stage, note)
    _check_new(db, project, old.kind, old.stage, file)
    evidence = _link(db, actor, project, said, file, replaces_id=old.id, replaces_reason=reason)
    for reliance in db.scalars(select(Reliance).where(Reliance.evidence_id == old.id).order_by(Reliance.id)):
        rely(db, project, reliance.book, reliance.entry_id, [evidence])
    events.record(
        db, "project.evidence_replaced", project, reason=reason, evidence=evidence.id, replaces=old.id, paper=old.kind
    )
    return project, evidence


def verify(db: Session, actor: Actor, code: str, number: int) -> tuple[Project, Evidence]:
    """Say that a paper is genuine and proves what its kind says."""
    project, evidence = _to_judge(db, actor, code, number)
    if evidence.state is EvidenceState.VERIFIED:
        raise AlreadyVerified
    _judge(db, actor, project, evidence, EvidenceState.VERIFIED, None)
    events.record(db, "project.evidence_verified", project, evidence=evidence.id, paper=evidence.kind)
    return project, evidence


def reject(db: Session, actor: Actor, code: str, number: int, reason: str) -> tuple[Project, Evidence]:
    """Say that a paper proves nothing; also of one that was verified and turned out to be wrong."""
    project, evidence = _to_judge(db, actor, code, number)
    was = evidence.state
    _judge(db, actor, project, evidence, EvidenceState.REJECTED, reason)
    events.record(
        db, "project.evidence_rejected", project, reason=reason, evidence=evidence.id, paper=evidence.kind, was=was
    )
    return project, evidence


def rely(db: Session, project: Project, book: Book, entry_id: int, papers: Iterable[Evidence]) -> None:
    """Let an entry of a ledger rest on papers of its project."""
    known = set(
        db.scalars(select(Reliance.evidence_id).where(Reliance.book == book, Reliance.entry_id == entry_id))
    )  # fmt: skip
    for paper in papers:
        if paper.id not in known:
            db.add(Reliance(project_id=project.id, book=book, entry_id=entry_id, evidence_id=paper.id))
            known.add(paper.id)


def _check_new(db: Session, project: Project, kind: EvidenceKind, stage: Stage | None, file: Received) -> None:
    # The same paper may prove two things, but not one thing twice; and whoever sends it again learns that it is there.
    same = db.scalars(
        select(Evidence).where(
            Evidence.project_id == project.id,
            Evidence.sha256 == file.sha256,
            Evidence.kind == kind,
            Evidence.state != EvidenceState.REJECTED,
        )
    )
    if any(other.stage is stage and not queries.is_replaced(db, other) for other in same):
        raise SameEvidence


def _link(
    db: Session, actor: Actor, project: Project, said: Described, file: Received,
    *, replaces_id: int | None = None, replaces_reason: str | None = None,
) -> Evidence:  # fmt: skip
    files.keep(db, actor, file)
    evidence = Evidence(
        project_id=project.id, kind=said.kind, stage=said.stage, dated_on=said.dated_on, sha256=file.sha256,
        filename=file.name, note=said.note, state=EvidenceState.SUBMITTED, uploaded_at=calendar.now(),
        uploaded_by=actor.id, uploaded_by_name=name_of(db, actor), replaces_id=replaces_id,
        replaces_reason=replaces_reason,
    )  # fmt: skip
    db.add(evidence)
    projects.touch(db, project)
    db.flush()
    return evidence


def _newest(db: Session, project: Project, number: int) -> Evidence:
    evidence = queries.get(db, project.id, number)
    if queries.is_replaced(db, evidence):
        raise AlreadyReplaced
    return evidence


def _to_judge(db: Session, actor: Actor, code: str, number: int) -> tuple[Project, Evidence]:
    project = projects.open_for_change(db, actor, code, Permission.EVIDENCE_VERIFY, even_archived=True)
    evidence = _newest(db, project, number)
    if evidence.uploaded_by == actor.id:
        raise SamePerson
    if evidence.state is EvidenceState.REJECTED:
        raise AlreadyRejected
    return project, evidence


def _judge(
    db: Session, actor: Actor, project: Project, evidence: Evidence, state: EvidenceState, reason: str | None
) -> None:
    evidence.state = state
    evidence.reason = reason
    evidence.judged_at = calendar.now()
    evidence.judged_by = actor.id
    evidence.judged_by_name = name_of(db, actor)
    projects.touch(db, project)
