"""The sample gates that ship with the house, as plain data: kind × stage → what is asked.

The evidence is what a bureau is asked for by its auditors. A district changes what differs by saving its own version.
A paper of the talks counts as soon as it is handed in; from the contract on a second person must have verified it.
No paper that opens one gate opens a later one too.
"""

from typing import Any


def _field(name: str) -> Any:
    return {"type": "field", "field": name}


def _evidence(*kinds: str, verified: bool = True) -> Any:
    return {"type": "evidence", "any_of": kinds, "verified": verified}


def _review(kind: str, asked_from: str | None = None) -> Any:
    return {"type": "review", "review": kind, "asked_from": asked_from}


_TO_THE_CONTRACT: dict[str, Any] = {
    "lead": [],
    "talk": [_field("channel"), _evidence("talk_record", verified=False)],
    "framework": [
        {"type": "paper", "any_of": ["intent", "framework", "strategic"]},
        _evidence("letter_of_intent", "framework_agreement", verified=False),
    ],
    "signed": [
        _field("enterprise"),
        {"type": "paper", "any_of": ["formal"], "number": True, "amount": True},
        _evidence("contract"),
        _review("due_diligence"),
        _review("legal"),
        # 公平竞争审查条例, in force from that day.
        _review("fair_competition", "2024-08-01"),
    ],
    "registered": [_field("uscc"), _evidence("business_licence")],
}
_APPROVED = [_field("national_code")]
_IN_PRODUCTION: dict[str, Any] = {
    "production": [_evidence("first_sales_invoice", "power_use", "tax_certificate")],
    "full_capacity": [_evidence("capacity_proof")],
}

GATES_OF_ALL_KINDS: dict[str, dict[str, Any]] = {
    "industry_land": {
        **_TO_THE_CONTRACT,
        "approved": _APPROVED,
        "land": [_field("land_mu"), _evidence("deed", "lease_contract")],
        "started": [_evidence("construction_permit", "start_order", "site_photo")],
        "completed": [_evidence("acceptance")],
        **_IN_PRODUCTION,
    },
    # A leased plant has no deed, and starts when the equipment is there.
    "lease": {
        **_TO_THE_CONTRACT,
        "approved": _APPROVED,
        "land": [_evidence("lease_contract")],
        "started": [_evidence("equipment_photo")],
        "completed": [_evidence("acceptance")],
        **_IN_PRODUCTION,
    },
    # Services are not filed as fixed-asset projects.
    "services": {
        **_TO_THE_CONTRACT,
        "land": [_evidence("lease_contract", "deed")],
        "started": [_evidence("construction_permit", "start_order", "site_photo")],
        "completed": [_evidence("acceptance")],
        **_IN_PRODUCTION,
    },
    "agriculture": {
        **_TO_THE_CONTRACT,
        "approved": _APPROVED,
        "land": [_field("land_mu"), _evidence("lease_contract", "deed")],
        "started": [_evidence("construction_permit", "start_order", "site_photo")],
        "completed": [_evidence("acceptance")],
        **_IN_PRODUCTION,
    },
    # A headquarters moves into offices: nothing is filed, built or accepted.
    "headquarters": {
        **_TO_THE_CONTRACT,
        "started": [_evidence("lease_contract", "deed", "site_photo")],
        "production": [_evidence("first_sales_invoice", "tax_certificate", "social_insurance")],
        "full_capacity": [_evidence("capacity_proof")],
    },
    # The plant stands already: it is handed over, not built.
    "revitalisation": {
        **_TO_THE_CONTRACT,
        "approved": _APPROVED,
        "land": [_evidence("deed", "lease_contract")],
        "started": [_evidence("construction_permit", "start_order", "site_photo", "equipment_photo")],
        "completed": [_evidence("acceptance")],
        **_IN_PRODUCTION,
    },
}
