"""Policies as they are seen, and tried on projects before they take effect."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, select

from app.facts.projects.models import Project
from app.facts.projects.queries import visible
from app.facts.rewards.policies.bases import bases_of
from app.facts.rewards.policies.calculation import Bases, Calculation, calculate
from app.facts.rewards.policies.rules import REWARD_POLICIES, RewardPolicies
from app.facts.rewards.policies.samples import SAMPLES
from app.facts.rewards.policies.schemas import PoliciesAsked, PolicyTrialIn
from app.kernel import calendar, rules
from app.kernel.access import Actor
from app.kernel.calendar import Period
from app.kernel.errors import Invalid
from app.kernel.rules import RuleVersion

MOST = 200_000
"""Calculations of one trial: some seconds of work."""


def samples(_connection: Connection, _actor: Actor) -> dict[str, Any]:
    return {"version": None, "valid_from": None, **SAMPLES.model_dump(mode="json")}


def in_force(connection: Connection, _actor: Actor, asked: PoliciesAsked) -> dict[str, Any]:
    """The policies that rule on a day."""
    version = rules.in_force(connection, REWARD_POLICIES, asked.on or calendar.today())
    return {"version": version.number, "valid_from": version.valid_from, **version.body.model_dump(mode="json")}


# -- trials --------------------------------------------------------------------------------------------------------


class _Tried(NamedTuple):
    """A project, and by policy what the draft and the version in force give."""

    row: Any
    given: dict[str, tuple[Calculation | None, Calculation | None]]

    @property
    def weight(self) -> tuple[int, int]:
        """What puts it first: how much changes, then how much it gets."""
        pairs = [(_gross(new), _gross(old)) for new, old in self.given.values()]
        return sum(abs(new - old) for new, old in pairs), sum(new for new, _ in pairs)


def trial(connection: Connection, actor: Actor, asked: PolicyTrialIn) -> dict[str, Any]:
    """What policies would give for projects, beside those in force; the projects one may not see are only counted.

    As many statements for one project as for all.
    """
    draft = _draft(connection, asked)
    today = calendar.today()
    known = rules.in_force(connection, REWARD_POLICIES, today)
    as_of = asked.as_of or today
    rows, withheld = _projects(connection, actor, asked)
    labels = {policy.code: policy.label for policy in (*known.body.policies, *draft.policies)}
    if len(rows) * len(labels) > MOST:
        raise Invalid.field("period", "too_many", "一次试算的项目过多，请缩短期间")
    bases = bases_of(connection, [row.id for row in rows], as_of)
    tried = [_Tried(row, _give(draft, known.body, labels, bases[row.id])) for row in rows]
    tried.sort(key=lambda one: one.row.code)
    tried.sort(key=lambda one: one.weight, reverse=True)
    return {
        "as_of": as_of,
        "compared_with": known.number,
        "tried": len(tried),
        "withheld": withheld,
        "totals": _totals(labels, tried),
        "items": [_told(one, asked.explain) for one in tried[: asked.limit]],
    }


def _draft(connection: Connection, asked: PolicyTrialIn) -> RewardPolicies:
    if (asked.body is None) == (asked.version is None):
        raise Invalid.field("body", "one_of", "body 与 version 须且只能填写一项")
    if asked.body is not None:
        return rules.checked(REWARD_POLICIES, asked.body)
    if asked.version == 0:
        return REWARD_POLICIES.shipped
    found = connection.execute(
        select(RuleVersion.body).where(RuleVersion.rule == REWARD_POLICIES.code, RuleVersion.number == asked.version)
    ).scalar_one_or_none()
    if found is None:
        raise Invalid.field("version", "no_version", "没有这个版本")
    return RewardPolicies.model_validate(found)


def _projects(connection: Connection, actor: Actor, asked: PolicyTrialIn) -> tuple[list[Any], int]:
    """The projects the actor may see, and how many more there are. A named one that is not among them is unknown."""
    rows = connection.execute(
        select(
            Project.id, Project.code, Project.name, Project.signed_on, case((visible(actor), 1), else_=0).label("seen")
        ).where(_wanted(asked))
    ).all()
    seen = [row for row in rows if row.seen]
    if asked.projects is None:
        return seen, len(rows) - len(seen)
    there = {row.code for row in seen}
    for number, code in enumerate(asked.projects):
        if code not in there:
            raise Invalid.field(f"projects.{number}", "no_project", "没有这个项目，或您无权查看")
    return seen, 0


def _wanted(asked: PolicyTrialIn) -> ColumnElement[bool]:
    if (asked.period is None) == (asked.projects is None):
        raise Invalid.field("period", "one_of", "period 与 projects 须且只能填写一项")
    if asked.projects is not None:
        return Project.code.in_(asked.projects)
    try:
        period = Period.parse(asked.period or "")
    except ValueError as error:
        raise Invalid.field("period", "period", str(error)) from None
    return Project.signed_on.between(period.start, period.end)


def _give(
    draft: RewardPolicies, known: RewardPolicies, codes: Mapping[str, str], bases: Bases
) -> dict[str, tuple[Calculation | None, Calculation | None]]:
    def under(version: RewardPolicies, code: str) -> Calculation | None:
        policy = version.policy(code)
        return None if policy is None else calculate(policy, bases)

    return {code: (under(draft, code), under(known, code)) for code in codes}


def _gross(given: Calculation | None) -> int:
    return 0 if given is None else given.gross_fen


def _totals(labels: Mapping[str, str], tried: list[_Tried]) -> list[dict[str, Any]]:
    sums: Counter[tuple[str, str]] = Counter()
    for one in tried:
        for code, (new, old) in one.given.items():
            sums[code, "amount"] += _gross(new)
            sums[code, "before"] += _gross(old)
            sums[code, "rewarded"] += _gross(new) > 0
            sums[code, "rewarded_before"] += _gross(old) > 0
    named = ("rewarded", "rewarded_before", "amount", "before")
    return [
        {"policy": code, "label": label, **{name: sums[code, name] for name in named}}
        | {"difference": sums[code, "amount"] - sums[code, "before"]}
        for code, label in labels.items()
    ]


def _told(one: _Tried, explain: bool) -> dict[str, Any]:
    return {
        "project": one.row.code,
        "name": one.row.name,
        "signed_on": one.row.signed_on,
        "amounts": [
            {
                "policy": code,
                "option": None if new is None else new.option,
                "amount": _gross(new),
                "before": _gross(old),
                "difference": _gross(new) - _gross(old),
                "lines": explained(new) if explain else None,
            }
            for code, (new, old) in one.given.items()
        ],
    }


def explained(given: Calculation | None) -> list[dict[str, Any]]:
    """The lines of a calculation as answers show them, money in fen."""
    return [{"kind": line.kind, "text": line.text, "amount": line.fen} for line in given.lines] if given else []
