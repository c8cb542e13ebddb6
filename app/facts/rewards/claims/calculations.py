"""What claims come to by the facts of today: computed for any number of them in a constant number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.orm import Session

from app.facts.rewards.claims.models import Claim, ClaimShare
from app.facts.rewards.claims.terms import ClaimState
from app.facts.rewards.leads.models import Lead
from app.facts.rewards.policies.bases import bases_of
from app.facts.rewards.policies.calculation import Bases, Calculation, calculate, said_condition, split
from app.facts.rewards.policies.rules import REWARD_POLICIES, Ruling, applying
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.terms import ProviderKind
from app.facts.rewards.rules import PROCEDURE, RewardProcedure, TaxClass, taxed
from app.kernel import rules
from app.kernel.rules import ruling

Reader = Connection | Session

GRANTED = or_(
    Claim.state.in_([ClaimState.APPROVED, ClaimState.PAID]), Claim.frozen_from == ClaimState.APPROVED
)  # fmt: skip
"""Claims that an approval stands for; what was clawed back is what is still paid."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one provider of a claim gets, in fen."""

    provider: int
    percent: str
    tax: str
    gross_fen: int
    taxable_fen: int
    withheld_fen: int

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.withheld_fen


@dataclass(frozen=True, slots=True)
class Figures:
    """What a claim comes to, by which versions, shared out; `bases` are what it was computed from."""

    policy: Ruling
    tax_rule: str
    calculation: Calculation
    bases: Bases
    shares: tuple[Share, ...]

    @property
    def rule(self) -> str:
        return f"{REWARD_POLICIES.code}/{self.policy.number}"

    @property
    def totals(self) -> tuple[int, int, int, int]:
        """Gross, taxable, withheld, net. Two calculations with the same totals do not differ for anyone."""
        gross = sum(share.gross_fen for share in self.shares)
        withheld = sum(share.withheld_fen for share in self.shares)
        return gross, sum(share.taxable_fen for share in self.shares), withheld, gross - withheld

    def body(self) -> dict[str, Any]:
        """As it is kept."""
        found, policy = self.calculation, self.policy.policy
        return {
            "policy": policy.code,
            "label": policy.label,
            "basis": policy.basis,
            "option": found.option,
            "base": found.base.value,
            "quantity": found.quantity,
            "lines": [list(line) for line in found.lines],
            "instalments": [
                {
                    "label": part.label,
                    "condition": part.condition.model_dump(mode="json"),
                    "said": said_condition(part.condition),
                    "fen": part.fen,
                }
                for part in found.instalments
            ],
            "shares": [
                {
                    "provider": share.provider, "percent": share.percent, "tax": share.tax, "gross": share.gross_fen,
                    "taxable": share.taxable_fen, "withheld": share.withheld_fen, "net": share.net_fen,
                }
                for share in self.shares
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What a claim is computed from, beside the facts: of one that is there, or of one to be."""

    id: int | None
    project_id: int
    registered_on: date
    policy: str
    choice: str | None
    met_on: date | None
    fund: str
    year: int
    percents: Mapping[int, str]
    kinds: Mapping[int, ProviderKind] = field(default_factory=dict)


def asked_of(db: Reader, claim_ids: Sequence[int]) -> list[Asked]:
    """What these claims are computed from, in two statements for every 10,000 of them."""
    found = []
    for start in range(0, len(claim_ids), 10_000):
        ids = claim_ids[start : start + 10_000]
        shares: dict[int, list[Any]] = defaultdict(list)
        for row in db.execute(
            select(ClaimShare.claim_id, ClaimShare.provider_id, ClaimShare.percent, LeadProvider.kind)
            .join(LeadProvider, LeadProvider.id == ClaimShare.provider_id)
            .where(ClaimShare.claim_id.in_(ids))
            .order_by(ClaimShare.claim_id, ClaimShare.id)
        ):
            shares[row.claim_id].append(row)
        rows = db.execute(
            select(
                Claim.id, Claim.project_id, Claim.policy, Claim.choice, Claim.met_on, Claim.fund, Claim.year,
                Lead.registered_on,
            )
            .join(Lead, Lead.id == Claim.lead_id)
            .where(Claim.id.in_(ids))
            .order_by(Claim.id)
        )  # fmt: skip
        found += [
            Asked(
                row.id, row.project_id, row.registered_on, row.policy, row.choice, row.met_on, row.fund, row.year,
                {share.provider_id: share.percent for share in shares[row.id]},
                {share.provider_id: share.kind for share in shares[row.id]},
            )
            for row in rows
        ]  # fmt: skip
    return found


def current(db: Reader, asked: Iterable[Asked], as_of: date) -> list[Figures | None]:
    """What each comes to by the facts of a day; None where no policy of that code applies to it any more."""
    wanted = list(asked)
    policies, procedures = rules.versions(db, REWARD_POLICIES), rules.versions(db, PROCEDURE)
    procedure = ruling(procedures, as_of)
    bases = bases_of(db, {one.project_id for one in wanted}, as_of)
    granted = _granted(db)
    found: list[Figures | None] = []
    for one in wanted:
        policy = applying(policies, one.policy, one.registered_on, one.met_on)
        if policy is None:
            found.append(None)
            continue
        result = calculate(
            policy.policy, bases[one.project_id], choice=one.choice,
            granted_in_year_fen=granted.before(one, in_fund=False), granted_from_fund_fen=granted.before(one),
        )  # fmt: skip
        taxes = {who: tax_of(procedure.body, kind) for who, kind in one.kinds.items()}
        shares = shared(result, one.percents, taxes)
        found.append(Figures(policy, f"{PROCEDURE.code}/{procedure.number}", result, bases[one.project_id], shares))
    return found


def tax_of(procedure: RewardProcedure, kind: ProviderKind) -> TaxClass:
    """How a provider of this kind is taxed."""
    return procedure.person if kind is ProviderKind.PERSON else procedure.organisation


def shared(found: Calculation, percents: Mapping[int, str], taxes: Mapping[int, TaxClass]) -> tuple[Share, ...]:
    """What each provider gets of all instalments together, taxed as they are paid, one by one."""
    rows = matrix([part.fen for part in found.instalments], percents)
    shares = []
    for provider, percent in percents.items():
        pieces = [row[provider] for row in rows]
        taxed_pieces = [taxed(taxes[provider], piece) for piece in pieces]
        shares.append(
            Share(
                provider, percent, taxes[provider].label, sum(pieces), sum(taxable for taxable, _ in taxed_pieces),
                sum(withheld for _, withheld in taxed_pieces),
            )
        )  # fmt: skip
    return tuple(shares)


def matrix(instalments: Sequence[int], percents: Mapping[int, str]) -> list[dict[int, int]]:
    """Who gets how much of each instalment: each adds up to its sum, and all of a provider to his share of the total.

    The last instalment takes what rounding left over; where it is too small for that, it is split like the others.
    """
    shares = {provider: Decimal(percent) for provider, percent in percents.items()}
    rows = [split(fen, shares) for fen in instalments]
    whole = split(sum(instalments), shares)
    last = {who: whole[who] - sum(row[who] for row in rows[:-1]) for who in shares}
    if min(last.values()) >= 0:
        rows[-1] = last
    return rows


@dataclass(frozen=True, slots=True)
class _Grants:
    """What was granted: by policy and year, by policy and fund, and each claim's own part of it."""

    in_year: Mapping[tuple[str, int], int]
    from_fund: Mapping[tuple[str, str], int]
    own: Mapping[int, int]

    def before(self, asked: Asked, *, in_fund: bool = True) -> int:
        """What others were granted by the same policy in the year, or from the fund."""
        if in_fund:
            total = self.from_fund.get((asked.policy, asked.fund), 0)
        else:
            total = self.in_year.get((asked.policy, asked.year), 0)
        return total - (self.own.get(asked.id, 0) if asked.id is not None else 0)


def _granted(db: Reader) -> _Grants:
    in_year: dict[tuple[str, int], int] = defaultdict(int)
    from_fund: dict[tuple[str, str], int] = defaultdict(int)
    own: dict[int, int] = {}
    granted = select(Claim.id, Claim.policy, Claim.year, Claim.fund, Claim.gross_fen).where(GRANTED)
    for row in db.execute(granted):
        in_year[row.policy, row.year] += row.gross_fen
        from_fund[row.policy, row.fund] += row.gross_fen
        own[row.id] = row.gross_fen
    kept = select(Claim.policy, Claim.year, Claim.fund, func.sum(Claim.paid_fen).label("paid")).where(
        Claim.state == ClaimState.CLAWED_BACK
    )
    for left in db.execute(kept.group_by(Claim.policy, Claim.year, Claim.fund)):
        in_year[left.policy, left.year] += int(left.paid)
        from_fund[left.policy, left.fund] += int(left.paid)
    return _Grants(in_year, from_fund, own)
