"""Lead providers over HTTP: masked everywhere, in clear by one way only, which leaves a trace."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.rewards.providers import queries, service
from app.facts.rewards.providers.queries import NoProvider
from app.facts.rewards.providers.schemas import (
    ProviderFilter,
    ProviderIn,
    ProviderOut,
    ProviderPatch,
    ProviderRow,
    ProviderSought,
    UnmaskIn,
    UnmaskOut,
)
from app.facts.rewards.providers.service import ProviderKnown
from app.facts.rewards.sights import NotYourUnit
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Forbidden, IfMatchMissing, Invalid, Stale, Unauthenticated, raises
from app.kernel.openapi import TOLD_ONCE
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch
from app.kernel.replies import encode, saved
from app.kernel.routing import api
from app.kernel.vault import TheVault, VaultClosed, VaultUnreadable

router = api("rewards", responses=raises(Unauthenticated, Forbidden, Invalid))

Reader = Annotated[Read, reads(Permission.REWARD_READ)]
Registrar = Annotated[Actor, requires(Permission.REWARD_FILE)]
Unmasker = Annotated[Actor, requires(Permission.PROVIDER_UNMASK)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="引资人编号", examples=[12])]


@router.get("/lead-providers", response_model=page_of(ProviderRow), summary="引资人列表")
async def list_lead_providers(
    read: Reader, q: Annotated[ProviderFilter, asked(ProviderFilter)], vault: TheVault
) -> Response:
    """Lead providers by part of a name, kind and unit; a reporter sees those of the own unit. Numbers are masked."""
    return await read.answer(queries.page, q, vault)


@router.post(
    "/lead-providers",
    status_code=201,
    response_model=ProviderOut,
    responses=raises(ProviderKnown, NotYourUnit, VaultClosed),
    summary="登记引资人",
)
def create_lead_provider(body: ProviderIn, db: Db, actor: Registrar, vault: TheVault) -> Response:
    """Register a person or an organisation. Identity number, phone and account are encrypted as they are stored.

    409 `provider_known` names whom the identity number belongs to already. 409 `vault_closed`: no key is configured;
    without these numbers a provider can still be registered.
    """
    made = service.create(db, actor, vault, body)
    shown = queries.out(db, actor, made.id, vault)
    return saved(db, shown, status=201, location=f"/api/v1/lead-providers/{made.id}", row_version=made.version)


@router.post(
    "/lead-providers/find",
    response_model=ProviderOut,
    responses=raises(NoProvider, VaultClosed),
    summary="按证件号码查找引资人",
)
async def find_lead_provider(read: Reader, body: ProviderSought, vault: TheVault) -> object:
    """Whom an identity number belongs to, without opening anybody's. Changes nothing."""
    return await read.fresh(queries.find, body, vault)


@router.get(
    "/lead-providers/{provider_id}", response_model=ProviderOut, responses=raises(NoProvider), summary="引资人详情"
)
async def get_lead_provider(read: Reader, provider_id: Number, vault: TheVault) -> Response:
    """One provider, numbers masked, with what should be looked at before money goes out."""
    return await read.answer(queries.detail, provider_id, vault)


@router.patch(
    "/lead-providers/{provider_id}",
    response_model=ProviderOut,
    responses=raises(NoProvider, NotYourUnit, ProviderKnown, VaultClosed, Stale, IfMatchMissing),
    summary="修改引资人",
)
def update_lead_provider(
    provider_id: Number, body: ProviderPatch, if_match: IfMatch, db: Db, actor: Registrar, vault: TheVault
) -> Response:
    """Change the fields that are sent; null clears. Needs `If-Match`. The log tells which numbers changed, not what
    they were."""
    changed = service.update(db, actor, vault, provider_id, if_match, body)
    return saved(db, queries.out(db, actor, provider_id, vault), row_version=changed.version)


@router.post(
    "/lead-providers/{provider_id}/unmask",
    response_model=UnmaskOut,
    responses=raises(NoProvider, VaultClosed, VaultUnreadable),
    summary="查看引资人的完整号码",
    openapi_extra=TOLD_ONCE,
)
def unmask_lead_provider(provider_id: Number, body: UnmaskIn, db: Db, actor: Unmasker, vault: TheVault) -> Response:
    """The asked numbers in clear. Its own permission, a reason, and an event of the log each time."""
    told = service.unmask(db, actor, vault, provider_id, body)
    # Not `saved`: what is in clear is kept neither by an Idempotency-Key nor by anybody on the way.
    return Response(encode(told), media_type="application/json", headers={"Cache-Control": "no-store"})
