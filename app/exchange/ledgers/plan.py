"""From a reading and a snapshot to what will be written: pure, so that it can be done again when things have moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.exchange.ledgers import firms, funding, papers, records, stages
from app.exchange.ledgers.drafts import Draft, Place, RowResult
from app.exchange.ledgers.findings import Finding, ProjectReading, Reading, RowReading
from app.exchange.ledgers.firms import Firms
from app.exchange.ledgers.known import Known, Record
from app.exchange.ledgers.matching import Match, owner_of
from app.exchange.ledgers.models import Outcome
from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality, Stage, Status
from app.kernel.bulk import names_of, table_of

BLANK: dict[str, Any] = dict.fromkeys(names_of(table_of(Project))) | {
    "name": "", "stage": Stage.LEAD, "status": Status.ACTIVE, "confidentiality": Confidentiality.OPEN,
    "industry_edition": "2017", "contract_fen": 0, "framework_fen": 0, "funds_fen": 0, "imported": True, "version": 1,
}  # fmt: skip
"""A project before anything is known of it."""

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Plan:
    """What will be written, and what came of each row."""

    known: Known
    drafts: list[Draft] = field(default_factory=list)
    accepted: list[Draft] = field(default_factory=list)  # those that will be written, since something is new
    firms: Firms = None  # type: ignore[assignment]  # set by `plan`
    results: dict[Place, RowResult] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return any(result.outcome is Outcome.REFUSED for result in self.results.values())


def plan(reading: Reading, known: Known, matches: dict[int, Match], progress: Progress | None = None) -> Plan:
    """Plan everything; `matches` comes from `matching.unite`, and the matched records are loaded."""
    made = Plan(known, firms=Firms(known))
    drafts: dict[int, Draft] = {}
    for project in reading.projects:
        match = matches[id(project)]
        drafts[id(project)] = _draft(known, project, match.project_id)
    loose: dict[int, Draft] = {draft.record.id: draft for draft in drafts.values() if draft.record is not None}
    _deal_out(reading, known, drafts, loose, made)
    for done, project in enumerate(reading.projects, start=1):
        draft = drafts[id(project)]
        draft.refused = project.refused
        for row in project.rows:
            draft.result(row)
        _settle(draft, matches[id(project)], made.firms)
        if project.refused or matches[id(project)].refused:
            _sift(draft, project, matches[id(project)])
        if progress and done % 500 == 0:
            progress(done, len(reading.projects))
    mine = {id(draft) for draft in drafts.values()}
    for draft in loose.values():
        if id(draft) not in mine:
            drafts[id(draft)] = draft
            _settle(draft, None, made.firms)
    made.drafts = list(drafts.values())
    _conclude(reading, made)
    return made


def _draft(known: Known, project: ProjectReading | None, project_id: int | None) -> Draft:
    record: Record | None = known.records[project_id] if project_id is not None else None
    row = dict(BLANK) if record is None else dict(record.row)
    by_hand = {} if record is None else known.edits.get(record.id, {})
    return Draft(known, row, record, project, by_hand=by_hand)


def _deal_out(
    reading: Reading, known: Known, drafts: dict[int, Draft], loose: dict[int, Draft], made: Plan
) -> None:  # fmt: skip
    """Give every row of papers and funds to its project: of the file, or of the database alone."""
    for kind in ("agreements", "funds"):
        for row in reading.rows("agreements" if kind == "agreements" else "funds"):
            owner = reading.owners.get((row.sheet, row.number))
            draft = drafts[id(owner)] if owner is not None else None
            if draft is None:
                project_id = owner_of(known, row)
                if project_id is None:
                    _homeless(row, made)
                    continue
                draft = loose.get(project_id)
                if draft is None:
                    draft = loose[project_id] = _draft(known, None, project_id)
            (draft.agreement_rows if kind == "agreements" else draft.fund_rows).append(row)
            draft.result(row)


def _homeless(row: RowReading, made: Plan) -> None:
    result = made.results[row.sheet, row.number] = RowResult(Outcome.REFUSED)
    unread = any(finding.level == "refused" and finding.field in _NAMES for finding in row.findings)
    if unread or row.values.keys().isdisjoint(_NAMES):
        return  # what it is called is not written, could not be read, or means several
    name = "name" if "name" in row.values else "code"
    reason = "台账和系统中都没有这个项目，或者有多个同名项目；请填写项目编号，或先在“项目台账”表登记"
    result.findings.append(row.finding("refused", name, "project_unknown", reason))


def _settle(draft: Draft, match: Match | None, known_firms: Firms) -> None:
    """Everything about one project, in the order in which one thing follows from another."""
    if match is not None:
        records.fill(draft, match)
    papers.sign(draft)
    funding.pay(draft)
    if match is not None and draft.reading is not None:
        stages.advance(draft)
        if draft.new:
            _book(draft)
        firms.check(draft)
        # Last, so that no enterprise is entered for a project that is not.
        if not draft.refused:
            firms.invest(draft, known_firms)
    if draft.record is not None and draft.row["archived_on"] is not None:
        _archived(draft)


_NAMES = frozenset({"name", "code"})
_CONTRACT = frozenset({"signed_on", "contract_amount", "contract_no"})
_FRAMEWORK = frozenset({"framework_on", "framework_amount"})
_FUNDS = frozenset({"funds", "funds_on", "funds_by_year"})
_RELIES_ON: dict[str, frozenset[str]] = {
    "contract_missing": _CONTRACT | {"stage"}, "signed_on_missing": _CONTRACT | {"stage"},
    "amount_missing": _CONTRACT, "contract_total_differs": _CONTRACT, "contract_total_mismatch": _CONTRACT,
    "signed_on_mismatch": _CONTRACT, "framework_on_missing": _FRAMEWORK, "framework_total_differs": _FRAMEWORK,
    "framework_total_mismatch": _FRAMEWORK, "framework_on_mismatch": _FRAMEWORK, "agreement": _CONTRACT,
    "agreements": _CONTRACT, "number_taken": _CONTRACT, "funds_fell": _FUNDS, "funds_date_missing": _FUNDS,
    "funds_total_mismatch": _FUNDS,
}  # fmt: skip
"""Refusals that compare fields: the fields that must have been read for them."""


def _sift(draft: Draft, project: ProjectReading, match: Match) -> None:
    """Of a project that is refused everything else is told that is wrong with it, so that one round is enough; but
    not what may only come of what was not read: warnings, and comparisons with it."""
    rows = [*project.rows, *draft.agreement_rows, *draft.fund_rows]
    unread = {f.field for row in rows for f in row.findings if f.level == "refused" and f.field is not None}
    if any(row.refused for row in draft.agreement_rows):
        unread |= _CONTRACT | _FRAMEWORK
    if any(row.refused for row in draft.fund_rows):
        unread |= _FUNDS
    doubtful = match.refused or not unread.isdisjoint(_NAMES) or project.values.keys().isdisjoint(_NAMES)
    main = {(row.sheet, row.number) for row in project.rows}
    for place, result in draft.results.items():
        found = [finding for finding in result.findings if finding.level == "refused"]
        result.findings = []
        for finding in found:
            compares = place in main or finding.code == "agreements"  # rows of papers and funds speak for themselves
            needed = _RELIES_ON.get(finding.code, frozenset()) if compares else frozenset()
            if needed.isdisjoint(unread) and not (doubtful and needed):
                result.findings.append(finding)


def _book(draft: Draft) -> None:
    """The code the ledger gives, or the year in whose books the project gets one."""
    code = draft.value("code")
    row = draft.row
    row["code"] = code or ""
    first = row["signed_on"] or row["framework_on"] or row["lead_on"]
    draft.year = draft.value("entry_year") or (first or row["tracked_from"] or draft.known.today).year


def _archived(draft: Draft) -> None:
    # Papers and funds may follow a project into the archive; its record stands still.
    assert draft.record is not None
    follows = {
        "contract_fen",
        "framework_fen",
        "funds_fen",
        "first_formal_fen",
        "signed_on",
        "signed_deferred_to",
        "framework_on",
    }
    changed = any(draft.row[n] != v for n, v in draft.record.row.items() if n not in follows)
    parts = {*draft.added, *(part for part, _, _ in draft.altered), *(part for part, _ in draft.dropped)}
    if changed or parts - {"papers", "entries", "restatements"} or draft.gaps:
        draft.refuse(None, "archived", "项目已归档，须先在系统中取消归档")


def _conclude(reading: Reading, made: Plan) -> None:
    """What came of each row, once it is known what came of its project."""
    for draft in made.drafts:
        draft.weigh()
        if draft.touched and not draft.refused:
            made.accepted.append(draft)
        main = draft.reading.rows if draft.reading is not None else []
        if draft.refused:
            outcome = Outcome.REFUSED
        elif draft.new:
            outcome = Outcome.CREATED
        else:
            outcome = Outcome.CHANGED if draft.touched else Outcome.UNCHANGED
        for row in main:
            result = draft.result(row)
            result.outcome = outcome
            result.changes = draft.changes if outcome is Outcome.CHANGED else []
        if draft.refused:
            _refuse_all(draft, [*main, *draft.agreement_rows, *draft.fund_rows])
        made.results.update(draft.results)
    for sheet in reading.sheets:
        for row in sheet.rows:
            result = made.results.setdefault((row.sheet, row.number), RowResult(Outcome.REFUSED))
            if row.refused:
                result.outcome = Outcome.REFUSED


def _refuse_all(draft: Draft, rows: Sequence[RowReading]) -> None:
    """Nothing of a refused project is written; a row with which nothing is wrong is told which one is at fault."""
    faults = [row for row in rows if _at_fault(draft, row)]
    for row in rows:
        result = draft.result(row)
        result.outcome = Outcome.REFUSED
        if not any(row is fault for fault in faults):
            reason = f"同一项目在{faults[0].where()}的一行被拒绝，本行未写入"
            result.findings.append(row.finding("refused", None, "project_refused", reason))


def _at_fault(draft: Draft, row: RowReading) -> bool:
    """Whether something is wrong with this very row, not only with another one of its project."""
    told = findings_of(row, draft.result(row))
    return any(finding.level == "refused" and finding.code != "project_refused" for finding in told)


def findings_of(row: RowReading, result: RowResult) -> Sequence[Finding]:
    """Everything to tell of a row: what reading found and what planning did."""
    return [*row.findings, *result.findings]
