"""Notices: what somebody has to know or to do, told by whatever domain in the transaction that causes it.

A matter has a key, and for each person one row: told again it is raised anew, never doubled. Rows enter the event
log, so that the live stream brings them to their recipient, but neither what they say (it would outlive every
change of sight) nor that they were read. What they say is shown while the recipient may see what they are about.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Index, String, UniqueConstraint, and_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import bulk, calendar
from app.kernel.access import Actor
from app.kernel.db import Base, Id, Instant, text_key
from app.kernel.events import Logged, record
from app.kernel.subjects import SUBJECTS

LONGEST = 1000
"""Characters of a text; what goes beyond is cut off."""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One reason to tell people something: its code, Chinese label, and the text with names for what varies.

    `waits` says that something is left to do; such a notice is open until `settle` says that it was done.
    """

    code: str
    label: str
    text: str
    waits: bool = False


KINDS: dict[str, NoticeKind] = {}


def declare(code: str, label: str, text: str, *, waits: bool = False) -> NoticeKind:
    """Make a kind of notice known."""
    if code in KINDS:
        raise ValueError(f"notice {code} is declared twice")
    KINDS[code] = NoticeKind(code, label, text, waits)
    return KINDS[code]


class Notice(Logged, Base):
    """One matter told to one person; `about` names the kind of thing it is about. `told_at` is when it was last raised.

    What tells of the thing itself is personal here: the log is for ever, and who may see the thing is not.
    """

    __tablename__ = "notice"
    __subject__ = "notice"
    __personal__ = frozenset({"key", "about", "about_id", "about_key", "text"})
    __unlogged__ = frozenset({"read_at"})
    __table_args__ = (UniqueConstraint("user_id", "key"), Index("ix_notice_told", "user_id", "told_at", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(text_key(40))
    key: Mapped[str] = mapped_column(text_key(120), index=True)
    about: Mapped[str | None] = mapped_column(text_key(32))
    about_id: Mapped[int | None] = mapped_column(Id)
    about_key: Mapped[str | None] = mapped_column(text_key(64))
    text: Mapped[str] = mapped_column(String(LONGEST))
    waits: Mapped[bool]
    due_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)

    def subject_id(self) -> int:
        return self.id

    def subject_sight(self) -> Any:
        return {"user": self.user_id}


UNREAD = Notice.read_at.is_(None)
OPEN = and_(Notice.waits.is_(True), Notice.done_at.is_(None))

Index("ix_notice_unread", Notice.user_id, postgresql_where=UNREAD, sqlite_where=UNREAD)
Index("ix_notice_open", Notice.user_id, postgresql_where=OPEN, sqlite_where=OPEN)


def admits(actor: Actor, sight: Any) -> bool:
    """Is the actor the one person a notice is for? (Keys have numbers of their own.)"""
    return actor.kind == "user" and sight == {"user": actor.id}


def others(db: Session, people: Iterable[Actor]) -> list[Actor]:
    """These people without the one who is acting: nobody is told what he has just done."""
    acting: Actor | None = db.info.get("actor")
    return [person for person in people if acting is None or (person.kind, person.id) != (acting.kind, acting.id)]


def tell(
    db: Session, people: Iterable[Actor], kind: NoticeKind, about: Logged | None, *,
    key: str | None = None, due: date | None = None, once: bool = False, **words: object,
) -> None:  # fmt: skip
    """Tell a matter to those of these people who may see what it is about; `words` go into the text of the kind.

    The matter's `key` is by default its kind and subject. Whoever was told before is told anew, as unread and not
    done, unless he has not even read the same text; with `once`, unless it is done and there is something to do again.
    """
    shown = None if about is None else SUBJECTS[about.__subject__]
    sight = None if about is None else about.subject_sight()
    wanted = {
        person.id
        for person in people
        if person.kind == "user" and (shown is None or shown.shown(person, sight))
    }  # fmt: skip
    if not wanted:
        return
    if key is None:
        assert about is not None, "a notice about nothing needs a key"
        key = f"{kind.code}:{about.subject_key()}"
    text = kind.text.format(**words)[:LONGEST]
    known = _locked(db, key, Notice.user_id.in_(wanted))
    now = calendar.now()
    for user_id in sorted(wanted):
        notice = known.get(user_id)
        if notice is None:
            notice = Notice(user_id=user_id, kind=kind.code, key=key, created_at=now)
            db.add(notice)
        elif _heard(notice, text, once):
            continue
        if about is not None:
            notice.about, notice.about_id, notice.about_key = about.__subject__, about.subject_id(), about.subject_key()
        notice.text, notice.due_on, notice.waits, notice.told_at = text, due, kind.waits, now
        notice.read_at = notice.done_at = None
        record(db, "notice.told", notice, notice=kind.code)


def _heard(notice: Notice, text: str, once: bool) -> bool:
    """Need this person not be told again?"""
    if notice.done_at is not None:
        return False
    return once or (notice.read_at is None and notice.text == text)


def settle(db: Session, key: str, user_id: int | None = None) -> None:
    """What this matter waited for has happened: its notices are done, everybody's or one person's."""
    whose = [] if user_id is None else [Notice.user_id == user_id]
    for notice in _locked(db, key, OPEN, *whose).values():
        notice.done_at = calendar.now()
        record(db, "notice.settled", notice, notice=notice.kind)


def _locked(db: Session, key: str, *conditions: ColumnElement[bool]) -> dict[int, Notice]:
    # One transaction at a time for a matter: two that tell it at once would both find no row.
    bulk.alone(db.connection(), f"notice {key}")
    found = db.scalars(
        select(Notice)
        .where(Notice.key == key, *conditions)
        .order_by(Notice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {notice.user_id: notice for notice in found}
