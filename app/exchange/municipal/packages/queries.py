"""Packages as they are seen."""

from typing import Any

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from app.exchange.municipal.models import Channel, Package, PackageItem, Record, RecordState
from app.exchange.municipal.packages import answers
from app.exchange.municipal.packages.books import Item
from app.exchange.municipal.packages.schemas import PackageFilter
from app.exchange.municipal.queries import visible_projects
from app.facts.evidence.queries import Download
from app.kernel.access import Actor
from app.kernel.errors import Forbidden, NotFound
from app.kernel.paging import Listing, Where

Reader = Connection | Session
ZIP = "application/zip"
_decode = msgspec.json.Decoder().decode


class NoPackage(NotFound):
    code = "no_package"
    message = "没有这个报送包"
    english = "There is no such package."


class PackageWithheld(Forbidden):
    code = "package_withheld"
    message = "包内有您无权查看的项目，请由有权查看的人员处理"
    english = "The package holds projects that are not yours to see."


_waiting = (
    select(func.count())
    .where(Record.package_id == Package.id, Record.state == RecordState.SENT)
    .correlate(Package)
    .scalar_subquery()
)
_source = select(
    Package.number, Channel.code.label("channel"), Package.state, Package.form, Package.records,
    Package.total_fen.label("total"), Package.digest, Package.manifest, Package.made_at,
    Package.made_by_name.label("made_by"), _waiting.label("waiting"), Package.answered_at, Package.reason,
).join(Channel, Channel.id == Package.channel_id)  # fmt: skip

PACKAGES = Listing(
    name="municipal_packages",
    asked=PackageFilter,
    source=_source,
    key=Package.__table__.c.id,
    sorts={"id": Package.__table__.c.id},
    filters={
        "channel": Where(lambda value: Channel.code == value),
        "state": Where(lambda value: Package.state == value),
    },
    default_sort="-id",
)


def page(connection: Connection, _actor: Actor, q: PackageFilter) -> bytes:
    """A page of packages."""
    return PACKAGES.page(connection, q)


def one(db: Reader, _actor: Actor, number: str) -> dict[str, Any]:
    """One package."""
    row = db.execute(_source.where(Package.number == number)).one_or_none()
    if row is None:
        raise NoPackage
    return dict(row._mapping)


def items(db: Reader, actor: Actor, number: str) -> list[Item]:
    """What is in a package; refused to those who may not see all of it."""
    package = db.execute(select(Package.id).where(Package.number == number)).scalar_one_or_none()
    if package is None:
        raise NoPackage
    rows = db.execute(
        select(
            PackageItem.record_id, Record.kind, Record.key, PackageItem.version, PackageItem.op, PackageItem.content,
            Record.project_id,
        )
        .join(Record, Record.id == PackageItem.record_id)
        .where(PackageItem.package_id == package)
        .order_by(PackageItem.id)
    ).all()  # fmt: skip
    projects = {row.project_id for row in rows if row.project_id is not None}
    if len(visible_projects(db, actor, projects)) < len(projects):
        raise PackageWithheld
    return [
        Item(
            row.record_id, row.kind, row.key, row.version, row.op,
            None if row.content is None else _decode(row.content), row.content,
        )
        for row in rows
    ]  # fmt: skip


def file_of(connection: Connection, actor: Actor, number: str) -> Download:
    """The archive of a package, for those who may see all of it."""
    items(connection, actor, number)
    row = connection.execute(select(Package.file).where(Package.number == number)).one()
    return Download(row.file, f"{number}.zip", ZIP)


def blank(connection: Connection, actor: Actor, number: str) -> bytes:
    """The receipt file of a package, to be filled in."""
    return answers.template(items(connection, actor, number))
