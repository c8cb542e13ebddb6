"""What the city has rejected: told to those who may correct and send, and into the log; settled once it is accepted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.municipal.models import Channel
from app.exchange.municipal.wire.contract import RECORD_KIND_LABELS, RecordKind
from app.facts.projects import sights as project_sights
from app.identity.notices import recipients
from app.kernel import events, notices
from app.kernel.access import Permission
from app.kernel.notices import OPEN, Notice, declare
from app.kernel.statements import Statement

REJECTED = declare(
    "municipal.rejected",
    "上报被市级退回",
    "上报{channel}的{what}{record}（第 {version} 版）被退回：{reason}",
    waits=True,
)
MANY_REJECTED = declare(
    "municipal.many_rejected",
    "多条上报被市级退回",
    "上报{channel}的 {count} 条记录被退回，首条为{what}{record}：{reason}",
)
TOLD_SINGLY = 10
"""So many rejections of one batch are told one by one; when a whole batch comes back, one notice says more than a
hundred."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record in a version that the city will not have, and why."""

    record_id: int
    project_id: int | None
    kind: RecordKind
    key: str
    version: int
    code: str | None
    field: str | None
    reason: str | None

    @property
    def told(self) -> str:
        parts = (self.reason, self.field and f"字段 {self.field}", self.code and f"代码 {self.code}")
        return "，".join(part for part in parts if part) or "未说明原因"


def tell(db: Session, channel: Channel, name: str, found: Sequence[Rejection]) -> None:
    """Tell of records that were rejected just now, those who may see their projects; `name` is the channel's."""
    if not found:
        return
    channel = db.get_one(Channel, channel.id)  # it may come from another session
    # Keys and reasons stay with the records: the log cannot be erased, and not everybody may see every project.
    told = [[one.record_id, one.version, one.code, one.field] for one in found]
    events.record(db, "municipal_channel.rejected", channel, records=told)
    people = recipients.who_may(db, Permission.MUNICIPAL_SEND)
    sights = project_sights.newest(db.connection(), {one.project_id for one in found if one.project_id is not None})
    seen = {
        one: [p for p in people if one.project_id is None or project_sights.admits(p, sights.get(one.project_id))]
        for one in found
    }
    together = [one for one in found if len(seen[one]) == len(people)]
    if len(together) > TOLD_SINGLY:
        first = together[0]
        notices.tell(
            db, people, MANY_REJECTED, channel, channel=name, count=len(together),
            what=RECORD_KIND_LABELS[first.kind], record=first.key, reason=first.told,
        )  # fmt: skip
        together = []
    for one in found:
        if one in together or len(seen[one]) < len(people):
            notices.tell(
                db, seen[one], REJECTED, channel, key=_key(channel, one.kind, one.key), channel=name,
                what=RECORD_KIND_LABELS[one.kind], record=one.key, version=one.version, reason=one.told,
            )  # fmt: skip


_open = Statement(select(Notice.key).where(OPEN, Notice.kind == REJECTED.code).distinct())


def settle(db: Session, channel: Channel, accepted: Sequence[tuple[str, str]]) -> None:
    """These are held now: what was told of them is done."""
    if not accepted:
        return
    # Few are open at any time, and an index has only these.
    told = {key for (key,) in _open.rows(db.connection(), {})}
    if told:
        for key in sorted(told & {_key(channel, kind, key) for kind, key in accepted}):
            notices.settle(db, key)


def _key(channel: Channel, kind: str, key: str) -> str:
    return f"{REJECTED.code}:{channel.id}:{kind}:{key}"
