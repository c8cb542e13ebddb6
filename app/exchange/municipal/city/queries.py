"""What the city fetches: records in the order in which what it should hold has changed.

Whoever changes that holds the channel's lock until the end of his transaction and gives the change the next place: so
places become visible in their order, and nothing comes in before what has been fetched.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from app.exchange.municipal.channels import Connection as Settings
from app.exchange.municipal.channels import Connections
from app.exchange.municipal.city.schemas import PullQuery
from app.exchange.municipal.models import Channel, ChannelState, Record
from app.exchange.municipal.queries import ChannelPaused, NoChannel, visible_projects
from app.exchange.municipal.records import may_go
from app.exchange.municipal.wire.contract import RecordKind
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid


class CursorAhead(Conflict):
    code = "cursor_ahead"
    message = "游标超前于本区的变动（本区可能由备份恢复），请从 after=0 重新读取"
    english = "The cursor is ahead of what changed here (a backup may have been restored). Read again from after=0."


def chosen(connections: Connections, asked: str | None) -> tuple[str, Settings]:
    """The channel that is fetched from: the one that is asked for, or the only one that is fetched."""
    pulled = {code: settings for code, settings in connections.items() if settings.mode == "pull"}
    if asked is not None and asked not in pulled:
        raise Invalid.field("channel", "no_pull_channel", "没有这个供市级来取的通道")
    if asked is None and len(pulled) != 1:
        raise Invalid.field("channel", "missing", "须指明通道" if pulled else "没有供市级来取的通道")
    code = asked if asked is not None else next(iter(pulled))
    return code, pulled[code]


def page(connection: Connection, actor: Actor, code: str, kind: RecordKind, q: PullQuery) -> dict[str, Any]:
    """A page of changes after a place; read in one statement, so that all of it is of one moment."""
    channel = connection.execute(
        select(Channel.id, Channel.position, Channel.state).where(Channel.code == code)
    ).one_or_none()
    if channel is None:
        raise NoChannel
    if actor.kind == "key" and channel.state is ChannelState.PAUSED:
        raise ChannelPaused
    if q.after > channel.position:
        raise CursorAhead
    rows = connection.execute(
        select(Record.key, Record.wanted_version, Record.op, Record.position, Record.wanted, Record.project_id)
        .where(Record.channel_id == channel.id, Record.kind == kind, Record.position > q.after, may_go())
        .order_by(Record.position)
        .limit(q.limit + 1)
    ).all()
    more = len(rows) > q.limit
    rows = rows[: q.limit]
    # A person may look at what the city gets, but no further than everywhere else.
    seen = None if actor.kind != "user" else visible_projects(connection, actor, (row.project_id for row in rows))
    items = []
    for row in rows:
        shown = seen is None or row.project_id is None or row.project_id in seen
        items.append(
            {
                "kind": kind,
                "key": row.key if shown else None,
                "version": row.wanted_version,
                "op": row.op,
                "position": row.position,
                "payload": msgspec.Raw(row.wanted.encode()) if shown and row.wanted is not None else None,
            }
        )
    return {"items": items, "next": rows[-1].position if rows else q.after, "more": more}
