"""Evidence for tests: rows that link a file which lies in no store (upload one over the API to download it)."""

from datetime import date
from hashlib import sha256
from itertools import count

from sqlalchemy.orm import Session

from app.facts.evidence.models import Evidence
from app.facts.evidence.terms import EvidenceKind, EvidenceState
from app.facts.projects.models import Project
from app.facts.projects.terms import Stage
from app.kernel import calendar
from app.kernel.files import StoredFile

_numbers = count(1)


def make_evidence(
    db: Session,
    project: Project,
    kind: EvidenceKind | str = EvidenceKind.CONTRACT,
    state: EvidenceState | str = EvidenceState.SUBMITTED,
    *,
    stage: Stage | str | None = None,
    uploaded_by: int = 0,
    replaces: Evidence | None = None,
    dated_on: date = date(2020, 8, 18),
    same_file_as: Evidence | None = None,
) -> Evidence:
    """A paper of the project, by the house itself unless told otherwise."""
    now = calendar.now()
    if same_file_as is not None:
        mark = same_file_as.sha256
    else:
        mark = sha256(str(next(_numbers)).encode()).hexdigest()
        stored = StoredFile(
            sha256=mark, size=10, media_type="text/plain", first_received_at=now, first_received_by="user:0"
        )
        db.add(stored)
        db.flush()
    judged = EvidenceState(state) is not EvidenceState.SUBMITTED
    evidence = Evidence(
        project_id=project.id, kind=EvidenceKind(kind), stage=None if stage is None else Stage(stage),
        dated_on=dated_on, sha256=mark, filename="材料.txt", state=EvidenceState(state), uploaded_at=now,
        uploaded_by=uploaded_by, uploaded_by_name="用户", judged_at=now if judged else None,
        judged_by=0 if judged else None, judged_by_name="用户" if judged else None,
        replaces_id=None if replaces is None else replaces.id,
    )  # fmt: skip
    db.add(evidence)
    db.flush()
    return evidence
