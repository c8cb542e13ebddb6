from typing import Annotated

from fastapi import Path, Response

from app.facts.agreements import counting, queries, service
from app.facts.agreements.schemas import AgreementIn, AgreementList, AgreementOut, AgreementPatch, VoidIn
from app.facts.projects.queries import NoProject
from app.facts.projects.service import NotYours
from app.identity.auth.access import Read, reads, requires
from app.identity.periods.closures import PeriodLocked
from app.kernel.access import Actor, Permission
from app.kernel.db import Db
from app.kernel.errors import IfMatchMissing, Invalid, Stale, raises
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("agreements")

Reader = Annotated[Read, reads(Permission.PROJECT_READ)]
Editor = Annotated[Actor, requires(Permission.AGREEMENT_EDIT)]
Code = Annotated[str, Path(description="项目编号", examples=["500114-2020-0046"], pattern="^[0-9A-Za-z-]{1,20}$")]
AgreementId = Annotated[int, Path(description="合同协议的记录号", ge=1, le=2**63 - 1, examples=[12])]

REFUSED = (
    NoProject, NotYours, Invalid, counting.SupplementWithoutContract, counting.TotalBelowZero, counting.NumberTaken,
    PeriodLocked,
)  # fmt: skip


@router.get(
    "/projects/{code}/agreements",
    summary="项目的合同协议",
    response_model=AgreementList,
    responses=raises(NoProject),
)
async def list_agreements(read: Reader, code: Code) -> Response:
    """All agreements of a project by date, voided ones included, and what those that stand add up to.

    The ETag is the project's: send it as If-Match when correcting one of them.
    """
    return await read.answer(queries.of_project, code)


@router.post(
    "/projects/{code}/agreements",
    summary="登记合同协议",
    status_code=201,
    response_model=AgreementOut,
    responses=raises(*REFUSED),
)
def create_agreement(code: Code, body: AgreementIn, db: Db, actor: Editor) -> Response:
    """Record an agreement that was signed. The project's signing date and amounts follow from its agreements.

    A formal contract counts its amount, a supplement only its increment, anything else nothing. The first formal
    contract signs the project: if other projects may be the same one it is refused (409 `duplicate_suspected`) until
    that was answered (see `/duplicates`).
    """
    project, agreement = service.create(db, actor, code, body)
    return saved(db, queries.out(db, agreement), status=201, row_version=project.version)


@router.patch(
    "/projects/{code}/agreements/{agreement_id}",
    summary="更正合同协议",
    response_model=AgreementOut,
    responses=raises(*REFUSED, queries.NoAgreement, service.AlreadyVoid, service.StillSigned, Stale, IfMatchMissing),
)
def change_agreement(
    code: Code, agreement_id: AgreementId, body: AgreementPatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:
    """Correct what was recorded of an agreement; If-Match carries the project's ETag."""
    project, agreement = service.change(db, actor, code, agreement_id, body, if_match)
    return saved(db, queries.out(db, agreement), row_version=project.version)


@router.post(
    "/projects/{code}/agreements/{agreement_id}/void",
    summary="作废合同协议",
    response_model=AgreementOut,
    responses=raises(
        NoProject, NotYours, Invalid, queries.NoAgreement, service.AlreadyVoid, service.StillSigned,
        counting.SupplementWithoutContract, counting.TotalBelowZero, PeriodLocked,
    ),
)  # fmt: skip
def void_agreement(code: Code, agreement_id: AgreementId, body: VoidIn, db: Db, actor: Editor) -> Response:
    """Mark an agreement as wrongly recorded: it stays visible and counts nowhere from now on."""
    project, agreement = service.void(db, actor, code, agreement_id, body.reason)
    return saved(db, queries.out(db, agreement), row_version=project.version)
