"""Where two editions differ."""

from collections.abc import Iterator
from typing import Any

Difference = tuple[str, Any, Any]
"""Path (`units.3.contract_amount`), before, after; None where there is nothing."""

NAMES = ("indicator", "project", "code", "id", "unit", "week")
"""What tells an entry of a list apart from its neighbours, the first of these that all entries of both lists have."""


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Every value that is not the same in two contents, in the order of the first."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from differences(before.get(key), after.get(key), _within(path, key))
    elif isinstance(before, list) and isinstance(after, list):
        one, other = _named(before, after)
        for key in dict.fromkeys((*one, *other)):
            yield from differences(one.get(key), other.get(key), _within(path, key))
    elif before != after:
        yield path, before, after


def _within(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _named(before: list[Any], after: list[Any]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Two lists by what names their entries, or by their places."""
    for name in NAMES:
        if all(isinstance(entry, dict) and name in entry for entry in (*before, *after)):
            one, other = ({entry[name]: entry for entry in entries} for entries in (before, after))
            if len(one) == len(before) and len(other) == len(after):
                return one, other
    return dict(enumerate(before)), dict(enumerate(after))
