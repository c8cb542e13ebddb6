from typing import Annotated

from fastapi import Path, Response

from app.facts.funds import queries, service
from app.facts.funds.ledger import FUNDS, NoFund
from app.facts.funds.schemas import FundIn, FundList, FundOut
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

router = api("funds")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Declarer = Annotated[Actor, requires(Permission.FUND_DECLARE)]
Recogniser = Annotated[Actor, requires(Permission.FUND_RECOGNISE)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
FundId = Annotated[int, Path(description="资金记录号", ge=1, le=2**63 - 1, examples=[31])]

JUDGED = (NoProject, NoFund, entries.SamePerson, Invalid)


@router.get("/projects/{code}/funds", summary="项目的到位资金", response_model=FundList, responses=raises(NoProject))
async def list_funds(read: Reader, code: Code) -> Response:
    """The project's ledger of arrived funds by date, with a running total of what was recognised.

    Declared and rejected entries and reversals are lines of their own. Each line shows its evidence and what the rule
    still asks for.
    """
    return await read.answer(queries.of_project, code)


@router.post(
    "/projects/{code}/funds",
    summary="申报到位资金",
    status_code=201,
    response_model=FundOut,
    responses=raises(NoProject, NotYours, Invalid),
)
def declare_fund(code: Code, body: FundIn, db: Db, actor: Declarer) -> Response:
    """Declare money that arrived, in yuan or in a foreign currency with its rate; both are kept.

    It counts once another person has recognised it, on the evidence that the rule of the day it arrived asks for. An
    entry is never changed: a rejected one is declared anew (`follows`), a wrong one that was recognised is reversed.
    """
    project, entry = service.declare(db, actor, code, body)
    return saved(db, queries.out(db, actor, entry), status=201, row_version=project.version)


@router.post(
    "/projects/{code}/funds/{fund_id}/evidence",
    summary="补充到位资金的材料",
    response_model=FundOut,
    responses=raises(NoProject, NotYours, NoFund, entries.NeedsNothing, Invalid),
)
def add_fund_evidence(code: Code, fund_id: FundId, body: PapersIn, db: Db, actor: Declarer) -> Response:
    """Let an entry rest on further evidence of its project, also after it was recognised."""
    project, entry = entries.add_papers(db, actor, FUNDS, code, fund_id, body)
    return saved(db, queries.out(db, actor, entry), row_version=project.version)


@router.post(
    "/projects/{code}/funds/{fund_id}/recognise",
    summary="认定到位资金",
    response_model=FundOut,
    responses=raises(*JUDGED, entries.NotDeclared, entries.EvidenceMissing, entries.EvidenceShared),
)
def recognise_fund(code: Code, fund_id: FundId, body: RecogniseIn, db: Db, actor: Recogniser) -> Response:
    """Let a declared entry count. Never by the person who declared it.

    409 `evidence_missing` lists what the rule still asks for; 409 `evidence_shared` lists other entries that rest on
    the very same file, until `shared_reason` says why both are true. Where the day's period is closed by now, the
    entry counts on the first open day after it.
    """
    project, entry = service.recognise(db, actor, code, fund_id, body)
    return saved(db, queries.out(db, actor, entry), row_version=project.version)


@router.post(
    "/projects/{code}/funds/{fund_id}/reject",
    summary="退回到位资金",
    response_model=FundOut,
    responses=raises(*JUDGED, entries.NotDeclared),
)
def reject_fund(code: Code, fund_id: FundId, body: EntryRejectIn, db: Db, actor: Recogniser) -> Response:
    """Send a declared entry back with a reason. It stays visible, and may be declared anew. Never by its declarer."""
    project, entry = entries.reject(db, actor, FUNDS, code, fund_id, body)
    return saved(db, queries.out(db, actor, entry), row_version=project.version)


@router.post(
    "/projects/{code}/funds/{fund_id}/reverse",
    summary="冲销到位资金",
    status_code=201,
    response_model=FundOut,
    responses=raises(*JUDGED, entries.AlreadyReversed, entries.IsReversal, entries.NotRecognised, PeriodLocked),
)
def reverse_fund(code: Code, fund_id: FundId, body: ReverseIn, db: Db, actor: Recogniser) -> Response:
    """Take a recognised entry back by a new one with the opposite amount, once. Never by the one who declared it.

    By default it counts on the day the money went back (`on`, or today). With `restate` it counts on the
    original's own date: the entry was never true, and its period is restated.
    """
    project, reversal = service.reverse(db, actor, code, fund_id, body)
    return saved(db, queries.out(db, actor, reversal), status=201, row_version=project.version)
