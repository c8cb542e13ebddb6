"""The kinds of rules, their versions, and which one rules today."""

from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session, aliased

from app.identity.auth.models import User
from app.identity.rulebook.schemas import RuleOut, RulePage, RuleRow, VersionOut
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.errors import NotFound
from app.kernel.rules import RuleKind, RuleVersion


class NoRule(NotFound):
    message = "没有这种规则或版本"
    english = "There is no such rule or version."


def kind_of(code: str) -> RuleKind[Any]:
    """The kind of that code; 404 when there is none."""
    if code not in rules.KINDS:
        raise NoRule
    return rules.KINDS[code]


def get(db: Session, code: str, number: int) -> RuleVersion:
    """A stored version, read for a change. The shipped one is no row: it is never changed."""
    kind_of(code)
    version = db.scalars(
        select(RuleVersion).where(RuleVersion.rule == code, RuleVersion.number == number).with_for_update()
    ).one_or_none()
    if version is None:
        raise NoRule
    return version


def page(connection: Connection, _actor: Actor) -> RulePage:
    """Every kind of rule."""
    drafts = _drafts(connection)
    return RulePage(items=[RuleRow(**_row(connection, rules.KINDS[code], drafts)) for code in sorted(rules.KINDS)])


def one(connection: Connection, _actor: Actor, code: str) -> RuleOut:
    """One kind with all its versions, newest first, the shipped one last."""
    kind = kind_of(code)
    shipped = VersionOut(
        number=0, state="shipped", valid_from=None, valid_to=None, basis="随软件提供",
        body=kind.shipped.model_dump(mode="json"), saved_by=None, saved_at=None, activated_by=None, activated_at=None,
    )  # fmt: skip
    stored = [_version(row) for row in connection.execute(_versions().where(RuleVersion.rule == code))]
    return RuleOut(
        **_row(connection, kind, _drafts(connection)),
        json_schema=kind.body.model_json_schema(),
        versions=[*stored, shipped],
    )


def out(db: Session, version: RuleVersion) -> VersionOut:
    """A version that has just been saved, activated or withdrawn."""
    db.flush()
    return _version(db.execute(_versions().where(RuleVersion.id == version.id)).one())


def _row(connection: Connection, kind: RuleKind[Any], drafts: dict[str, int]) -> dict[str, Any]:
    ruling = rules.in_force(connection, kind, calendar.today())
    return {
        "code": kind.code, "label": kind.label, "activate": kind.activate, "in_force": ruling.number,
        "drafts": drafts.get(kind.code, 0),
    }  # fmt: skip


def _drafts(connection: Connection) -> dict[str, int]:
    query = select(RuleVersion.rule, func.count()).where(RuleVersion.state == "draft").group_by(RuleVersion.rule)
    return {row[0]: row[1] for row in connection.execute(query)}


def _versions() -> Any:
    saver, activator = aliased(User), aliased(User)
    return (
        select(
            RuleVersion.number, RuleVersion.state, RuleVersion.valid_from, RuleVersion.valid_to, RuleVersion.basis,
            RuleVersion.body, saver.login.label("saved_by"), RuleVersion.saved_at,
            activator.login.label("activated_by"), RuleVersion.activated_at,
        )
        .select_from(RuleVersion)
        .outerjoin(saver, saver.id == RuleVersion.saved_by)
        .outerjoin(activator, activator.id == RuleVersion.activated_by)
        .order_by(RuleVersion.number.desc())
    )  # fmt: skip


def _version(row: Any) -> VersionOut:
    return VersionOut.model_validate(row._mapping)
