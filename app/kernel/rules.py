"""Rules are data: what differs between places and years is a versioned document with dates and a basis.

A domain declares a `RuleKind`: the Pydantic body, who may activate it, and the version that ships with the
house (number 0, always in force where nothing newer is). Who saves a version never activates it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import JSON, ColumnElement, Connection, Date, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import calendar
from app.kernel.access import Actor, Permission
from app.kernel.db import Base, Id, Instant, text_key
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, field_errors
from app.kernel.events import Logged, record
from app.kernel.nested import nested, unnest
from app.kernel.statements import Statement

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class RuleKind(Generic[Body]):
    """One thing that is ruled: its code, Chinese label, body, shipped version, and who activates it."""

    code: str
    label: str
    body: type[Body]
    shipped: Body
    activate: Permission = Permission.RULE_ACTIVATE
    check: Callable[[Body], list[FieldError]] = lambda _: []


KINDS: dict[str, RuleKind[Any]] = {}


def declare(kind: RuleKind[Body]) -> RuleKind[Body]:
    """Make a kind of rule known."""
    if kind.code in KINDS:
        raise ValueError(f"rule {kind.code} is declared twice")
    KINDS[kind.code] = kind
    return kind


class RuleVersion(Logged, Base):
    """One version of one rule."""

    __tablename__ = "rule_version"
    __table_args__ = (UniqueConstraint("rule", "number"),)
    __subject__ = "rule_version"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    rule: Mapped[str] = mapped_column(text_key(40))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(text_key(12))  # draft, active, withdrawn
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    basis: Mapped[str] = mapped_column(String(300))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_by: Mapped[int] = mapped_column(Id)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    activated_by: Mapped[int | None] = mapped_column(Id)
    activated_at: Mapped[datetime | None] = mapped_column(Instant)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return f"{self.rule}/{self.number}"


class SamePerson(Forbidden):
    code = "same_person"
    message = "起草人不得启用自己起草的版本，须由另一人启用"
    english = "Who saved a version may not activate it."


class NotADraft(Conflict):
    code = "not_a_draft"
    message = "只有草稿可以启用或撤回"
    english = "Only a draft can be activated."


class RuleOverlap(Conflict):
    code = "rule_overlap"
    message = "生效日期早于或等于现行版本的生效日期"
    english = "It would start before the version in force."


@dataclass(frozen=True, slots=True)
class InForce(Generic[Body]):
    """The version that rules on a day. `until` is its last day where one is known."""

    number: int
    body: Body
    valid_from: date | None
    until: date | None


def kind_of(code: str) -> RuleKind[Any]:
    kind = KINDS.get(code)
    if kind is None:
        raise NotFound("没有这种规则")
    return kind


_columns = select(RuleVersion.number, RuleVersion.body, RuleVersion.valid_from, RuleVersion.valid_to).order_by(
    RuleVersion.valid_from
)
_active = Statement(_columns.where(RuleVersion.rule == bindparam("rule"), RuleVersion.state == "active"))


def _day(value: Any) -> date | None:
    # SQLite's driver gives text, and so does JSON.
    return date.fromisoformat(value) if isinstance(value, str) else value


def _read(kind: RuleKind[Body], rows: Iterable[Sequence[Any]]) -> list[InForce[Body]]:
    found: list[InForce[Body]] = [InForce(0, kind.shipped, None, None)]
    for number, body, valid_from, valid_to in rows:
        read = kind.body.model_validate_json(body) if isinstance(body, str) else kind.body.model_validate(body)
        found.append(InForce(number, read, _day(valid_from), _day(valid_to)))
    return found


def versions(connection: Connection | Session, kind: RuleKind[Body]) -> list[InForce[Body]]:
    """Every version that ever ruled or will, oldest first; the shipped one leads."""
    driver = connection.connection() if isinstance(connection, Session) else connection
    return _read(kind, _active.rows(driver, {"rule": kind.code}))


def column(kind: RuleKind[Any]) -> ColumnElement[str]:
    """The same as a column of any statement, for answers that cannot afford one more; `versions_in` reads it."""
    return nested(_columns.where(RuleVersion.rule == kind.code, RuleVersion.state == "active"))


def versions_in(kind: RuleKind[Body], text: str) -> list[InForce[Body]]:
    """The versions that a `column` of this kind holds."""
    return _read(kind, (list(row.values()) for row in unnest(text)))


def in_force(connection: Connection | Session, kind: RuleKind[Body], on: date) -> InForce[Body]:
    """The version in force on a day: the one that started last, unless it has ended."""
    return ruling(versions(connection, kind), on)


def ruling(versions: Iterable[InForce[Body]], on: date) -> InForce[Body]:
    """Of a rule's versions, oldest first, the one in force on a day."""
    found: InForce[Body] | None = None
    for version in versions:
        if version.valid_from is None or version.valid_from <= on:
            ended = version.until is not None and version.until < on
            found = found if ended else version
    assert found is not None  # the shipped version always rules
    return found


def checked(kind: RuleKind[Body], body: dict[str, Any]) -> Body:
    """A body as it would be saved; errors name the field inside it."""
    try:
        read = kind.body.model_validate(body)
    except ValidationError as error:
        raise Invalid("规则内容有误", errors=[
            FieldError(field=f"body.{e.field}", code=e.code, message=e.message) for e in field_errors(error.errors())
        ]) from None  # fmt: skip
    if problems := kind.check(read):
        raise Invalid("规则内容有误", errors=problems)
    return read


def save(
    db: Session,
    actor: Actor,
    kind: RuleKind[Any],
    body: dict[str, Any],
    valid_from: date,
    valid_to: date | None,
    basis: str,
) -> RuleVersion:
    """Keep a draft, validated as a whole; errors name the field inside the body."""
    read = checked(kind, body)
    if valid_to is not None and valid_to < valid_from:
        raise Invalid.field("valid_to", "order", "失效日期早于生效日期")
    last = db.scalars(
        select(RuleVersion.number).where(RuleVersion.rule == kind.code).order_by(RuleVersion.number.desc()).limit(1)
    ).first()
    version = RuleVersion(
        rule=kind.code, number=(last or 0) + 1, state="draft", valid_from=valid_from, valid_to=valid_to, basis=basis,
        body=read.model_dump(mode="json"), saved_by=actor.id, saved_at=calendar.now(),
    )  # fmt: skip
    db.add(version)
    record(db, "rule.saved", version)
    return version


def activate(db: Session, actor: Actor, version: RuleVersion) -> None:
    """Put a draft into force from its date on. Another person than its author, with the kind's permission."""
    kind = kind_of(version.rule)
    if not actor.may(kind.activate):
        raise Forbidden
    if version.state != "draft":
        raise NotADraft
    if version.saved_by == actor.id:
        raise SamePerson
    newest = db.scalars(
        select(RuleVersion.valid_from)
        .where(RuleVersion.rule == version.rule, RuleVersion.state == "active")
        .order_by(RuleVersion.valid_from.desc())
        .limit(1)
    ).first()
    if newest is not None and version.valid_from <= newest:
        raise RuleOverlap
    version.state = "active"
    version.activated_by, version.activated_at = actor.id, calendar.now()
    record(db, "rule.activated", version)


def withdraw(db: Session, version: RuleVersion, reason: str) -> None:
    """Give a draft up; a version that ruled is ended by a newer one, never withdrawn."""
    if version.state != "draft":
        raise NotADraft
    version.state = "withdrawn"
    record(db, "rule.withdrawn", version, reason=reason)
