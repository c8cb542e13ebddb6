"""Putting another Word template in place of the present one."""

from sqlalchemy.orm import Session

from app.identity.auth.queries import name_of
from app.kernel import calendar, files
from app.kernel.access import Actor
from app.kernel.documents import word
from app.kernel.documents.word import TemplateWrong
from app.kernel.events import record
from app.kernel.files import Received
from app.published.documents import papers, queries
from app.published.documents.models import DocumentTemplate
from app.published.documents.schemas import TemplateOut


def check(kind: str, file: Received) -> None:
    """Refuse what cannot be filled in with what the series says: slow, hence before the transaction."""
    paper = queries.paper_of(kind)
    if file.media_type != word.MEDIA_TYPE:
        raise TemplateWrong.because(("not_docx", "模板须为 .docx 文件"))
    word.check(file.path.read_bytes(), papers.sample(paper), at=calendar.now())


def replace(db: Session, actor: Actor, kind: str, file: Received) -> TemplateOut:
    """Use a checked template for all that is published from now on. The present one sent again changes nothing."""
    present = queries.in_force(db, kind)
    if present is not None and present.sha256 == file.sha256:
        return queries.told(present)
    files.keep(db, actor, file)
    template = DocumentTemplate(
        kind=kind, number=1 if present is None else present.number + 1, sha256=file.sha256, filename=file.name,
        replaced_at=calendar.now(), replaced_by=actor.id, replaced_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(template)
    db.flush()
    record(db, "document_template.replaced", template)
    return queries.told(template)
