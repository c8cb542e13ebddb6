"""The one event log: gapless, hash-chained, written last in the transaction it tells of.

Audit trail, live stream, municipal push and the validity of kept answers are four readers of it (see `chain`).
Rows of `Logged` models enter it by themselves, with before and after of each changed field; a service says
`record()` to name the business verb, the reason, or to let other domains react. Bulk writes that pass the
ORM by hand their rows to `record_rows()`.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

import msgspec
from sqlalchemy import bindparam, event, insert, inspect, select, update
from sqlalchemy.orm import Session

from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.chain import CHANGED, Event, LogHead, canonical, digest, hashed
from app.kernel.db import Base, Database, instant_text
from app.kernel.statements import Statement

request_id: ContextVar[str] = ContextVar("request_id", default="")


class Logged:
    """A model whose rows enter the log.

    `__subject__` is the kind of thing the row belongs to; the model whose table has that name is its root and
    knows the public key and who may see it.
    """

    __subject__: ClassVar[str]
    __tablename__: Any
    __personal__: ClassVar[frozenset[str]] = frozenset()
    __unlogged__: ClassVar[frozenset[str]] = frozenset()

    def subject_id(self) -> int:
        """The root's row number; children return their foreign key."""
        raise NotImplementedError

    def subject_key(self) -> str:
        """Of a root: what the API calls it."""
        return str(self.subject_id())

    def subject_sight(self) -> Any:
        """Of a root: who may see it, as JSON; None means everyone with the permission."""
        return None


@dataclass(slots=True)
class Row:
    """A changed row: `fields` maps a column to [before, after].

    Inserts told by the ten thousand come encoded already: so many small objects would be kept until the commit.
    """

    table: str
    id: Any
    op: str  # "insert", "update", "delete"
    fields: dict[str, Any] | msgspec.Raw


@dataclass(slots=True)
class Entry:
    """An event in the making."""

    kind: str
    subject: str
    subject_id: int
    key: str = ""
    sight: Any = None
    sight_before: Any = None
    reason: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    named: bool = False  # said by a service, not derived from a changed row
    reacted: bool = False


@dataclass(slots=True)
class Draft:
    """What a transaction will have written into the log."""

    entries: list[Entry] = field(default_factory=list)
    loose: dict[tuple[str, int], list[Row]] = field(default_factory=dict)
    roots: dict[tuple[str, int], Any] = field(default_factory=dict)
    bumped: set[tuple[str, int]] = field(default_factory=set)


Reaction = Callable[[Session, Entry], None]


def draft_of(db: Session) -> Draft:
    draft = db.info.get("draft")
    if draft is None:
        draft = db.info["draft"] = Draft()
    return draft


def act(db: Session, actor: Actor) -> None:
    """Say who is acting in this session."""
    db.info["actor"] = actor


def record(db: Session, kind: str, root: Logged, *, reason: str | None = None, **data: Any) -> None:
    """Name what is happening to `root`: the verb, a reason, what listeners and readers need to know."""
    db.flush()
    entry = Entry(kind, root.__subject__, root.subject_id(), reason=reason, data=data, named=True)
    draft = draft_of(db)
    draft.roots[entry.subject, entry.subject_id] = root
    draft.entries.append(entry)


def record_rows(
    db: Session, kind: str, subject: str, subject_id: int, key: str, sight: Any, rows: list[Row],
    *, reason: str | None = None, **data: Any,
) -> None:  # fmt: skip
    """The same for rows written in bulk, past the ORM: the caller knows everything."""
    draft_of(db).entries.append(Entry(kind, subject, subject_id, key, sight, None, reason, data, rows, named=True))


# -- collecting ------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A column's value as JSON."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value


def _bump(db: Session, _context: Any, _instances: Any) -> None:
    # A root's row version moves once in a transaction that changes it or any of its children.
    draft = draft_of(db)
    new, dirty, deleted = db.new, db.dirty, db.deleted  # the session makes these anew each time it is asked
    for row in [*new, *dirty, *deleted]:
        if not isinstance(row, Logged):
            continue
        if row in dirty and not _differences(row, "update"):
            continue
        root = _root_of(db, draft, row)
        if root is None or root in new or root in deleted or not hasattr(root, "version"):
            continue
        place = (root.__subject__, root.subject_id())
        if place not in draft.bumped:
            draft.bumped.add(place)
            root.version += 1


def _root_of(db: Session, draft: Draft, row: Any) -> Any:
    if row.__tablename__ == row.__subject__:
        return row
    place = (row.__subject__, row.subject_id())
    if place[1] is None:
        return None  # its root is being inserted with it
    root = draft.roots.get(place)
    if root is None:
        root = db.get(_root_model(row.__subject__), place[1])
        if root is not None:
            draft.roots[place] = root
    return root


def _collect(db: Session, _context: Any) -> None:
    # After the flush has written, before it forgets what was there: keys are known, history is whole.
    draft: Draft | None = None
    for op, objects in (("insert", db.new), ("update", db.dirty), ("delete", db.deleted)):
        for row in objects:
            if not isinstance(row, Logged):
                continue
            fields = _differences(row, op)
            if not fields:
                continue
            draft = draft or draft_of(db)
            state = inspect(row)
            identity = state.mapper.primary_key_from_instance(row)
            table = row.__tablename__
            place = (row.__subject__, row.subject_id())
            if table == row.__subject__:
                draft.roots[place] = row
                if op == "insert":
                    draft.bumped.add(place)  # its first version is what this transaction makes of it
            draft.loose.setdefault(place, []).append(
                Row(table, identity[0] if len(identity) == 1 else identity, op, fields)
            )


def _differences(row: Any, op: str) -> dict[str, Any]:
    state = inspect(row)
    fields: dict[str, Any] = {}
    for attribute in state.mapper.column_attrs:
        name = attribute.key
        if name in row.__unlogged__:
            continue
        if op == "update":
            history = state.attrs[name].history
            if not history.has_changes():
                continue
            before = history.deleted[0] if history.deleted else None
            after = history.added[0] if history.added else None
            if before == after:
                continue
        else:
            value = getattr(row, name)
            before, after = (None, value) if op == "insert" else (value, None)
        fields[name] = CHANGED if name in row.__personal__ else [plain(before), plain(after)]
    return fields


def _forget(db: Session) -> None:
    # What was rolled back is not told, nor does anybody react to it, should the session go on.
    db.info.pop("draft", None)


event.listen(Session, "before_flush", _bump)
event.listen(Session, "after_flush", _collect)
event.listen(Session, "after_rollback", _forget)


def _root_model(subject: str) -> type[Any]:
    for mapper in Base.registry.mappers:
        if getattr(mapper.class_, "__tablename__", None) == subject:
            return mapper.class_
    raise LookupError(f"no table is the root of subject {subject!r}")


def _settle(db: Session, draft: Draft) -> None:
    """Give every changed row to an entry of its subject."""
    first: dict[tuple[str, int], Entry] = {}
    for entry in draft.entries:
        first.setdefault((entry.subject, entry.subject_id), entry)
    for place, rows in draft.loose.items():
        subject, subject_id = place
        said = first.get(place)
        if said is None:
            ops = {row.op for row in rows if row.table == subject}
            verb = "created" if "insert" in ops else "deleted" if "delete" in ops else "changed"
            said = Entry(f"{subject}.{verb}", subject, subject_id)
            draft.entries.append(said)
        said.rows.extend(rows)
    draft.loose = {}
    for entry in draft.entries:
        if entry.key:
            continue
        place = (entry.subject, entry.subject_id)
        root = draft.roots.get(place)
        if root is None:
            root = draft.roots[place] = db.get(_root_model(entry.subject), entry.subject_id)
        if root is not None:
            entry.key = root.subject_key()


def _see(draft: Draft) -> None:
    """Who may see each subject, as the transaction leaves it, and before where that differs."""
    for entry in draft.entries:
        root = draft.roots.get((entry.subject, entry.subject_id))
        if root is not None:
            entry.sight = root.subject_sight()
        for row in entry.rows:
            if row.table == entry.subject and row.op == "update" and isinstance(row.fields, dict):
                moved = row.fields.get("sight")
                if isinstance(moved, list):
                    entry.sight_before = moved[0]


# -- writing ---------------------------------------------------------------------------------------------------

IDENTITY = ("user", "session", "api_key", "unit")


def _columns(seq: int, at: datetime, actor: Actor | None, entry: Entry, request: str) -> dict[str, Any]:
    body = {
        "sight": entry.sight,
        "reason": entry.reason,
        "data": {name: plain(value) for name, value in entry.data.items()},
        "rows": [[row.table, row.id, row.op, row.fields] for row in entry.rows],
    }
    if entry.sight_before is not None:
        body["sight_before"] = entry.sight_before
    return {
        "seq": seq,
        "at": at,
        "kind": entry.kind,
        "subject": entry.subject,
        "subject_id": entry.subject_id,
        "subject_key": entry.key,
        "actor_id": actor.id if actor else 0,
        "actor": actor.name if actor else "system",
        "request_id": request,
        "body": canonical(body).decode(),
    }


_lock = Statement(select(LogHead.seq, LogHead.identity_seq, LogHead.hash).where(LogHead.id == 1).with_for_update())
_insert = Statement(insert(Event))
_move_head = Statement(
    update(LogHead)
    .where(LogHead.id == 1)
    .values(seq=bindparam("at_seq"), identity_seq=bindparam("at_identity"), hash=bindparam("at_hash"))
)


def settle_reactions(db: Session, reactions: Mapping[str, tuple[Reaction, ...]]) -> list[Entry]:
    """Flush, and let domains react until nobody has anything left to do (bounded)."""
    draft = draft_of(db)
    for _ in range(20):
        db.flush()
        _settle(db, draft)
        fresh = [entry for entry in draft.entries if not entry.reacted]
        if not fresh:
            _see(draft)
            return draft.entries
        for entry in fresh:
            entry.reacted = True
            for react in reactions.get(entry.kind, ()):
                react(db, entry)
    raise RuntimeError("reactions do not come to rest")


def write(db: Session, entries: list[Entry]) -> None:
    """Take the log's lock and write the entries. Nothing may flush after this."""
    if not entries:
        return
    actor: Actor | None = db.info.get("actor")
    request = request_id.get()
    connection = db.connection()
    seq, identity_seq, before = _lock.rows(connection, {})[0]
    at = calendar.now()
    lines = []
    for entry in entries:
        seq += 1
        if entry.subject in IDENTITY:
            identity_seq = seq
        columns = _columns(seq, at, actor, entry, request)
        before = columns["hash"] = digest(before, hashed(columns))
        lines.append(columns)
    _insert.run(connection, lines)
    _move_head.run(connection, [{"at_seq": seq, "at_identity": identity_seq, "at_hash": before}])
    db.info["sequence"] = seq


def install(database: Database, reactions: Mapping[str, tuple[Reaction, ...]]) -> None:
    """Make the log part of every commit of this database."""

    def before_commit(db: Session) -> None:
        write(db, settle_reactions(db, reactions))

    database.before_commit.append(before_commit)
