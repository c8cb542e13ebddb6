"""One's own notices. What they say is shown while the reader may see what they are about."""

from typing import Any

from sqlalchemy import Connection, and_, bindparam, false, func, not_, select
from sqlalchemy.orm import Session

from app.identity.notices.schemas import NoticeFilter
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.notices import KINDS, OPEN, UNREAD, Notice
from app.kernel.paging import Listing, Sight, Where
from app.kernel.statements import Statement
from app.kernel.subjects import still_shown

_mine = Notice.user_id == bindparam("me", type_=Notice.user_id.type)
_overdue = and_(OPEN, Notice.due_on < bindparam("day", type_=Notice.due_on.type))

LISTING = Listing(
    name="notices",
    asked=NoticeFilter,
    source=select(
        Notice.id, Notice.kind, Notice.text, Notice.about, Notice.about_id, Notice.about_key, Notice.told_at,
        Notice.created_at, Notice.read_at, Notice.waits, Notice.due_on, Notice.done_at,
    ),
    key=Notice.__table__.c.id,
    sorts={"told_at": Notice.__table__.c.told_at},
    filters={"kind": Where(lambda kind: Notice.kind == kind)},
    default_sort="-told_at",
)  # fmt: skip

# Each by an index that holds nothing else; read marks are not in the log, so there is no answer to keep.
_counts = Statement(
    select(
        select(func.count()).where(_mine, UNREAD).scalar_subquery().label("unread"),
        select(func.count()).where(_mine, OPEN).scalar_subquery().label("open"),
        select(func.count()).where(_mine, _overdue).scalar_subquery().label("overdue"),
    )
)


def counts(db: Connection | Session, actor: Actor) -> dict[str, int]:
    """How many wait to be read, to be acted upon, and longer than they should."""
    connection = db.connection() if isinstance(db, Session) else db
    rows = _counts.rows(connection, {"me": actor.id, "day": calendar.today()})
    return dict(zip(_counts.names, rows[0], strict=True))


def page(connection: Connection, actor: Actor, q: NoticeFilter) -> dict[str, Any]:
    """A page of the actor's own notices, and how many there are to read and to act upon."""
    found = LISTING.found(connection, q, _sight(actor, q))
    shown = _shown(connection, actor, found["items"])
    found["items"] = [_out(row, shown) for row in found["items"]]
    return {**found, "counts": counts(connection, actor)}


def _sight(actor: Actor, q: NoticeFilter) -> Sight:
    # In the statement itself rather than as bound filters, so that the indexes over a part of the rows serve.
    conditions, shape = [_mine], "mine"
    for asked, name, condition in ((q.unread, "unread", UNREAD), (q.open, "open", OPEN), (q.overdue, "late", _overdue)):
        if asked is not None:
            conditions.append(condition if asked else not_(func.coalesce(condition, false())))
            shape += f"+{name}={asked}"
    return Sight(shape, and_(*conditions), {"me": actor.id, "day": calendar.today()})


def _shown(connection: Connection, actor: Actor, rows: list[dict[str, Any]]) -> set[tuple[str, int]]:
    """What of all that these notices are about the actor may see now."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        if row["about"] is not None:
            wanted.setdefault(row["about"], set()).add(row["about_id"])
    return {(name, key) for name, ids in wanted.items() for key in still_shown(connection, actor, name, ids)}


def _out(row: dict[str, Any], shown: set[tuple[str, int]]) -> dict[str, Any]:
    about, about_id, about_key = row.pop("about"), row.pop("about_id"), row.pop("about_key")
    withheld = about is not None and (about, about_id) not in shown
    due = str(row["due_on"]) if row["due_on"] else None
    waiting = row["waits"] and row["done_at"] is None
    kind = KINDS.get(row["kind"])
    return row | {
        "label": kind.label if kind else row["kind"],
        "text": None if withheld else row["text"],
        "subject": None if withheld or about is None else {"type": about, "key": about_key},
        "withheld": withheld,
        "overdue": bool(waiting and due is not None and due < calendar.today().isoformat()),
    }
