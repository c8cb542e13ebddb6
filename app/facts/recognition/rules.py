"""What papers an entry must rest on before it is recognised: the part of every ledger's rule."""

from collections.abc import Collection
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from app.facts.evidence.terms import EVIDENCE_KIND_LABELS, EvidenceKind


class Demand(BaseModel):
    """The papers that are asked for: each of `all_of` and, where it names some, one of `any_of`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    all_of: tuple[EvidenceKind, ...] = Field((), max_length=10, description="每一种都须有", examples=[["invoice"]])
    any_of: tuple[EvidenceKind, ...] = Field(
        (), max_length=10, description="有其中一种即可", examples=[["capital_verification", "bank_slip"]]
    )
    verified: bool = Field(True, description="true：须已由另一人核验", examples=[True])

    def and_also(self, further: "Demand") -> "Demand":
        """Both; one of `any_of` is asked for by the first only."""
        return Demand(
            all_of=tuple(dict.fromkeys((*self.all_of, *further.all_of, *further.any_of))),
            any_of=self.any_of,
            verified=self.verified or further.verified,
        )


class Lack(NamedTuple):
    """One paper that is missing: any of these kinds would do. `waits`: one is there, but not verified yet."""

    any_of: tuple[EvidenceKind, ...]
    waits: bool

    @property
    def message(self) -> str:
        words = [EVIDENCE_KIND_LABELS[kind] for kind in self.any_of]
        named = words[0] if len(words) == 1 else f"{'、'.join(words[:-1])}或{words[-1]}"
        return f"{named}尚待核验" if self.waits else f"缺{named}"


def lacking(demand: Demand, verified: Collection[EvidenceKind], waiting: Collection[EvidenceKind]) -> list[Lack]:
    """What of a demand is not there, given the kinds of papers that are: believed, and waiting for a second person."""
    good = {*verified} if demand.verified else {*verified, *waiting}
    groups: list[tuple[EvidenceKind, ...]] = [(kind,) for kind in demand.all_of]
    if demand.any_of:
        groups.append(demand.any_of)
    return [Lack(group, not set(group).isdisjoint(waiting)) for group in groups if good.isdisjoint(group)]
