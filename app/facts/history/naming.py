"""How a column of the log is called, and what its values mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Ref(Enum):
    """What a column of row numbers points at."""

    UNIT = "unit"
    ENTERPRISE = "enterprise"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Named:
    """A column's Chinese name and how its values are read."""

    label: str
    words: Mapping[Any, str] | None = None
    points_at: Ref | None = None


YES_NO = {"True": "是", "False": "否"}
