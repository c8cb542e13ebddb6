"""Units, users and sessions, put straight into the database: no password is hashed.

Each takes the session of a `with db() as session:` block and is written when that block ends.
"""

from datetime import date, timedelta
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.auth.models import User, UserSession
from app.identity.units.models import Tier, Unit, UnitAlias, UnitKind, UnitTerm
from app.kernel import calendar
from app.kernel.access import Actor, Role, permissions_of
from app.kernel.names import pinyin, search_key, squash
from app.kernel.secrets import new_token, token_hash

NAMES = {"jxw": "区经济信息委", "nyw": "区农业农村委", "sww": "区商务委", "wlw": "区文化旅游委"}
NO_PASSWORD = "no password opens this account"
_serial = count(1)


def make_unit(
    db: Session,
    code: str | None = None,
    name: str | None = None,
    *,
    aliases: tuple[str, ...] = (),
    tier: Tier = Tier.KEY,
    kind: UnitKind = UnitKind.BUREAU,
    valid_from: date = date(2015, 1, 1),
) -> Unit:
    """A unit with one term; a code already known gives the unit that has it."""
    code = code or f"unit{next(_serial)}"
    known = db.scalars(select(Unit).where(Unit.code == code)).one_or_none()
    if known is not None:
        return known
    name = name or NAMES.get(code, f"单位{code}")
    unit = Unit(code=code, name=name, pinyin=pinyin(name), search=search_key(name, code, *aliases), kind=kind)
    db.add(unit)
    db.flush()
    db.add(UnitTerm(unit_id=unit.id, name=name, tier=tier, valid_from=valid_from))
    db.add_all(UnitAlias(unit_id=unit.id, alias=alias, squashed=squash(alias)) for alias in aliases)
    db.flush()
    return unit


def make_user(
    db: Session,
    *roles: Role | str,
    login: str | None = None,
    name: str | None = None,
    unit: Unit | str | None = None,
    named: bool = False,
    must_change_password: bool = False,
) -> User:
    """A user with these roles; `unit` is a unit or the code of one, made on demand."""
    serial = next(_serial)
    name = name or f"用户{serial}"
    belongs = make_unit(db, unit) if isinstance(unit, str) else unit
    user = User(
        login=login or f"user{serial}", name=name, pinyin=pinyin(name), unit_id=belongs.id if belongs else None,
        roles=[Role(role).value for role in roles], named=named, password_hash=NO_PASSWORD, old_hashes=[],
        password_changed_at=calendar.now(), must_change_password=must_change_password,
    )  # fmt: skip
    db.add(user)
    db.flush()
    return user


def make_session(db: Session, user: User, *, csrf: str = "csrf") -> str:
    """A session of that user, good for a year whatever the clock is set to; its token."""
    token, now = new_token("zs"), calendar.now()
    db.add(
        UserSession(
            user_id=user.id, token_hash=token_hash(token), csrf_hash=token_hash(csrf), created_at=now, last_seen_at=now,
            expires_at=now + timedelta(days=365), address="192.0.2.1", agent="tests",
        )
    )  # fmt: skip
    db.flush()
    return token


def actor_of(user: User) -> Actor:
    """The actor that this user is in a request, for tests that call services and queries directly."""
    roles = user.held
    return Actor(user.id, user.login, "user", roles, permissions_of(roles), user.unit_id, user.named)
