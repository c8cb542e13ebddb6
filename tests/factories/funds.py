"""Lines of the funds ledger for tests; the project's total follows."""

from datetime import date

from sqlalchemy.orm import Session

from app.facts.evidence import service as papers
from app.facts.evidence.models import Evidence
from app.facts.evidence.terms import Book
from app.facts.funds import service
from app.facts.funds.models import FundEntry, FundKind, FundSource
from app.facts.projects.models import Project
from app.facts.recognition.terms import EntryState
from app.kernel import calendar


def make_fund(
    db: Session,
    project: Project,
    amount_fen: int = 1_000_000_00,
    arrived_on: date = date(2020, 9, 30),
    *,
    source: FundSource | str = FundSource.OUTSIDE_CITY,
    kind: FundKind | str = FundKind.EQUITY,
    state: EntryState | str = EntryState.RECOGNISED,
    reverses_id: int | None = None,
    entered_by: int = 0,
    imported: bool = False,
    evidence: tuple[Evidence, ...] = (),
) -> FundEntry:
    """Money that arrived for the project: 100万元, recognised, unless told otherwise."""
    entry = FundEntry(
        project_id=project.id, arrived_on=arrived_on, amount_fen=amount_fen, source=FundSource(source),
        kind=FundKind(kind), currency="CNY", state=EntryState(state), reverses_id=reverses_id,
        entered_at=calendar.now(), entered_by=entered_by, imported=imported,
    )  # fmt: skip
    db.add(entry)
    db.flush()
    papers.rely(db, project, Book.FUND, entry.id, evidence)
    service.derive(db, project)
    return entry
