"""A project's evidence as it is seen, and what others may rely on."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select
from sqlalchemy.orm import Session, aliased

from app.facts.evidence.models import Evidence, Reliance
from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, EvidenceKind, EvidenceState
from app.facts.projects import queries as projects
from app.kernel.access import Actor
from app.kernel.errors import Invalid, NotFound
from app.kernel.files import StoredFile
from app.kernel.replies import Answer
from app.kernel.statements import Statement


class NoEvidence(NotFound):
    message = "该项目没有这份材料"
    english = "The project has no such evidence."


_newer = aliased(Evidence)


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Evidence.id,
            Evidence.kind,
            Evidence.stage,
            Evidence.dated_on,
            Evidence.filename,
            StoredFile.size,
            StoredFile.media_type,
            Evidence.sha256,
            Evidence.note,
            Evidence.state,
            Evidence.uploaded_at,
            Evidence.uploaded_by_name.label("uploaded_by"),
            Evidence.judged_at,
            Evidence.judged_by_name.label("judged_by"),
            Evidence.reason,
            Evidence.replaces_id.label("replaces"),
            Evidence.replaces_reason,
            _newer.id.label("replaced_by"),
        )
        .join(StoredFile, StoredFile.sha256 == Evidence.sha256)
        .outerjoin(_newer, _newer.replaces_id == Evidence.id)
    )


_of_project = Statement(_rows().where(Evidence.project_id == bindparam("project")).order_by(Evidence.id))
_one = Statement(_rows().where(Evidence.id == bindparam("evidence")))
_relied_on = Statement(
    select(Reliance.evidence_id, Reliance.book, Reliance.entry_id.label("entry"))
    .where(Reliance.project_id == bindparam("project"))
    .order_by(Reliance.id)
)


def of_project(connection: Connection, actor: Actor, code: str) -> Answer:
    """All evidence of a project the actor may see, under the project's row version."""
    project = projects.get(connection, actor, code)
    items = _told(connection, project.id, _of_project, {"project": project.id})
    return Answer({"items": items}, row_version=project.version)


def out(db: Session, evidence: Evidence) -> dict[str, Any]:
    """One paper, as its list shows it."""
    db.flush()
    return _told(db.connection(), evidence.project_id, _one, {"evidence": evidence.id})[0]


def _told(connection: Connection, project_id: int, statement: Statement, given: dict[str, Any]) -> list[dict[str, Any]]:
    relied_on: dict[int, list[dict[str, Any]]] = {}
    rows = _relied_on.rows(connection, {"project": project_id})
    for number, *by in _relied_on.spelled(connection, rows):
        relied_on.setdefault(number, []).append(dict(zip(_relied_on.names[1:], by, strict=True)))
    found = [
        dict(zip(statement.names, row, strict=True))
        for row in statement.spelled(connection, statement.rows(connection, given))
    ]
    return [paper | {"relied_on": relied_on.get(paper["id"], [])} for paper in found]


class Download(NamedTuple):
    """What is sent when somebody opens a paper."""

    sha256: str
    filename: str
    media_type: str


def file_of(connection: Connection, actor: Actor, code: str, number: int) -> Download:
    """The file of a paper, for an actor who may see its project; else 404."""
    project = projects.get(connection, actor, code)
    row = connection.execute(
        select(Evidence.sha256, Evidence.filename, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == Evidence.sha256)
        .where(Evidence.id == number, Evidence.project_id == project.id)
    ).one_or_none()
    if row is None:
        raise NoEvidence
    return Download(*row)


# -- what others rely on -------------------------------------------------------------------------------------------


def get(db: Session, project_id: int, number: int) -> Evidence:
    """The paper with this number among those of the project; else 404."""
    found = db.get(Evidence, number)
    if found is None or found.project_id != project_id:
        raise NoEvidence
    return found


def is_replaced(db: Session, evidence: Evidence) -> bool:
    return db.scalars(select(Evidence.id).where(Evidence.replaces_id == evidence.id)).first() is not None


def usable(db: Session, project_id: int, number: int, field: str) -> Evidence:
    """A paper of the project to rely on: neither rejected nor replaced, verified or not. 422 on `field`."""
    found = db.get(Evidence, number)
    if found is None or found.project_id != project_id:
        raise Invalid.field(field, "unknown_evidence", "该项目没有这份材料")
    if found.state is EvidenceState.REJECTED:
        raise Invalid.field(field, "rejected_evidence", f"这份{EVIDENCE_KIND_LABELS[found.kind]}已被退回")
    if is_replaced(db, found):
        raise Invalid.field(field, "replaced_evidence", f"这份{EVIDENCE_KIND_LABELS[found.kind]}已被替换")
    return found


class Present(NamedTuple):
    """The kinds of evidence a project has: believed, and still waiting for a second person."""

    verified: frozenset[EvidenceKind]
    waiting: frozenset[EvidenceKind]


def present(db: Session | Connection, project_id: int) -> Present:
    """What a project can show today: rejected and replaced papers prove nothing."""
    rows = db.execute(
        select(Evidence.kind, Evidence.state)
        .outerjoin(_newer, _newer.replaces_id == Evidence.id)
        .where(Evidence.project_id == project_id, Evidence.state != EvidenceState.REJECTED, _newer.id.is_(None))
        .distinct()
    ).all()
    verified = frozenset(kind for kind, state in rows if state is EvidenceState.VERIFIED)
    return Present(verified, frozenset(kind for kind, _ in rows) - verified)
