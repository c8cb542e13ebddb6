"""What tells one ledger from another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement

from app.facts.evidence.terms import Book
from app.facts.recognition.models import LedgerEntry
from app.facts.recognition.rules import Demand
from app.kernel.access import Permission
from app.kernel.errors import NotFound
from app.kernel.rules import RuleKind

E = TypeVar("E", bound=LedgerEntry)


@dataclass(frozen=True, slots=True)
class Ledger(Generic[E]):
    """One ledger. `verb` begins the names of its events: `project.fund` for `project.fund_declared`.

    `day` names the attribute with an entry's own day, `asked` those that its `demand` is made from, by the rule in
    force on that day. `rivals` says of two entries whether one paper should not prove both. `mirror` gives the
    columns of a reversal that are the ledger's own, `said` an entry in words, `source` is what figures call its facts.
    """

    book: Book
    verb: str
    model: type[E]
    no_entry: type[NotFound]
    declare: Permission
    recognise: Permission
    rule: RuleKind[Any]
    day: str
    asked: tuple[str, ...]
    demand: Callable[[Any, Mapping[str, Any]], Demand]
    rivals: Callable[[Any, Any], ColumnElement[bool]]
    mirror: Callable[[E], dict[str, Any]]
    said: Callable[[E], str]
    source: Callable[[E], str]
