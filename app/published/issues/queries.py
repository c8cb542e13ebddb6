"""Issues as they are read, verified and compared."""

from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.orm import Session

from app.kernel.access import SYSTEM, Actor
from app.kernel.chain import Event
from app.kernel.errors import NotFound
from app.kernel.paging import Listing, Where
from app.published.issues.comparing import differences
from app.published.issues.models import Issue
from app.published.issues.schemas import IssueFilter, VerificationOut


class NoIssue(NotFound):
    message = "没有这一期，或没有这一版"
    english = "There is no such issue, or no such edition of it."


_ROW = (
    Issue.id, Issue.kind, Issue.period, Issue.year, Issue.number, Issue.edition, Issue.title, Issue.content_hash,
    Issue.log_seq, Issue.reason, Issue.published_at, Issue.published_by_name.label("published_by"),
)  # fmt: skip

issues = Listing(
    name="issues",
    asked=IssueFilter,
    source=select(*_ROW),
    key=Issue.__table__.c.id,
    sorts={"published_at": Issue.__table__.c.published_at, "period": Issue.__table__.c.period},
    filters={"kind": Where(lambda kind: Issue.kind == kind), "year": Where(lambda year: Issue.year == year)},
    default_sort="-published_at",
)


def page(connection: Connection, _actor: Actor, q: IssueFilter) -> bytes:
    """A page of all editions of all issues."""
    return issues.page(connection, q)


_WHOLE: Select[*tuple[Any, ...]] = select(*_ROW, Issue.content, Issue.rules, Issue.log_hash).order_by(Issue.edition)


def _editions(connection: Connection, kind: str, year: int, number: int) -> list[Row[Any]]:
    """All editions of an issue, the first one first; 404 when there are none."""
    asked = (Issue.kind == kind, Issue.year == year, Issue.number == number)
    found: list[Row[Any]] = list(connection.execute(_WHOLE.where(*asked)))
    if not found:
        raise NoIssue
    return found


def _edition(found: list[Row[Any]], edition: int | None) -> Row[Any]:
    """The edition of that number, or the newest."""
    if edition is None:
        return found[-1]
    if not 1 <= edition <= len(found):
        raise NoIssue
    return found[edition - 1]


def one(
    connection: Connection, _actor: Actor, kind: str, year: int, number: int, edition: int | None
) -> dict[str, Any]:
    """An edition with its content; the newest unless another is asked for."""
    found = _editions(connection, kind, year, number)
    row = _edition(found, edition)
    return {**row._mapping, "content": msgspec.Raw(row.content.encode()), "editions": [r.edition for r in found]}


def out(db: Session, issue: Issue) -> dict[str, Any]:
    """The same of one that has just been published."""
    return one(db.connection(), SYSTEM, issue.kind, issue.year, issue.number, issue.edition)


def verification(connection: Connection, kind: str, year: int, number: int, edition: int | None) -> VerificationOut:
    """Whether what is kept is what was published: its text by its hash, and the log where it stood."""
    row = _edition(_editions(connection, kind, year, number), edition)
    computed = sha256(row.content.encode()).hexdigest()
    now = connection.execute(select(Event.hash).where(Event.seq == row.log_seq)).scalar_one_or_none()
    return VerificationOut(
        content_hash=row.content_hash, computed_hash=computed, log_hash=row.log_hash, log_hash_now=now,
        genuine=computed == row.content_hash and now == row.log_hash,
    )  # fmt: skip


def compared(
    connection: Connection, _actor: Actor, kind: str, year: int, number: int, before: int | None, after: int | None
) -> dict[str, Any]:
    """Where two editions differ: the newest and the one before it unless others are asked for."""
    found = _editions(connection, kind, year, number)
    newer = _edition(found, after)
    older = _edition(found, max(newer.edition - 1, 1) if before is None else before)
    items = differences(msgspec.json.decode(older.content), msgspec.json.decode(newer.content))
    return {
        "before": older.edition,
        "after": newer.edition,
        "reason": newer.reason,
        "items": [{"path": path, "before": was, "after": now} for path, was, now in items],
    }
