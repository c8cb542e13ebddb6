"""Lines of the ledger of outcomes for tests."""

from datetime import date

from sqlalchemy.orm import Session

from app.facts.evidence import service as papers
from app.facts.evidence.models import Evidence
from app.facts.evidence.terms import Book
from app.facts.outcomes.models import Outcome
from app.facts.outcomes.terms import OutcomeKind
from app.facts.projects.models import Project
from app.facts.recognition.terms import EntryState
from app.kernel import calendar
from app.kernel.calendar import Period


def make_outcome(
    db: Session,
    project: Project,
    kind: OutcomeKind | str = OutcomeKind.FIXED_ASSET_INVESTMENT,
    quantity: int = 1_000_000_00,
    period: str = "2020-08",
    *,
    state: EntryState | str = EntryState.RECOGNISED,
    reverses_id: int | None = None,
    entered_by: int = 0,
    evidence: tuple[Evidence, ...] = (),
) -> Outcome:
    """What came about in a period (or on a day): fen, or persons for jobs; recognised unless told otherwise."""
    kind = OutcomeKind(kind)
    if kind.periods:
        found = Period.parse(period)
        start, end = found.start, found.end
    else:
        start = end = date.fromisoformat(period)
    entry = Outcome(
        project_id=project.id, kind=kind, period=period, starts_on=start, happened_on=end,
        amount_fen=None if kind.counts_people else quantity, persons=quantity if kind.counts_people else None,
        state=EntryState(state), reverses_id=reverses_id, entered_at=calendar.now(), entered_by=entered_by,
    )  # fmt: skip
    db.add(entry)
    db.flush()
    papers.rely(db, project, Book.OUTCOME, entry.id, evidence)
    return entry
