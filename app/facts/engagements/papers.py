"""The files that show an engagement: they come in as evidence does, and a wrong one is withdrawn."""

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.engagements import queries
from app.facts.engagements.models import Engagement, EngagementFile
from app.facts.engagements.service import check_own, open_for_change, touch
from app.facts.evidence.queries import Download
from app.identity.auth.queries import name_of
from app.kernel import calendar, files
from app.kernel.access import Actor
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import record
from app.kernel.files import Received, StoredFile


class NoFile(NotFound):
    code = "no_file"
    message, english = "这次对接活动没有这份材料", "The engagement has no such file."


class SameFile(Conflict):
    code = "same_file"
    message, english = "这次对接活动已有这份材料", "The engagement has this very file already."


class FileWithdrawn(Conflict):
    code = "file_withdrawn"
    message, english = "这份材料已撤下", "This file was withdrawn."


def check_may_add(connection: Connection, actor: Actor, number: int) -> None:
    """Refuse before a file is taken in what would be refused afterwards."""
    unit_id = connection.execute(select(Engagement.unit_id).where(Engagement.id == number)).scalar_one_or_none()
    if unit_id is None:
        raise queries.NoEngagement
    check_own(actor, unit_id)


def add(db: Session, actor: Actor, number: int, file: Received, note: str | None) -> tuple[Engagement, EngagementFile]:
    """Link a received file to an engagement."""
    engagement = open_for_change(db, actor, number)
    same = select(EngagementFile.id).where(
        EngagementFile.engagement_id == number,
        EngagementFile.sha256 == file.sha256,
        EngagementFile.withdrawn_at.is_(None),
    )
    if db.scalars(same).first() is not None:
        raise SameFile
    files.keep(db, actor, file)
    paper = EngagementFile(
        engagement_id=number, sha256=file.sha256, filename=file.name, note=note, uploaded_at=calendar.now(),
        uploaded_by=actor.id, uploaded_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(paper)
    touch(engagement)
    db.flush()
    record(db, "engagement.file_added", engagement, file=paper.id)
    return engagement, paper


def withdraw(db: Session, actor: Actor, number: int, file_id: int, reason: str) -> tuple[Engagement, EngagementFile]:
    """Say that a file does not belong here. It stays to be seen, with the reason."""
    engagement = open_for_change(db, actor, number)
    paper = _of(db, number, file_id)
    if paper.withdrawn_at is not None:
        raise FileWithdrawn
    paper.withdrawn_at, paper.withdrawn_by, paper.withdrawn_by_name = calendar.now(), actor.id, name_of(db, actor)
    paper.withdrawn_reason = reason
    touch(engagement)
    record(db, "engagement.file_withdrawn", engagement, reason=reason, file=paper.id)
    return engagement, paper


def _of(db: Session, number: int, file_id: int) -> EngagementFile:
    found = db.get(EngagementFile, file_id)
    if found is None or found.engagement_id != number:
        raise NoFile
    return found


def out(db: Session, paper: EngagementFile) -> dict[str, object]:
    """One file as `FileOut`."""
    db.flush()
    row = db.execute(
        select(EngagementFile.__table__, StoredFile.size, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == EngagementFile.sha256)
        .where(EngagementFile.id == paper.id)
    ).one()
    return queries.file_told(row)


def file_of(connection: Connection, _actor: Actor, number: int, file_id: int) -> Download:
    """What is sent when somebody opens a file; else 404."""
    row = connection.execute(
        select(EngagementFile.sha256, EngagementFile.filename, StoredFile.media_type)
        .join(StoredFile, StoredFile.sha256 == EngagementFile.sha256)
        .where(EngagementFile.id == file_id, EngagementFile.engagement_id == number)
    ).one_or_none()
    if row is None:
        raise NoFile
    return Download(*row)
