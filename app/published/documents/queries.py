"""Templates as they are read, and what is printed with them."""

from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Session

from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.documents.fields import known
from app.kernel.errors import Conflict, NotFound
from app.kernel.files import Store
from app.published.documents import papers
from app.published.documents.models import DocumentTemplate
from app.published.documents.papers import Office, Printable
from app.published.documents.schemas import FieldOut, TemplateOut, TemplatesOut
from app.published.issues import queries as issues
from app.published.issues.kinds import Paper, kind_of


class NoTemplate(NotFound):
    code = "no_template"
    message, english = "没有这份模板", "There is no such template."


class NoPaper(NotFound):
    code = "no_paper"
    message, english = "这种期刊没有纸质版", "This series is not printed."


class NotPrintable(Conflict):
    code = "not_printable"
    message = "该期发布时的内容结构早于现行版本，不能生成文档；内容与核验仍可查阅"
    english = "The edition's content is of an older shape than papers are made from. It can still be read and verified."


def paper_of(kind: str) -> Paper:
    """How a series is printed; 404 when there is no such series, or it is not printed."""
    paper = kind_of(kind).paper
    if paper is None:
        raise NoPaper
    return paper


# -- templates -----------------------------------------------------------------------------------------------------


@cache
def shipped(kind: str) -> bytes:
    """The template that came with the software."""
    return paper_of(kind).word.read_bytes()


def in_force(db: Connection | Session, kind: str, at: datetime | None = None) -> Row[Any] | None:
    """The template that held at an instant, or holds now; None for the shipped one."""
    query = select(DocumentTemplate.__table__).where(DocumentTemplate.kind == kind)
    if at is not None:
        query = query.where(DocumentTemplate.replaced_at <= at)
    return db.execute(query.order_by(DocumentTemplate.number.desc()).limit(1)).one_or_none()


def templates(connection: Connection, _actor: Actor, kind: str) -> TemplatesOut:
    """Every template of a series, the present one first, and what templates can name."""
    paper = paper_of(kind)
    rows = connection.execute(
        select(DocumentTemplate.__table__)
        .where(DocumentTemplate.kind == kind)
        .order_by(DocumentTemplate.number.desc())
    )  # fmt: skip
    first = TemplateOut(
        number=0, filename=paper.word.name, sha256=sha256(shipped(kind)).hexdigest(), replaced_at=None, replaced_by=None
    )
    return TemplatesOut(
        items=[*(told(row) for row in rows), first],
        fields=[FieldOut(path=path, example=example) for path, example in known(papers.sample(paper))],
    )


def told(row: Any) -> TemplateOut:
    """A replaced template as `TemplateOut`."""
    return TemplateOut(
        number=row.number, filename=row.filename, sha256=row.sha256, replaced_at=row.replaced_at,
        replaced_by=row.replaced_by_name,
    )  # fmt: skip


def template_file(
    connection: Connection, _actor: Actor, store: Store, kind: str, number: int | None
) -> tuple[str, bytes]:
    """The name and content of a template: the present one, or that of a number."""
    paper = paper_of(kind)
    row = in_force(connection, kind)
    if number:
        asked = DocumentTemplate.kind == kind, DocumentTemplate.number == number
        row = connection.execute(select(DocumentTemplate.__table__).where(*asked)).one_or_none()
        if row is None:
            raise NoTemplate
    if row is None or number == 0:
        return paper.word.name, shipped(kind)
    return row.filename, store.path(row.sha256).read_bytes()


def _template(connection: Connection, store: Store, kind: str, at: datetime) -> bytes:
    row = in_force(connection, kind, at)
    return shipped(kind) if row is None else store.path(row.sha256).read_bytes()


# -- papers --------------------------------------------------------------------------------------------------------


def issue(
    connection: Connection, actor: Actor, office: Office, store: Store, kind: str, year: int, number: int,
    edition: int | None,
) -> Printable:  # fmt: skip
    """An edition, to be printed with the template of its day."""
    found = issues.one(connection, actor, kind, year, number, edition)
    paper = paper_of(kind)
    content = msgspec.json.decode(bytes(found["content"]))
    try:
        paper.content.model_validate(content)
    except ValidationError:
        raise NotPrintable from None
    title = paper.heading(Period.parse(found["period"]))
    at = found["published_at"]
    name = f"{found['title']}{'' if found['edition'] == 1 else '第' + str(found['edition']) + '版'}"
    head = papers.published(office, paper, found, title)
    return Printable(paper, content, head, found["title"], name, at, _template(connection, store, kind, at))


def draft(
    connection: Connection, office: Office, store: Store, kind: str, period: Period, content: BaseModel
) -> Printable:
    """What an issue of the period would say now, to be printed with the present template."""
    paper = paper_of(kind)
    title, now = paper.heading(period), calendar.now()
    return Printable(
        paper, content.model_dump(mode="json"), papers.draft(office, paper, title, now), title, f"{title}（草稿）", now,
        _template(connection, store, kind, now),
    )  # fmt: skip
