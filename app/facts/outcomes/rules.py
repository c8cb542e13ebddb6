"""Which papers an outcome must rest on before it counts."""

from pydantic import BaseModel, ConfigDict, Field

from app.facts.evidence.terms import EvidenceKind
from app.facts.outcomes.terms import OutcomeKind
from app.facts.recognition.rules import Demand
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare


class OutcomeEvidenceRule(BaseModel):
    """The papers for each kind of outcome; the version in force on the last day of its period holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: dict[OutcomeKind, Demand] = Field(
        description="成效种类 → 所需材料；每一种都须列出", examples=[{"tax": {"all_of": ["tax_certificate"]}}]
    )

    def demand(self, kind: str) -> Demand:
        """What an entry of this kind must rest on."""
        return self.kinds[OutcomeKind(kind)]


def _check(rule: OutcomeEvidenceRule) -> list[FieldError]:
    missing = [kind for kind in OutcomeKind if kind not in rule.kinds]
    return [FieldError(field=f"body.kinds.{kind}", code="missing", message="每一种成效都须列出") for kind in missing]


_K = EvidenceKind

OUTCOME_EVIDENCE = declare(
    RuleKind(
        "outcome_evidence",
        "实际成效认定材料",
        OutcomeEvidenceRule,
        shipped=OutcomeEvidenceRule(
            kinds={
                OutcomeKind.FIXED_ASSET_INVESTMENT: Demand(any_of=(_K.STATISTICS_REPORT, _K.INVOICE)),
                OutcomeKind.PAID_IN_CAPITAL: Demand(any_of=(_K.CAPITAL_VERIFICATION, _K.BANK_SLIP)),
                OutcomeKind.OUTPUT: Demand(any_of=(_K.STATISTICS_REPORT, _K.TAX_CERTIFICATE)),
                OutcomeKind.TAX: Demand(all_of=(_K.TAX_CERTIFICATE,)),
                OutcomeKind.LOCAL_CONTRIBUTION: Demand(all_of=(_K.TAX_CERTIFICATE,)),
                OutcomeKind.JOBS: Demand(all_of=(_K.SOCIAL_INSURANCE,)),
            }
        ),
        check=_check,
    )
)
