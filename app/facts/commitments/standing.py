"""How clauses stand on a day: read in a few statements whatever their number, judged by the pure function of `judging`.

Also what figures ask for, kept beside each clause: `refresh`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select
from sqlalchemy.orm import Session

from app.facts.agreements.models import Agreement
from app.facts.commitments.judging import Clause, Done, Facts, Judged, Set, judge
from app.facts.commitments.models import Commitment, CommitmentDelivery, CommitmentPayment, CommitmentSetting
from app.facts.commitments.terms import ClauseState, Measure, Party, PaymentState, Reached
from app.facts.funds.models import FundEntry
from app.facts.outcomes.models import Outcome
from app.facts.projects.models import Project
from app.facts.projects.queries import visible
from app.facts.projects.terms import STAGES
from app.facts.recognition.terms import EntryState
from app.identity.periods.closures import Closed, hold
from app.kernel import calendar
from app.kernel.access import Actor

Reader = Connection | Session
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A clause, what it is filtered and sorted by, and how it stands."""

    id: int
    project: int
    agreement: int
    agreement_type: str
    signed_on: date
    party: Party
    unit: int | None
    enterprise: int | None
    clause: Clause
    judged: Judged

    @property
    def place(self) -> tuple[int, str, int]:
        """Where it stands in lists: the longest overdue first, then those due first; those without a day last."""
        due = self.judged.due_on
        late = self.judged.days_overdue if self.judged.state is ClauseState.OVERDUE else 0
        return -late, "9999-12-31" if due is None else due.isoformat(), self.id


_STAGES = [(stage, f"{stage}_on") for stage in STAGES]
_CLAUSES = (
    select(
        *(column for column in Commitment.__table__.c if column.name not in ("text", "note")),
        Agreement.signed_on,
        Agreement.type.label("agreement_type"),
        Agreement.voided_reason.label("agreement_void"),
        *(getattr(Project, column) for _, column in _STAGES if column != "signed_on"),
        Project.signed_on.label("project_signed_on"),
        Project.ended_on,
        Project.land_mu,
        Project.enterprise_id,
    )
    .select_from(Commitment)
    .join(Agreement, Agreement.id == Commitment.agreement_id)
    .join(Project, Project.id == Commitment.project_id)
)


def standings(db: Reader, actor: Actor, day: date, *conditions: ColumnElement[bool]) -> list[Standing]:
    """Every clause signed by the day of the projects that the actor may see; conditions look at the project."""
    rows = db.execute(_CLAUSES.where(visible(actor), *conditions).order_by(Commitment.project_id, Commitment.id)).all()
    chosen = select(Project.id).where(visible(actor), *conditions)
    found: list[Standing] = []
    for rows_of_one, facts in _by_project(db, rows, chosen):
        clauses = [_clause(row) for row in rows_of_one]
        judged = judge(clauses, facts, day)
        found += [
            Standing(
                row.id, row.project_id, row.agreement_id, row.agreement_type, row.signed_on, row.party, row.unit_id,
                row.enterprise_id, clause, judged[clause.id],
            )
            for row, clause in zip(rows_of_one, clauses, strict=True)
            if clause.signed_on <= day
        ]  # fmt: skip
    return found


def of_project(db: Session, project_id: int, day: date) -> tuple[dict[int, Clause], Facts, dict[int, Judged]]:
    """The clauses of one project, its facts, and how they stand on a day; sight is the caller's business."""
    db.flush()
    rows = db.execute(_CLAUSES.where(Commitment.project_id == project_id).order_by(Commitment.id)).all()
    chosen = select(Project.id).where(Project.id == project_id)
    for rows_of_one, facts in _by_project(db, rows, chosen):
        clauses = {row.id: _clause(row) for row in rows_of_one}
        return clauses, facts, judge(clauses.values(), facts, day)
    return {}, Facts(), {}


def _clause(row: Any) -> Clause:
    void = row.voided_reason
    if void is None and row.agreement_void is not None:
        void = f"所属协议已作废：{row.agreement_void}"
    measure = row.kind.measure
    promised = {Measure.PERSONS: row.persons, Measure.AREA: row.area_mu}.get(measure, row.amount_fen)
    needed = row.condition_persons if row.condition_measure is Reached.JOBS else row.condition_fen
    return Clause(
        row.id, row.kind, row.signed_on, promised, row.due_on, row.due_after, row.due_count or 0,
        row.due_span, row.due_clause_id, row.condition, row.condition_stage, row.condition_clause_id,
        row.condition_measure, needed or 0, row.survives_end, row.replaces_id, void,
    )  # fmt: skip


def _by_project(
    db: Reader, rows: Sequence[Any], chosen: Select[Any]
) -> Iterable[tuple[list[Any], Facts]]:  # fmt: skip
    """The rows of each project with its facts: five statements for all projects."""
    if not rows:
        return
    with_clauses = chosen.where(Project.id.in_(select(Commitment.project_id)))
    reached: dict[int, dict[Reached, list[Done]]] = defaultdict(lambda: defaultdict(list))
    outcomes = select(
        Outcome.project_id, Outcome.kind, Outcome.happened_on, Outcome.starts_on, Outcome.amount_fen, Outcome.persons
    ).where(Outcome.state == EntryState.RECOGNISED, Outcome.project_id.in_(with_clauses))
    for row in db.execute(outcomes.order_by(Outcome.id)):
        quantity = row.persons if row.amount_fen is None else row.amount_fen
        reached[row.project_id][Reached(row.kind.value)].append(Done(row.happened_on, quantity, row.starts_on.year))
    funds = select(FundEntry.project_id, FundEntry.arrived_on, FundEntry.amount_fen).where(
        FundEntry.state == EntryState.RECOGNISED, FundEntry.project_id.in_(with_clauses)
    )
    for project_id, arrived_on, amount_fen in db.execute(funds.order_by(FundEntry.id)):
        reached[project_id][Reached.FUNDS].append(Done(arrived_on, amount_fen))
    done, settings = _done(db, with_clauses), _settings(db, with_clauses)
    of_one: dict[int, list[Any]] = {}
    for row in rows:
        of_one.setdefault(row.project_id, []).append(row)
    for project_id, several in of_one.items():
        row = several[0]
        stages = {
            stage: on
            for stage, column in _STAGES
            if (on := row.project_signed_on if column == "signed_on" else getattr(row, column)) is not None
        }
        yield several, Facts(stages, reached.get(project_id, {}), row.land_mu, row.ended_on, done, settings)


def _done(db: Reader, chosen: Select[Any]) -> dict[int, list[Done]]:
    """What was paid or delivered, by clause."""
    done: dict[int, list[Done]] = defaultdict(list)
    paid = select(CommitmentPayment.commitment_id, CommitmentPayment.paid_on, CommitmentPayment.amount_fen).where(
        CommitmentPayment.state == PaymentState.PAID, CommitmentPayment.project_id.in_(chosen)
    )
    for number, paid_on, amount_fen in db.execute(paid.order_by(CommitmentPayment.paid_on, CommitmentPayment.id)):
        assert paid_on is not None
        done[number].append(Done(paid_on, amount_fen))
    percent: dict[int, int] = {}
    delivered = select(
        CommitmentDelivery.commitment_id, CommitmentDelivery.on, CommitmentDelivery.area_mu, CommitmentDelivery.percent
    ).where(CommitmentDelivery.voided_reason.is_(None), CommitmentDelivery.project_id.in_(chosen))
    for row in db.execute(delivered.order_by(CommitmentDelivery.on, CommitmentDelivery.id)):
        if row.percent is None:
            quantity = row.area_mu or 0
        else:
            quantity = row.percent - percent.get(row.commitment_id, 0)
            percent[row.commitment_id] = row.percent
        done[row.commitment_id].append(Done(row.on, quantity))
    return done


def _settings(db: Reader, chosen: Select[Any]) -> dict[int, list[Set]]:
    settings: dict[int, list[Set]] = defaultdict(list)
    query = select(CommitmentSetting.__table__).where(CommitmentSetting.project_id.in_(chosen))
    for row in db.execute(query.order_by(CommitmentSetting.id)):
        settings[row.commitment_id].append(Set(row.state, row.since, row.until, row.reason, row.by_name))
    return settings


# -- what figures ask for ------------------------------------------------------------------------------------------


def refresh(db: Session, *project_ids: int) -> None:
    """Bring the days that figures ask for up to date, after a change of the facts of these projects."""
    db.flush()
    of_these = Commitment.project_id.in_(project_ids)
    clauses = {clause.id: clause for clause in db.scalars(select(Commitment).where(of_these).order_by(Commitment.id))}
    if not clauses:
        return
    closed = hold(db)
    rows = db.execute(_CLAUSES.where(of_these).order_by(Commitment.project_id, Commitment.id)).all()
    today = calendar.today()  # whatever lies ahead is no fact yet
    for rows_of_one, facts in _by_project(db, rows, select(Project.id).where(Project.id.in_(project_ids))):
        for number, judged in judge([_clause(row) for row in rows_of_one], facts, today).items():
            _write(clauses[number], days_of(judged), closed)


Days = Mapping[str, date | None]


def days_of(judged: Judged) -> Days:
    """The days of a clause that figures ask for; a void one has none."""
    void = judged.state in (ClauseState.VOID, ClauseState.REPLACED)
    return {
        "due_by": None if void or judged.met_on is None else judged.due_on,
        "fulfilled_on": None if void else judged.fulfilled_on,
        "closed_on": judged.closed_on,
    }


def _write(clause: Commitment, days: Days, closed: Closed) -> None:
    """What changed counts from the first open day; what stays goes on counting where it did."""
    due, fulfilled, over = days["due_by"], days["fulfilled_on"], days["closed_on"]
    if due != clause.due_by or over != clause.closed_on:
        # What is stopped or waived by its due day is due no more.
        still = due is not None and (over is None or over > due)
        clause.due_counts_on = (closed.deferral(due) or due) if due is not None and still else None
        clause.late_from = closed.stands_from(due + _DAY) if due is not None and still else None
    if fulfilled != clause.fulfilled_on:
        clause.fulfilled_counts_on = None if fulfilled is None else closed.deferral(fulfilled) or fulfilled
    ends = [day for day in (fulfilled, over) if day is not None]
    before = [day for day in (clause.fulfilled_on, clause.closed_on) if day is not None]
    if ends != before:
        clause.late_until = closed.stands_from(min(ends)) if ends else None
    clause.due_by, clause.fulfilled_on, clause.closed_on = due, fulfilled, over
