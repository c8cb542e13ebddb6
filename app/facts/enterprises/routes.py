"""Enterprises over HTTP. What hangs on one moves its row version: every answer of a change has the new ETag."""

from typing import Annotated

from fastapi import Path, Response

from app.facts.enterprises import duplicates, merging, queries, service
from app.facts.enterprises.merging import MergeUndone, NoMerge, UndoBlocked
from app.facts.enterprises.queries import NoEnterprise
from app.facts.enterprises.schemas import (
    AliasIn,
    AliasOut,
    Candidates,
    ContactIn,
    ContactOut,
    ContactPatch,
    DuplicateCheck,
    EnterpriseFilter,
    EnterpriseIn,
    EnterpriseOut,
    EnterprisePatch,
    EnterpriseRow,
    ListingIn,
    ListingOut,
    MergeIn,
    MergeOut,
    Merges,
    UndoIn,
)
from app.facts.enterprises.service import AliasTaken, ListingTaken, Merged, NoPart, UsccTaken
from app.identity.auth.access import Read, reads, requires
from app.kernel.access import Actor, Permission
from app.kernel.asking import asked
from app.kernel.db import Db
from app.kernel.errors import Forbidden, IfMatchMissing, Invalid, Stale, Unauthenticated, raises
from app.kernel.paging import page_of
from app.kernel.preconditions import IfMatch
from app.kernel.replies import saved
from app.kernel.routing import api

router = api("enterprises", responses=raises(Unauthenticated, Forbidden, Invalid))

Reader = Annotated[Read, reads(Permission.ENTERPRISE_READ)]
Editor = Annotated[Actor, requires(Permission.ENTERPRISE_EDIT)]
Merger = Annotated[Actor, requires(Permission.ENTERPRISE_MERGE)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="企业编号")]
PartNumber = Annotated[int, Path(ge=1, le=2**63 - 1, description="该条记录的编号")]
MergeNumber = Annotated[int, Path(ge=1, le=2**63 - 1, description="合并的编号")]


@router.get("/enterprises", response_model=page_of(EnterpriseRow), summary="企业列表")
async def list_enterprises(read: Reader, q: Annotated[EnterpriseFilter, asked(EnterpriseFilter)]) -> Response:
    """Enterprises by part of a name or alias, pinyin, initials, code, ownership, region, industry, listing, parent.

    Sorted by `name` (its pinyin, the default) or `id`. Those merged into another are left out unless `merged=true`.
    """
    return await read.answer(queries.page, q)


@router.post(
    "/enterprises", response_model=EnterpriseOut, status_code=201, responses=raises(UsccTaken), summary="登记企业"
)
def create_enterprise(body: EnterpriseIn, db: Db, actor: Editor) -> Response:
    """Enter an enterprise with its aliases, listings and contacts. Ask `POST /enterprises/duplicates` first."""
    made = service.create(db, body)
    location = f"/api/v1/enterprises/{made.id}"
    return saved(db, queries.out(db, actor, made.id), status=201, location=location, row_version=made.version)


@router.post("/enterprises/duplicates", response_model=Candidates, summary="登记前查重")
async def check_enterprise(read: Reader, body: DuplicateCheck) -> object:
    """Enterprises that may be the one about to be entered, the likeliest first, with the reasons. Changes nothing."""
    return await read.fresh(duplicates.of_new, body)


@router.get(
    "/enterprises/{enterprise_id}", response_model=EnterpriseOut, responses=raises(NoEnterprise), summary="企业详情"
)
async def get_enterprise(read: Reader, enterprise_id: Number) -> Response:
    """One enterprise with everything that hangs on it. Phones are masked for those who need not see them."""
    return await read.answer(queries.detail, enterprise_id)


@router.patch(
    "/enterprises/{enterprise_id}",
    response_model=EnterpriseOut,
    responses=raises(NoEnterprise, UsccTaken, Merged, Stale, IfMatchMissing),
    summary="修改企业",
)
def update_enterprise(
    enterprise_id: Number, body: EnterprisePatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:
    """Change the fields that are sent; null clears. Needs `If-Match`."""
    changed = service.update(db, enterprise_id, if_match, body)
    return saved(db, queries.out(db, actor, enterprise_id), row_version=changed.version)


# -- what hangs on an enterprise -----------------------------------------------------------------------------------


@router.post(
    "/enterprises/{enterprise_id}/aliases",
    response_model=AliasOut,
    status_code=201,
    responses=raises(NoEnterprise, AliasTaken, Merged),
    summary="添加别名",
)
def add_enterprise_alias(enterprise_id: Number, body: AliasIn, db: Db, _actor: Editor) -> Response:
    """Add another name that the enterprise is found by."""
    enterprise, alias = service.add_alias(db, enterprise_id, body)
    return saved(db, {"id": alias.id, "alias": alias.alias}, status=201, row_version=enterprise.version)


@router.delete(
    "/enterprises/{enterprise_id}/aliases/{part_id}",
    status_code=204,
    responses=raises(NoEnterprise, NoPart, Merged),
    summary="删除别名",
)
def remove_enterprise_alias(enterprise_id: Number, part_id: PartNumber, db: Db, _actor: Editor) -> Response:
    """Remove an alias."""
    enterprise = service.remove_alias(db, enterprise_id, part_id)
    return saved(db, None, status=204, row_version=enterprise.version)


@router.post(
    "/enterprises/{enterprise_id}/listings",
    response_model=ListingOut,
    status_code=201,
    responses=raises(NoEnterprise, ListingTaken, Merged),
    summary="添加上榜记录",
)
def add_enterprise_listing(enterprise_id: Number, body: ListingIn, db: Db, _actor: Editor) -> Response:
    """Say that the enterprise was on a list in a year, with its rank where the list has ranks."""
    enterprise, listing = service.add_listing(db, enterprise_id, body)
    return saved(db, queries.listing_out(listing), status=201, row_version=enterprise.version)


@router.delete(
    "/enterprises/{enterprise_id}/listings/{part_id}",
    status_code=204,
    responses=raises(NoEnterprise, NoPart, Merged),
    summary="删除上榜记录",
)
def remove_enterprise_listing(enterprise_id: Number, part_id: PartNumber, db: Db, _actor: Editor) -> Response:
    """Remove a listing that was entered in error."""
    enterprise = service.remove_listing(db, enterprise_id, part_id)
    return saved(db, None, status=204, row_version=enterprise.version)


@router.post(
    "/enterprises/{enterprise_id}/contacts",
    response_model=ContactOut,
    status_code=201,
    responses=raises(NoEnterprise, Merged),
    summary="添加联系人",
)
def add_enterprise_contact(enterprise_id: Number, body: ContactIn, db: Db, actor: Editor) -> Response:
    """Add a person at the enterprise."""
    enterprise, contact = service.add_contact(db, enterprise_id, body)
    return saved(db, queries.contact_out(actor, contact), status=201, row_version=enterprise.version)


@router.patch(
    "/enterprises/{enterprise_id}/contacts/{part_id}",
    response_model=ContactOut,
    responses=raises(NoEnterprise, NoPart, Merged, Stale, IfMatchMissing),
    summary="修改联系人",
)
def update_enterprise_contact(
    enterprise_id: Number, part_id: PartNumber, body: ContactPatch, if_match: IfMatch, db: Db, actor: Editor
) -> Response:
    """Change the fields that are sent; null clears. Needs `If-Match` with the ETag of the enterprise."""
    enterprise, contact = service.update_contact(db, enterprise_id, part_id, if_match, body)
    return saved(db, queries.contact_out(actor, contact), row_version=enterprise.version)


@router.delete(
    "/enterprises/{enterprise_id}/contacts/{part_id}",
    status_code=204,
    responses=raises(NoEnterprise, NoPart, Merged),
    summary="删除联系人",
)
def remove_enterprise_contact(enterprise_id: Number, part_id: PartNumber, db: Db, _actor: Editor) -> Response:
    """Remove a contact, with the personal data."""
    enterprise = service.remove_contact(db, enterprise_id, part_id)
    return saved(db, None, status=204, row_version=enterprise.version)


# -- duplicates and merging ----------------------------------------------------------------------------------------


@router.get(
    "/enterprises/{enterprise_id}/duplicates",
    response_model=Candidates,
    responses=raises(NoEnterprise),
    summary="企业查重",
)
async def list_enterprise_duplicates(read: Reader, enterprise_id: Number) -> Response:
    """Enterprises that may be the same as this one, the likeliest first, with the reasons."""
    return await read.answer(duplicates.of_known, enterprise_id)


@router.get(
    "/enterprises/{enterprise_id}/merges", response_model=Merges, responses=raises(NoEnterprise), summary="合并记录"
)
async def list_enterprise_merges(read: Reader, enterprise_id: Number) -> Response:
    """Every merge this enterprise was part of, undone ones too, newest first."""
    return await read.answer(queries.merges, enterprise_id)


@router.post(
    "/enterprises/{enterprise_id}/merge",
    response_model=MergeOut,
    status_code=201,
    responses=raises(NoEnterprise, Merged),
    summary="合并企业",
)
def merge_enterprise(enterprise_id: Number, body: MergeIn, db: Db, actor: Merger) -> Response:
    """Merge this enterprise into another, which gets its names, listings, contacts, subsidiaries and projects.

    The merged one stays readable and points at the kept one. The answer's `id` is what undoing asks for.
    """
    trace = merging.merge(db, actor, enterprise_id, body)
    return saved(db, queries.merge_out(db, trace.id), status=201)


@router.post(
    "/enterprises/merges/{merge_id}/undo",
    response_model=MergeOut,
    responses=raises(NoMerge, MergeUndone, UndoBlocked),
    summary="撤销合并",
)
def undo_enterprise_merge(merge_id: MergeNumber, db: Db, actor: Merger, body: UndoIn | None = None) -> Response:
    """Put back what a merge moved. Refused, with the reasons, when later changes stand in the way."""
    trace = merging.undo(db, actor, merge_id, body.reason if body else None)
    return saved(db, queries.merge_out(db, trace.id))
