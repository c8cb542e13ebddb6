"""Passwords: argon2id, and what is asked of a new one in each profile.

`djbh` follows 等级保护 (GB/T 22239, level 3): classes of characters, history, a maximum age, lockout.
`asvs` follows OWASP ASVS 5.0 and NIST SP 800-63B: length, no rules of composition, no forced rotation, and
common passwords are refused.
"""

import secrets
import string
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.kernel.errors import FieldError, Invalid

LONGEST = 128
REMEMBERED = 10
"""How many earlier passwords an account keeps, as stored forms; at least the longest history of a profile."""

# OWASP's parameters: 19 MiB and two passes. Hashing is bounded, so that a flood of logins takes neither all
# memory nor all threads.
_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
_turn = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is asked of passwords. `classes` of the four kinds of characters; `history` last ones are refused."""

    shortest: int
    classes: int
    history: int
    max_age: timedelta | None
    common: bool
    failures: int = 5
    locked_for: timedelta = timedelta(minutes=30)


PROFILES = {
    "djbh": Profile(shortest=8, classes=3, history=5, max_age=timedelta(days=90), common=False),
    "asvs": Profile(shortest=12, classes=0, history=1, max_age=None, common=True),
}

# Of the published lists, what is long enough to pass the rule of length; pieces are refused by repetition below.
COMMON_TEXT = """
123456789012 1234567890123 12345678901234 123456789abc 1234567890qwertyuiop 1q2w3e4r5t6y 1qaz2wsx3edc 1qazxsw23edc
1qaz2wsx3edc4rfv abcdefghijkl abcdefghijklm administrator adminadmin123 admin123456789 changeme12345 password1234
password12345 password123456 password123456789 passwordpassword passw0rd1234 p@ssw0rd1234 p@ssword1234 qwerty123456
qwertyuiop12 qwertyuiop123 qwertyuiopasdf qwertyuiop[] asdfghjkl123 zxcvbnm12345 iloveyou1234 welcome12345
woaini1314520 woaini520131 woaini123456 5201314520131 zhaoshang123 zhaoshang1234 zhaoshang2020 qianjiang123
qianjiang2020 chongqing123 chongqing1234 letmein12345 monkey123456 dragon123456 superman1234 trustno1trustno1
"""
COMMON = frozenset(COMMON_TEXT.split())


# Of a password that nobody knows: logging in under a name that nobody has takes as long as any other refusal.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$r6C98BZ7H+IzxjRKW/cXLw$gsjVhL1D3FwhxHAmtQaY2AkI8VQ8Xqxy+V1RzGDagSk"


def hash_password(password: str) -> str:
    """The stored form. Costs tens of milliseconds: never inside a transaction."""
    with _turn:
        return _hasher.hash(_normal(password))


def verify(password: str, stored: str) -> bool:
    """Whether this is the password; False as well for an account that has none."""
    if not stored.startswith("$argon2"):
        stored, password = NOBODY, ""
    with _turn:
        return _hasher.verify(_normal(password), stored)


def outdated(stored: str) -> bool:
    """Whether the stored form was made with other parameters than today's."""
    return not stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def _normal(password: str) -> str:
    # The same characters, however a keyboard composes them.
    return unicodedata.normalize("NFC", password)


def _classes(password: str) -> int:
    kinds = (
        any(c.isupper() for c in password),
        any(c.islower() for c in password),
        any(c.isdigit() for c in password),
        any(not (c.isupper() or c.islower() or c.isdigit()) for c in password),
    )
    return sum(kinds)


def wrong(profile: Profile, login: str, password: str) -> list[str]:
    """What a new password lacks, in words; empty when nothing."""
    found = []
    folded = password.casefold()
    if len(password) < profile.shortest:
        found.append(f"至少 {profile.shortest} 个字符")
    if len(password) > LONGEST:
        found.append(f"至多 {LONGEST} 个字符")
    if _classes(password) < profile.classes:
        found.append("须含大写字母、小写字母、数字、其他符号中的至少三类")
    if login.casefold() in folded or folded in login.casefold():
        found.append("不得包含登录名")
    if profile.common and (folded in COMMON or len(set(folded)) < 5):
        found.append("过于常见或重复，请换一个")
    return found


def check(profile: Profile, login: str, password: str, earlier: Iterable[str] = (), field: str = "password") -> None:
    """Refuse a new password that the profile does not allow; `earlier` are stored forms, newest first."""
    reasons = wrong(profile, login, password)
    if not reasons and any(verify(password, stored) for stored in list(earlier)[: profile.history]):
        reasons.append(f"不得与最近 {profile.history} 次使用过的密码相同")
    if reasons:
        raise Invalid(
            "密码不合要求：" + "；".join(reasons),
            errors=[FieldError(field=field, code="password_policy", message=reason) for reason in reasons],
        )


def too_old(profile: Profile, changed_at: datetime, now: datetime) -> bool:
    """Whether the password must be changed because of its age."""
    return profile.max_age is not None and now - changed_at >= profile.max_age


def generate() -> str:
    """A first password that every profile allows: 16 characters of three classes, none that look alike."""
    alphabet = "".join(c for c in string.ascii_letters + string.digits if c not in "0O1lI")
    while True:
        made = "".join(secrets.choice(alphabet) for _ in range(16))
        if _classes(made) == 3:
            return made
