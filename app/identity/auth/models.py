from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.access import SEPARATED, Role
from app.kernel.db import Base, Id, Instant, text_key
from app.kernel.events import Logged


class User(Logged, Base):
    """A person who logs in. `named` tells that some project names this person (grants of sight)."""

    __tablename__ = "user"
    __subject__ = "user"
    __personal__ = frozenset({"phone", "password_hash", "old_hashes"})
    __unlogged__ = frozenset({"last_login_at"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(text_key(64), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    pinyin: Mapped[str] = mapped_column(text_key(200))
    phone: Mapped[str | None] = mapped_column(String(30))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(default=True)
    named: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(String(200))
    old_hashes: Mapped[list[str]] = mapped_column(JSON, default=list)
    password_changed_at: Mapped[datetime] = mapped_column(Instant)
    must_change_password: Mapped[bool] = mapped_column(default=True)
    last_login_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.login

    @property
    def administers(self) -> bool:
        """Whether the account holds one of the three administrators' roles."""
        return not self.held.isdisjoint(SEPARATED)

    @property
    def held(self) -> frozenset[Role]:
        return frozenset(Role(role) for role in self.roles)


class LoginGuard(Base):
    """Failed logins of one name, so that guessing ends; no business fact, hence not in the log.

    `name` is the login, or for a name that nobody has its hash: names are locked alike whether they exist or
    not, and a password typed into the wrong field is not kept.
    """

    __tablename__ = "login_guard"

    name: Mapped[str] = mapped_column(text_key(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)


class UserSession(Logged, Base):
    """A login: its token is known to the client only; the row keeps the hash."""

    __tablename__ = "session"
    __subject__ = "session"
    __personal__ = frozenset({"token_hash", "csrf_hash", "address", "agent"})
    __unlogged__ = frozenset({"last_seen_at"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(text_key(64), unique=True)
    csrf_hash: Mapped[str] = mapped_column(text_key(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(200))

    def subject_id(self) -> int:
        return self.id


class ApiKey(Logged, Base):
    """A machine's key: hashed, scoped, expiring, bound to addresses when it names any."""

    __tablename__ = "api_key"
    __subject__ = "api_key"
    __personal__ = frozenset({"key_hash"})
    __unlogged__ = frozenset({"last_used_at"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    prefix: Mapped[str] = mapped_column(text_key(16))
    key_hash: Mapped[str] = mapped_column(text_key(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    addresses: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_key(self) -> str:
        return self.prefix
