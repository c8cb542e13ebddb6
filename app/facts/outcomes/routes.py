from typing import Annotated

from fastapi import Path, Response

from app.facts.outcomes import queries, service
from app.facts.outcomes.ledger import OUTCOMES, NoOutcome
from app.facts.outcomes.schemas import InvestmentProgressOut, OutcomeIn, OutcomeList, OutcomeOut
from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.facts.recognition import service as entries
from app.facts.recognition.schemas import EntryRejectIn, PapersIn, RecogniseIn, ReverseIn
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import Invalid, raises
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("outcomes")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Declarer = Annotated[Actor, requires(Permission.OUTCOME_DECLARE)]
Recogniser = Annotated[Actor, requires(Permission.OUTCOME_RECOGNISE)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
OutcomeId = Annotated[int, Path(description="成效记录号", ge=1, le=2**63 - 1, examples=[12])]

JUDGED = (NoProject, NoOutcome, entries.SamePerson, Invalid)


@router.get(
    "/projects/{code}/outcomes", summary="项目的实际成效", response_model=OutcomeList, responses=raises(NoProject)
)
async def list_outcomes(read: Reader, code: Code) -> Response:
    """The project's ledger of outcomes by date, and what was recognised and what waits, by kind.

    Declared and rejected entries and reversals are lines of their own. Each line shows its evidence and what the rule
    still asks for.
    """
    return await read.answer(queries.of_project, code)


@router.get(
    "/projects/{code}/progress",
    summary="项目的投资进度",
    response_model=InvestmentProgressOut,
    responses=raises(NoProject),
)
async def get_progress(read: Reader, code: Code) -> Response:
    """Recognised fixed-asset investment month by month, added up, and as a share of the planned total investment."""
    return await read.answer(queries.progress, code)


@router.post(
    "/projects/{code}/outcomes",
    summary="申报实际成效",
    status_code=201,
    response_model=OutcomeOut,
    responses=raises(NoProject, NotYours, service.PeriodTaken, Invalid),
)
def declare_outcome(code: Code, body: OutcomeIn, db: Db, actor: Declarer) -> Response:
    """Declare what came about in a period: an amount, or persons for jobs. It counts on the period's last day.

    It counts once another person has recognised it, on the evidence that the rule of that day asks for. A period takes
    one entry of a kind: what was wrong is rejected or reversed first.
    """
    project, entry = service.declare(db, actor, code, body)
    return saved(db, queries.out(db, actor, entry), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/outcomes/{outcome_id}/evidence",
    summary="补充实际成效的材料",
    response_model=OutcomeOut,
    responses=raises(NoProject, NotYours, NoOutcome, entries.NeedsNothing, Invalid),
)
def add_outcome_evidence(code: Code, outcome_id: OutcomeId, body: PapersIn, db: Db, actor: Declarer) -> Response:
    """Let an entry rest on further evidence of its project, also after it was recognised."""
    project, entry = entries.add_papers(db, actor, OUTCOMES, code, outcome_id, body)
    return saved(db, queries.out(db, actor, entry), row_version=project.version)


@router.post(
    "/projects/{code}/outcomes/{outcome_id}/recognise",
    summary="认定实际成效",
    response_model=OutcomeOut,
    responses=raises(*JUDGED, entries.NotDeclared, entries.EvidenceMissing, entries.EvidenceShared),
)
def recognise_outcome(code: Code, outcome_id: OutcomeId, body: RecogniseIn, db: Db, actor: Recogniser) -> Response:
    """Let a declared entry count. Never by the person who declared it.

    409 `evidence_missing` lists what the rule still asks for; 409 `evidence_shared` lists other entries of the same
    kind that rest on the very same file, until `shared_reason` says why both are true. Where the period is closed by
    now, the entry counts on the first open day after it.
    """
    project, entry = entries.recognise(db, actor, OUTCOMES, code, outcome_id, body)
    return saved(db, queries.out(db, actor, entry), row_version=project.version)


@router.post(
    "/projects/{code}/outcomes/{outcome_id}/reject",
    summary="退回实际成效",
    response_model=OutcomeOut,
    responses=raises(*JUDGED, entries.NotDeclared),
)
def reject_outcome(code: Code, outcome_id: OutcomeId, body: EntryRejectIn, db: Db, actor: Recogniser) -> Response:
    """Send a declared entry back with a reason. It stays visible, and may be declared anew. Never by its declarer."""
    project, entry = entries.reject(db, actor, OUTCOMES, code, outcome_id, body)
    return saved(db, queries.out(db, actor, entry), row_version=project.version)


@router.post(
    "/projects/{code}/outcomes/{outcome_id}/reverse",
    summary="冲销实际成效",
    status_code=201,
    response_model=OutcomeOut,
    responses=raises(*JUDGED, entries.AlreadyReversed, entries.IsReversal, entries.NotRecognised, PeriodLocked),
)
def reverse_outcome(code: Code, outcome_id: OutcomeId, body: ReverseIn, db: Db, actor: Recogniser) -> Response:
    """Take a recognised entry back by a new one with the opposite amount, once. Never by the one who declared it.

    By default it counts on `on`, or today. With `restate` it counts on the original's own date: the entry was never
    true, and its period is restated.
    """
    project, reversal = entries.reverse(db, actor, OUTCOMES, code, outcome_id, body)
    return saved(db, queries.out(db, actor, reversal), status=201, row_version=project.version)
