"""Whom to tell: people by role, by what they may do, by unit, by name. Only those whose accounts are in use."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Session

from app.identity.auth.models import User
from app.kernel.access import Actor, Permission, Role, permissions_of


def with_role(db: Session | Connection, *roles: Role) -> list[Actor]:
    """Everyone who holds one of these roles."""
    return _people(db, lambda actor: not actor.roles.isdisjoint(roles))


def who_may(db: Session | Connection, permission: Permission) -> list[Actor]:
    """Everyone whose roles give this permission."""
    return _people(db, lambda actor: permission in actor.permissions)


def reporters_of(db: Session | Connection, *unit_ids: int) -> list[Actor]:
    """The reporters of these units."""
    return _people(db, lambda actor: Role.REPORTER in actor.roles, User.unit_id.in_(unit_ids)) if unit_ids else []


def person(db: Session | Connection, user_id: int) -> list[Actor]:
    """The one person of this number; nobody when the account is not in use."""
    return _people(db, lambda _: True, User.id == user_id)


def called(db: Session | Connection, name: str | None, role: Role = Role.OFFICER) -> list[Actor]:
    """The person of this role whose name is written somewhere; nobody when two are called alike."""
    found = _people(db, lambda actor: role in actor.roles, User.name == name) if name else []
    return found if len(found) == 1 else []


def names(db: Session | Connection, people: list[Actor]) -> dict[int, str]:
    """What these people are called, by their numbers."""
    found = db.execute(select(User.id, User.name).where(User.id.in_([person.id for person in people])))
    return {row.id: row.name for row in found}


def _people(db: Session | Connection, fits: Callable[[Actor], bool], *conditions: ColumnElement[bool]) -> list[Actor]:
    # A district's bureau and units have some two hundred accounts: their roles are looked at here.
    query: Any = select(User.id, User.login, User.roles, User.unit_id, User.named).where(User.active.is_(True))
    found = []
    for row in db.execute(query.where(*conditions).order_by(User.id)):
        roles = frozenset(Role(role) for role in row.roles)
        permissions = permissions_of(roles) | {Permission.SELF}
        actor = Actor(row.id, row.login, "user", roles, permissions, row.unit_id, row.named)
        if fits(actor):
            found.append(actor)
    return found
