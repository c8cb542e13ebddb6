"""Lines of the funds ledger for tests; the project's total follows."""

from datetime import date

from sqlalchemy.orm import Session

from app.facts.funds import service
from app.facts.funds.models import FundEntry, FundKind, FundSource, FundState
from app.facts.projects.models import Project
from app.kernel import calendar


def make_fund(
    db: Session,
    project: Project,
    amount_fen: int = 1_000_000_00,
    arrived_on: date = date(2020, 9, 30),
    *,
    source: FundSource | str = FundSource.OUTSIDE_CITY,
    kind: FundKind | str = FundKind.EQUITY,
    state: FundState | str = FundState.RECOGNISED,
    reverses_id: int | None = None,
) -> FundEntry:
    """Money that arrived for the project: 100万元 unless told otherwise."""
    entry = FundEntry(
        project_id=project.id, arrived_on=arrived_on, amount_fen=amount_fen, source=FundSource(source),
        kind=FundKind(kind), currency="CNY", state=FundState(state), reverses_id=reverses_id,
        entered_at=calendar.now(), entered_by=0,
    )  # fmt: skip
    db.add(entry)
    service.derive(db, project)
    return entry
