"""Tokens and hashes: what is secret is stored as a hash only."""

import hashlib
import secrets


def new_token(prefix: str) -> str:
    """An unguessable token of 256 bits, with a prefix that tells what it opens."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_hash(token: str) -> str:
    """How a token is stored. Its 256 bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two secrets in constant time."""
    return secrets.compare_digest(one.encode(), other.encode())
