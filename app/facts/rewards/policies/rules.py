"""Reward policies as a rule of the house, and which version of one applies to a project."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from app.facts.rewards.policies.checks import problems
from app.facts.rewards.policies.policy import Policy
from app.facts.rewards.policies.terms import VersionBy
from app.kernel.rules import InForce, RuleKind, declare, ruling


class RewardPolicies(BaseModel):
    """All policies that one version holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policies: tuple[Policy, ...] = Field((), max_length=50, description="全部政策；空为没有奖励政策")

    def policy(self, code: str) -> Policy | None:
        """The policy of that code."""
        return next((policy for policy in self.policies if policy.code == code), None)

    def excluded_by(self, code: str) -> frozenset[str]:
        """The policies that a project cannot have beside this one, whichever of the two says so."""
        own = self.policy(code)
        named = {other.code for other in self.policies if code in other.exclusive_with}
        return frozenset(named.union(own.exclusive_with if own else ()))


REWARD_POLICIES = declare(
    RuleKind(
        "reward_policies",
        "引资人奖励政策",
        RewardPolicies,
        shipped=RewardPolicies(),
        check=lambda body: problems(body.policies, "body.policies"),
    )
)


class Ruling(NamedTuple):
    """A policy, and the number of the version it stands in."""

    number: int
    policy: Policy


def applying(
    versions: Iterable[InForce[RewardPolicies]], code: str, registered_on: date, met_on: date | None = None
) -> Ruling | None:
    """The policy of that code that applies to a lead registered on one day, whose floor was met on another.

    The policy in force when the lead was registered says which of the two days counts; where there was none yet, one
    in force when the floor was met applies if it goes by that day. None where neither is so, or not yet.
    """
    known = list(versions)
    first = _standing(known, code, registered_on)
    if first is not None and first.policy.version_by is VersionBy.LEAD_REGISTERED:
        return first
    met = None if met_on is None else _standing(known, code, met_on)
    if met is None or (first is None and met.policy.version_by is not VersionBy.THRESHOLD_MET):
        return None
    return met


def _standing(versions: list[InForce[RewardPolicies]], code: str, on: date) -> Ruling | None:
    version = ruling(versions, on)
    policy = version.body.policy(code)
    return None if policy is None else Ruling(version.number, policy)
