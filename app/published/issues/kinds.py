"""What can be published: each domain that writes something to circulate declares it here once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from app.kernel.calendar import Period, PeriodKind
from app.kernel.errors import Conflict, NotFound
from app.kernel.rules import RuleKind, in_force


@dataclass(frozen=True, slots=True)
class Paper:
    """How a series is printed: `word` is the shipped template, which an office may replace, `pdf` the house's own.

    `mark` stands in the red head after the district's name; `heading` is the title of a period's issue. `printed` says
    a content as texts, which the templates name; `sample` is a content with one of everything to try templates with.
    """

    mark: str
    heading: Callable[[Period], str]
    content: type[BaseModel]
    printed: Callable[[dict[str, Any]], dict[str, Any]]
    sample: Callable[[], BaseModel]
    word: Path
    pdf: Path


@dataclass(frozen=True, slots=True)
class IssueKind:
    """A series of issues: its periods, what writes an issue's content, and the rules that content rests on.

    `content` reads from one snapshot; what it returns must depend on nothing else. It raises `NotSettled` where what it
    rests on is still to come. `title` is given the period and the number.

    Of `rules` the version of the period's last day holds, of `rules_from_the_first_day` that of its first.
    """

    code: str
    label: str
    period: PeriodKind
    content: Callable[[Connection, Period], BaseModel]
    title: Callable[[Period, int], str]
    rules: tuple[RuleKind[Any], ...] = ()
    rules_from_the_first_day: tuple[RuleKind[Any], ...] = ()
    paper: Paper | None = None

    def ruling(self, connection: Connection, period: Period) -> dict[str, int]:
        """Which version of each rule holds for an issue of that period."""
        days = ((period.end, self.rules), (period.start, self.rules_from_the_first_day))
        return {rule.code: in_force(connection, rule, day).number for day, of_day in days for rule in of_day}


class NotSettled(Conflict):
    code = "not_settled"
    message = "该期间的周报尚未截止，迟报、漏报还未确定，不能发布"
    english = "The reports of that period are still awaited: who is late is not known yet."


class NoSeries(NotFound):
    message = "没有这种期刊"
    english = "There is no such series."


KINDS: dict[str, IssueKind] = {}


def declare(kind: IssueKind) -> IssueKind:
    """Make a series known."""
    if kind.code in KINDS:
        raise ValueError(f"series {kind.code} is declared twice")
    KINDS[kind.code] = kind
    return kind


def kind_of(code: str, kinds: Mapping[str, IssueKind] = KINDS) -> IssueKind:
    """The declared series; else 404."""
    if code not in kinds:
        raise NoSeries
    return kinds[code]
