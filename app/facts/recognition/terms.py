"""The states of an entry in a ledger and their Chinese labels."""

from enum import StrEnum


class EntryState(StrEnum):
    """Only `recognised` entries count; a reversal is a recognised entry of its own, with the opposite amount."""

    DECLARED = "declared"
    RECOGNISED = "recognised"
    REJECTED = "rejected"


ENTRY_STATE_LABELS = {
    EntryState.DECLARED: "已申报",
    EntryState.RECOGNISED: "已认定",
    EntryState.REJECTED: "已退回",
}
