"""What is told of an import: how each sheet was understood, what came of each row, and the counts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.exchange.ledgers.drafts import HEADINGS, FieldChange
from app.exchange.ledgers.findings import Finding, Reading, SheetReading
from app.exchange.ledgers.models import Outcome
from app.exchange.ledgers.plan import Plan, findings_of

Body = dict[str, Any]


def rows(reading: Reading, plan: Plan) -> Iterator[tuple[Outcome, bool, int | None, Body]]:
    """Of each row in the order of the file: outcome, whether it is warned of, its project's number, the account."""
    for sheet in reading.sheets:
        for row in sheet.rows:
            result = plan.results[row.sheet, row.number]
            draft = result.draft
            told = findings_of(row, result)
            project: Any = draft.row if draft is not None else {}
            body = {
                "sheet": row.sheet,
                "row": row.number,
                "kind": sheet.kind,
                "outcome": result.outcome.value,
                "code": project.get("code") or row.values.get("code"),
                "name": row.values.get("name") or project.get("name"),
                "changes": [_change(change) for change in result.changes],
                "findings": [finding_out(finding) for finding in told],
            }
            warned = any(finding.level == "warning" for finding in told)
            yield result.outcome, warned, project.get("id"), body


def sheets(reading: Reading) -> list[Body]:
    """How each sheet was understood."""
    return [_sheet(sheet) for sheet in reading.sheets]


def _sheet(sheet: SheetReading) -> Body:
    return {
        "name": sheet.name,
        "kind": sheet.kind,
        "header_rows": list(sheet.header_rows),
        "unit": sheet.money_unit,
        "columns": [
            {
                "column": column.letter,
                "heading": column.heading,
                "field": column.field,
                "meaning": HEADINGS.get(column.field) if column.field else None,
                "unit": column.unit or None,
            }
            for column in sheet.columns
        ],
        "rows": len(sheet.rows),
        "skipped": [{"row": number, "reason": reason} for number, reason in sorted(sheet.skipped.items())],
        "findings": [finding_out(finding) for finding in sheet.findings],
    }


def counts(reading: Reading, plan: Plan) -> Body:
    """How many projects, rows of agreements and of funds had which outcome, and how many enterprises were entered."""
    found: dict[str, Counter[Outcome]] = {"projects": Counter(), "agreements": Counter(), "funds": Counter()}
    for draft in plan.drafts:
        if draft.reading is not None:
            first = draft.reading.rows[0]
            found["projects"][plan.results[first.sheet, first.number].outcome] += 1
    for sheet in reading.sheets:
        if sheet.kind in ("agreements", "funds"):
            found[sheet.kind].update(plan.results[row.sheet, row.number].outcome for row in sheet.rows)
    accepted = plan.accepted
    made = {firm_id for draft in accepted for firm_id in draft.firms if firm_id < 0}
    filled = {firm_id for draft in accepted for firm_id in draft.gaps if firm_id > 0}
    told: Body = {kind: {o.value: counter[o] for o in Outcome} for kind, counter in found.items()}
    return told | {"enterprises": {"created": len(made), "changed": len(filled)}}


def refusals(reading: Reading, plan: Plan) -> int:
    """Everything in the way of writing the whole file: refused rows, and sheets that do not hold together."""
    outcomes = sum(result.outcome is Outcome.REFUSED for result in plan.results.values())
    return outcomes + sum(finding.level == "refused" for sheet in reading.sheets for finding in sheet.findings)


def warnings(reading: Reading, plan: Plan) -> int:
    told = [finding for sheet in reading.sheets for finding in sheet.findings]
    for sheet in reading.sheets:
        for row in sheet.rows:
            told.extend(findings_of(row, plan.results[row.sheet, row.number]))
    return sum(finding.level == "warning" for finding in told)


def finding_out(finding: Finding) -> Body:
    return {
        "level": finding.level,
        "cell": finding.cell or None,
        "field": finding.field,
        "value": finding.value or None,
        "code": finding.code,
        "message": finding.message,
    }


def _change(change: FieldChange) -> Body:
    return {"field": change.field, "heading": change.heading, "from": change.before, "to": change.after}
