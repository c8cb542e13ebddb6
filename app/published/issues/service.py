"""Publishing: what was true at one moment is written down, numbered, and never changed."""

from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity.auth.queries import name_of
from app.kernel import bulk, calendar, chain
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.db import Database
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record
from app.published.issues.kinds import IssueKind, kind_of
from app.published.issues.models import Issue
from app.published.issues.schemas import IssueIn


class NotOver(Conflict):
    code = "period_not_over"
    message = "期间尚未结束，不能发布"
    english = "This period is not over yet."


class NothingChanged(Conflict):
    code = "nothing_changed"
    message = "内容与上一版相同，无须更正"
    english = "The content is that of the last edition: there is nothing to correct."


def publish(db: Session, actor: Actor, body: IssueIn) -> Issue:
    """Freeze what a series says of a period: its first edition, or a corrected one with the reason.

    The content and the position of the log are read in one snapshot before this transaction begins.
    """
    kind = kind_of(body.kind)
    period = Period.parse(body.period)
    if period.kind != kind.period:
        raise Invalid.field("period", "kind", f"{kind.label}的期间应为{_PERIODS[kind.period]}")
    if period.end >= calendar.today():
        raise NotOver
    database: Database = db.info["database"]
    with database.snapshot() as connection:
        content = chain.canonical(kind.content(connection, period).model_dump(mode="json")).decode()
        ruling = kind.ruling(connection, period)
        seq, mark = chain.end(connection)
    # One at a time: who publishes a period for the first time finds no row to hold, and a number more would be free.
    bulk.alone(db.connection(), f"issue {kind.code}")
    last = db.scalars(
        select(Issue)
        .where(Issue.kind == kind.code, Issue.period == period.text)
        .order_by(Issue.edition.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    return freeze(db, actor, Written(kind, period, content, ruling, seq, mark), last, body.reason)


class Written(NamedTuple):
    """A content in its one spelling, what it rests on, and where the log stood when it was read."""

    kind: IssueKind
    period: Period
    content: str
    rules: dict[str, int]
    log_seq: int
    log_hash: str


def freeze(db: Session, actor: Actor, written: Written, last: Issue | None, reason: str | None) -> Issue:
    """Write an edition down: the first with the next number of its year, or the one after `last` with the reason."""
    kind, period = written.kind, written.period
    hashed = sha256(written.content.encode()).hexdigest()
    if last is not None:
        if reason is None:
            raise Invalid.field("reason", "missing", f"该期已发布（第 {last.edition} 版），更正须说明原因")
        if last.content_hash == hashed:
            raise NothingChanged
    number = _next_number(db, kind, period) if last is None else last.number
    issue = Issue(
        kind=kind.code, period=period.text, year=_year(period), number=number,
        edition=1 if last is None else last.edition + 1, title=kind.title(period, number), content=written.content,
        content_hash=hashed, rules=written.rules, log_seq=written.log_seq, log_hash=written.log_hash,
        reason=None if last is None else reason, published_at=calendar.now(), published_by=actor.id,
        published_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(issue)
    db.flush()
    record(db, "issue.published" if last is None else "issue.corrected", issue, reason=issue.reason)
    return issue


_PERIODS = {"year": "年", "half": "半年", "quarter": "季度", "month": "月", "week": "周", "span": "起止日期"}


def _year(period: Period) -> int:
    return int(period.text[:4]) if period.kind == "week" else period.end.year


def _next_number(db: Session, kind: IssueKind, period: Period) -> int:
    of_year = (Issue.kind == kind.code, Issue.year == _year(period))
    return (db.scalar(select(func.max(Issue.number)).where(*of_year)) or 0) + 1
