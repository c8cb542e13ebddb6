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
        if not project.refused:
            _settle(draft, matches[id(project)], made.firms)
        else:
            _look_up(draft, matches[id(project)])
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
    return Draft(known, row, record, project)


def _deal_out(
    reading: Reading, known: Known, drafts: dict[int, Draft], loose: dict[int, Draft], made: Plan
) -> None:  # fmt: skip
    """Give every row of papers and funds to its project: of the file, or of the database alone."""
    for kind in ("agreements", "funds"):
        for row in reading.rows("agreements" if kind == "agreements" else "funds"):
            owner = reading.owners.get((row.sheet, row.number))
            draft = drafts[id(owner)] if owner is not None else None
            if draft is None and not row.refused:
                project_id = owner_of(known, row)
                if project_id is None:
                    _homeless(row, made)
                    continue
                draft = loose.get(project_id)
                if draft is None:
                    draft = loose[project_id] = _draft(known, None, project_id)
            if draft is None:
                made.results[row.sheet, row.number] = RowResult(Outcome.REFUSED)
                continue
            (draft.agreement_rows if kind == "agreements" else draft.fund_rows).append(row)
            draft.result(row)


def _homeless(row: RowReading, made: Plan) -> None:
    name = "name" if "name" in row.values else "code"
    reason = "台账和系统中都没有这个项目，或者有多个同名项目；请填写项目编号，或先在“项目台账”表登记"
    made.results[row.sheet, row.number] = RowResult(
        Outcome.REFUSED, findings=[row.finding("refused", name, "project_unknown", reason)]
    )


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
        # Last, so that no enterprise is entered for a project that is not.
        if not draft.refused:
            firms.invest(draft, known_firms)
    if draft.record is not None and draft.row["archived_on"] is not None:
        _archived(draft)


def _look_up(draft: Draft, match: Match) -> None:
    """What else is wrong with a project that reading refused: everything is told in one round."""
    records.fill(draft, match)
    for result in draft.results.values():  # warnings would speak of values that were only not read
        result.findings = [finding for finding in result.findings if finding.level == "refused"]


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
    if changed or parts - {"papers", "entries"} or draft.gaps:
        draft.refuse(None, "archived", "项目已归档，须先在系统中取消归档")


def _conclude(reading: Reading, made: Plan) -> None:
    """What came of each row, once it is known what came of its project."""
    for draft in made.drafts:
        draft.weigh()
        if draft.touched and not draft.refused:
            made.accepted.append(draft)
        detail = [*draft.agreement_rows, *draft.fund_rows]
        if draft.refused:
            for row in detail:
                result = draft.result(row)
                if result.outcome is not Outcome.REFUSED and not row.refused:
                    result.findings.append(
                        row.finding("refused", None, "project_refused", "所属项目的台账行被拒绝，本行未写入")
                    )
                result.outcome = Outcome.REFUSED
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
            if draft.refused and not _at_fault(draft, row):
                fault = next(each for each in main if _at_fault(draft, each))
                reason = f"同一项目在{fault.where()}的一行被拒绝，本行未写入"
                result.findings.append(row.finding("refused", None, "project_refused", reason))
        made.results.update(draft.results)
    for sheet in reading.sheets:
        for row in sheet.rows:
            result = made.results.setdefault((row.sheet, row.number), RowResult(Outcome.REFUSED))
            if row.refused:
                result.outcome = Outcome.REFUSED


def _at_fault(draft: Draft, row: RowReading) -> bool:
    """Whether something is wrong with this very row, not only with another one of its project."""
    told = findings_of(row, draft.result(row))
    return any(finding.level == "refused" and finding.code != "project_refused" for finding in told)


def findings_of(row: RowReading, result: RowResult) -> Sequence[Finding]:
    """Everything to tell of a row: what reading found and what planning did."""
    return [*row.findings, *result.findings]
