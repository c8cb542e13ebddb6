"""Which papers money must rest on before it counts as arrived."""

from pydantic import BaseModel, ConfigDict, Field

from app.facts.evidence.terms import EvidenceKind
from app.facts.funds.models import FundKind
from app.facts.recognition.rules import Demand
from app.kernel.errors import FieldError
from app.kernel.rules import RuleKind, declare


class FundEvidenceRule(BaseModel):
    """The papers for each kind of money; money that arrived on a day goes by the version in force on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: dict[FundKind, Demand] = Field(
        description="资金性质 → 所需材料；每一种性质都须列出",
        examples=[{"equity": {"any_of": ["capital_verification", "bank_slip"]}}],
    )
    split: Demand = Field(description="资金由多个区县共享时另需的材料", examples=[{"all_of": ["split_certificate"]}])

    def demand(self, kind: str, split: bool) -> Demand:
        """What an entry of this kind must rest on."""
        demand = self.kinds[FundKind(kind)]
        return demand.and_also(self.split) if split else demand


def _check(rule: FundEvidenceRule) -> list[FieldError]:
    missing = [kind for kind in FundKind if kind not in rule.kinds]
    return [
        FieldError(field=f"body.kinds.{kind}", code="missing", message="每一种资金性质都须列出") for kind in missing
    ]


_K = EvidenceKind

FUND_EVIDENCE = declare(
    RuleKind(
        "fund_evidence",
        "到位资金认定材料",
        FundEvidenceRule,
        shipped=FundEvidenceRule(
            kinds={
                FundKind.EQUITY: Demand(any_of=(_K.CAPITAL_VERIFICATION, _K.BANK_SLIP)),
                FundKind.LOAN: Demand(any_of=(_K.BANK_SLIP,)),
                FundKind.EQUIPMENT: Demand(all_of=(_K.INVOICE,)),
                FundKind.LAND: Demand(all_of=(_K.PAYMENT_RECEIPT,)),
                FundKind.OTHER: Demand(any_of=(_K.BANK_SLIP, _K.CAPITAL_VERIFICATION, _K.INVOICE, _K.PAYMENT_RECEIPT)),
            },
            split=Demand(all_of=(_K.SPLIT_CERTIFICATE,)),
        ),
        check=_check,
    )
)
