"""What people are told of evidence: reviewers of what waits for them, whoever sent a paper that it came back."""

from sqlalchemy.orm import Session

from app.facts.evidence.models import Evidence
from app.facts.evidence.terms import EVIDENCE_KIND_LABELS
from app.facts.projects.models import Project
from app.identity.notices import recipients, texts
from app.kernel.access import Permission
from app.kernel.events import Entry
from app.kernel.notices import others, settle, tell


def added(db: Session, entry: Entry) -> None:
    """A paper waits for a second person; what it replaces waits no more."""
    if "replaces" in entry.data:
        settle(db, _key(entry.data["replaces"]))
    evidence = db.get_one(Evidence, entry.data["evidence"])
    project = db.get_one(Project, evidence.project_id)
    tell(
        db, others(db, recipients.who_may(db, Permission.EVIDENCE_VERIFY)), texts.EVIDENCE_WAITS, project,
        key=_key(evidence.id), project=project.name, paper=EVIDENCE_KIND_LABELS[evidence.kind], file=evidence.filename,
    )  # fmt: skip


def judged(db: Session, entry: Entry) -> None:
    """It waits no more; whoever sent it hears why it came back."""
    evidence = db.get_one(Evidence, entry.data["evidence"])
    settle(db, _key(evidence.id))
    if evidence.reason is not None:
        project = db.get_one(Project, evidence.project_id)
        tell(
            db, recipients.person(db, evidence.uploaded_by), texts.EVIDENCE_REJECTED, project,
            key=f"{texts.EVIDENCE_REJECTED.code}:{evidence.id}", project=project.name,
            paper=EVIDENCE_KIND_LABELS[evidence.kind], reason=evidence.reason,
        )  # fmt: skip


def _key(number: int) -> str:
    return f"{texts.EVIDENCE_WAITS.code}:{number}"
