"""Bodies of activity rules for tests: the sample with a few words changed."""

from typing import Any

from app.published.boards.rules import LABELS, SAMPLE


def body(**changes: Any) -> dict[str, Any]:
    """The shipped sample as JSON; a sub-index that is given is changed in the words given, everything else replaced."""
    found: dict[str, Any] = SAMPLE.model_dump(mode="json")
    for name, value in changes.items():
        found[name] = found[name] | value if name in LABELS else value
    return found
