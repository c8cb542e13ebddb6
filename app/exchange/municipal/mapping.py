"""A payload of ours to what one channel's city wants to read: its fields, its codes, nothing that is withheld."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import PAYLOADS, RecordKind, UnitWeek
from app.kernel.chain import canonical

Spell = Callable[[Mapping[str, Any]], dict[str, Any]]
Codes = Mapping[str, str]


def speller(report: Report, kind: RecordKind) -> Spell:
    """What turns payloads of a kind into what goes out: only fields that the rule lets out, under its names and codes.

    Pure: the same payload is spelled alike by the same rule. What a week says of each unit goes by the names of the
    week: a number that is withheld of the district is not told unit by unit.
    """
    codes = _codes(report)
    withheld = set(report.withheld.get(kind, ()))
    names = report.fields.get(kind) or {name: name for name in PAYLOADS[kind].model_fields}
    plan = [(ours, theirs, codes.get(ours)) for ours, theirs in names.items() if ours not in withheld]

    of_unit = [(ours, theirs) for ours, theirs, _ in plan if ours in UnitWeek.model_fields]

    def spell(payload: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for ours, theirs, words in plan:
            value = payload[ours]
            if ours == "units":
                value = [
                    {"unit": unit["unit"], **{inner: unit[name] for name, inner in of_unit}} for unit in payload[ours]
                ]
            found[theirs] = value if words is None or value is None else words.get(value, value)
        return found

    return spell


def text_of(outgoing: Mapping[str, Any]) -> str:
    """What goes out as canonical JSON: the same content, the same text."""
    return canonical(outgoing).decode()


def digest_of(text: str | None) -> str:
    """The SHA-256 of what goes out, in hexadecimal digits; of a tombstone that of `null`."""
    return hashlib.sha256((text or "null").encode()).hexdigest()


def _codes(report: Report) -> dict[str, Codes]:
    """Field → our code → theirs; `Report` has seen to it that closed lists are whole."""
    maps: dict[str, Mapping[Any, str]] = {
        "stage": report.stages, "status": report.statuses, "sector": report.sectors, "ownership": report.ownerships,
        "district": report.regions, "origin_region": report.regions,
    }  # fmt: skip
    return {field: {str(ours): theirs for ours, theirs in words.items()} for field, words in maps.items() if words}
