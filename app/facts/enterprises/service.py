"""What changes an enterprise's record. Merging is in `merging`."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.facts.enterprises import queries
from app.facts.enterprises.models import Contact, Enterprise, EnterpriseAlias, Listing, Ownership
from app.facts.enterprises.queries import Index, NoEnterprise
from app.facts.enterprises.schemas import AliasIn, ContactIn, ContactPatch, EnterpriseIn, EnterprisePatch, ListingIn
from app.kernel import events
from app.kernel.access import Actor, Permission
from app.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, field_errors
from app.kernel.names import pinyin, search_key, squash
from app.kernel.preconditions import expect


class UsccTaken(Conflict):
    code = "uscc_taken"
    message = "该统一社会信用代码已属于另一企业"
    english = "Another enterprise has this unified social credit code."

    @classmethod
    def by(cls, holder: Any) -> "UsccTaken":
        """Names who has the code; of a merged enterprise also the one that was kept."""
        where = f"编号 {holder.id}" + (f"，已并入编号 {holder.merged_into_id}" if holder.merged_into_id else "")
        said = f"该统一社会信用代码已属于「{holder.name}」（{where}）"
        into = f", merged into {holder.merged_into_id}" if holder.merged_into_id else ""
        english = f"Enterprise {holder.id}{into} has this unified social credit code."
        return cls(said, english, errors=[FieldError(field="uscc", code=cls.code, message=said)])


class AliasTaken(Conflict):
    code = "alias_exists"
    message = "该企业已有此名称或别名"
    english = "The enterprise has this name or alias already."


class ListingTaken(Conflict):
    code = "listing_exists"
    message = "该企业在此榜单此年度已有记录"
    english = "The enterprise is on this list in this year already."


class Merged(Conflict):
    code = "enterprise_merged"
    message = "该企业已并入另一企业，不能再修改"
    english = "The enterprise was merged into another one and cannot be changed."

    @classmethod
    def into(cls, enterprise: Enterprise) -> "Merged":
        kept = enterprise.merged_into_id
        return cls(
            f"「{enterprise.name}」已并入编号 {kept} 的企业，不能再修改；请改用编号 {kept}",
            f"Enterprise {enterprise.id} was merged into {kept}. Use {kept} instead.",
        )


class NoPart(NotFound):
    code = "no_part"
    message = "该企业没有这条记录"
    english = "The enterprise has no such entry."


# -- opening -------------------------------------------------------------------------------------------------------


def lock(db: Session, ids: Iterable[int | None]) -> dict[int, Enterprise]:
    """These enterprises, held until the commit; always in the order of their numbers: nobody waits in a ring."""
    found = db.scalars(
        select(Enterprise)
        .where(Enterprise.id.in_({one for one in ids if one is not None}))
        .order_by(Enterprise.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {enterprise.id: enterprise for enterprise in found}


def open_for_change(db: Session, enterprise_id: int, *besides: int | None) -> Enterprise:
    """The enterprise, held until the commit (as are `besides`). 404 when there is none, 409 when it was merged."""
    enterprise = lock(db, [enterprise_id, *besides]).get(enterprise_id)
    if enterprise is None:
        raise NoEnterprise
    if enterprise.merged_into_id is not None:
        raise Merged.into(enterprise)
    return enterprise


def linkable(db: Session, enterprise_id: int, field: str = "enterprise_id") -> Enterprise:
    """An enterprise to be linked to: there, and neither merged nor about to be until the commit. 422 on `field`."""
    enterprise = db.scalars(
        select(Enterprise)
        .where(Enterprise.id == enterprise_id)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if enterprise is None:
        raise Invalid.field(field, "no_enterprise", "没有这个企业")
    if enterprise.merged_into_id is not None:
        raise Invalid.field(field, "enterprise_merged", f"该企业已并入编号 {enterprise.merged_into_id} 的企业")
    return enterprise


# -- what is derived -----------------------------------------------------------------------------------------------


def refresh_search(db: Session, enterprise: Enterprise) -> None:
    """Bring what lists search and sort names by up to date: after a change of name or aliases."""
    db.flush()
    aliases = db.scalars(
        select(EnterpriseAlias.alias).where(EnterpriseAlias.enterprise_id == enterprise.id).order_by(EnterpriseAlias.id)
    )
    _name(enterprise, enterprise.name, aliases)


def _name(enterprise: Enterprise, name: str, aliases: Iterable[str]) -> None:
    enterprise.name = name
    enterprise.squashed = squash(name)[:200]
    enterprise.pinyin = pinyin(name)[:600]
    enterprise.search = search_key(name, *aliases)


def _flush(db: Session, uscc: str | None) -> None:
    """Write now; somebody who entered the same code at the same moment was faster."""
    try:
        db.flush()
    except IntegrityError:
        if uscc is None:
            raise
        raise UsccTaken from None


# -- the enterprise ------------------------------------------------------------------------------------------------


def create(db: Session, body: EnterpriseIn) -> Enterprise:
    """Enter an enterprise with its aliases, listings and contacts. 409 `uscc_taken`."""
    _expect_free(db, body.uscc)
    if body.parent_id is not None:
        linkable(db, body.parent_id, "parent_id")
    return create_many(db, [body])[0]


def create_many(db: Session, bodies: Sequence[EnterpriseIn]) -> list[Enterprise]:
    """Enter many at once, in few statements. The caller has made sure that codes are free and parents are there."""
    made = []
    for body in bodies:
        fields = body.model_dump(exclude={"name", "aliases", "listings", "contacts", "registered_capital"})
        enterprise = Enterprise(**fields, registered_capital_fen=body.registered_capital)
        _name(enterprise, body.name, body.aliases)
        made.append(enterprise)
    db.add_all(made)
    _flush(db, next((body.uscc for body in bodies if body.uscc is not None), None))
    for enterprise, body in zip(made, bodies, strict=True):
        names = {squash(alias): alias for alias in reversed(body.aliases)}
        names.pop(enterprise.squashed, None)
        for key, alias in reversed(names.items()):
            db.add(EnterpriseAlias(enterprise_id=enterprise.id, alias=alias, squashed=key[:200]))
        db.add_all(Listing(enterprise_id=enterprise.id, **listing.model_dump()) for listing in body.listings)
        db.add_all(Contact(enterprise_id=enterprise.id, **contact.model_dump()) for contact in body.contacts)
    db.flush()
    return made


def find_or_create(
    db: Session,
    actor: Actor,
    name: str,
    uscc: str | None = None,
    ownership: Ownership = Ownership.OTHER,
    region: str | None = None,
    industry: str | None = None,
    *,
    known: Index | None = None,
) -> tuple[Enterprise, bool]:
    """The enterprise that name and code mean, entered if it is new, and whether it was.

    One that is there keeps what it says; only what it leaves open (code, region, industry, ownership `other`)
    is filled in, when the actor may edit enterprises. With `known` it is looked up there, and a new one added to it.
    422 for a name or code that is none.
    """
    found = known.find(name, uscc) if known is not None else queries.find(db, name=name, uscc=uscc)
    if found is None:
        if not actor.may(Permission.ENTERPRISE_EDIT):
            raise Forbidden
        try:
            body = EnterpriseIn(name=name, uscc=uscc, ownership=ownership, region=region, industry=industry)
        except ValidationError as error:
            raise Invalid(errors=field_errors(error.errors())) from None
        made = create_many(db, [body])[0]
        if known is not None:
            known.add(made.id, made.name, made.uscc)
        return made, True
    said = {"uscc": uscc, "region": region, "industry": industry, "ownership": ownership}
    if not (actor.may(Permission.ENTERPRISE_EDIT) and _gaps(db, db.get_one(Enterprise, found), said)):
        return linkable(db, found), False
    enterprise = open_for_change(db, found)
    for field, value in _gaps(db, enterprise, said).items():
        setattr(enterprise, field, value)
    _flush(db, uscc)
    if known is not None:
        known.add(found, None, enterprise.uscc)
    return enterprise, False


def _gaps(db: Session, enterprise: Enterprise, said: dict[str, Any]) -> dict[str, Any]:
    """What is said of an enterprise and not known of it. A code stays with one that was merged into it."""
    return {
        field: value
        for field, value in said.items()
        if value not in (None, Ownership.OTHER)
        and getattr(enterprise, field) in (None, Ownership.OTHER)
        and (field != "uscc" or queries.holder(db, value) is None)
    }


def update(db: Session, enterprise_id: int, version: int, patch: EnterprisePatch) -> Enterprise:
    """Change what `patch` names, made from row version `version` (412). A new name is told as `enterprise.renamed`."""
    enterprise = open_for_change(db, enterprise_id, patch.parent_id)
    expect(enterprise.version, version)
    changes = patch.model_dump(exclude_unset=True, exclude={"registered_capital"})
    if "registered_capital" in patch.model_fields_set:
        changes["registered_capital_fen"] = patch.registered_capital
    if changes.get("uscc") not in (None, enterprise.uscc):
        _expect_free(db, changes["uscc"])
    if changes.get("parent_id") not in (None, enterprise.parent_id):
        linkable(db, changes["parent_id"], "parent_id")
        if enterprise_id in line_of(db, changes["parent_id"]):
            raise Invalid.field("parent_id", "parent_ring", "母公司不能是企业自身或其下属企业")
    before = enterprise.name
    for field, value in changes.items():
        setattr(enterprise, field, value)
    _flush(db, changes.get("uscc"))
    if enterprise.name != before:
        refresh_search(db, enterprise)
        events.record(db, "enterprise.renamed", enterprise, before=before, after=enterprise.name)
    db.flush()
    return enterprise


def line_of(db: Session, enterprise_id: int | None) -> list[int]:
    """An enterprise and those above it, upwards. A ring, where there is one, ends with the number it began with."""
    line: list[int] = []
    while enterprise_id is not None:
        ring = enterprise_id in line
        line.append(enterprise_id)
        if ring:
            break
        enterprise_id = db.scalar(select(Enterprise.parent_id).where(Enterprise.id == enterprise_id))
    return line


def _expect_free(db: Session, uscc: str | None) -> None:
    holder = queries.holder(db, uscc) if uscc is not None else None
    if holder is not None:
        raise UsccTaken.by(holder)


# -- what hangs on it ----------------------------------------------------------------------------------------------


Part = TypeVar("Part", EnterpriseAlias, Listing, Contact)


def _part(db: Session, model: type[Part], enterprise_id: int, part_id: int) -> Part:
    part = db.get(model, part_id)
    if part is None or part.enterprise_id != enterprise_id:
        raise NoPart
    return part


def add_alias(db: Session, enterprise_id: int, body: AliasIn) -> tuple[Enterprise, EnterpriseAlias]:
    enterprise = open_for_change(db, enterprise_id)
    key = squash(body.alias)[:200]
    taken = select(EnterpriseAlias.id).where(
        EnterpriseAlias.enterprise_id == enterprise_id, EnterpriseAlias.squashed == key
    )
    if key == enterprise.squashed or db.scalar(taken) is not None:
        raise AliasTaken
    alias = EnterpriseAlias(enterprise_id=enterprise_id, alias=body.alias, squashed=key)
    db.add(alias)
    refresh_search(db, enterprise)
    db.flush()
    return enterprise, alias


def remove_alias(db: Session, enterprise_id: int, alias_id: int) -> Enterprise:
    enterprise = open_for_change(db, enterprise_id)
    db.delete(_part(db, EnterpriseAlias, enterprise_id, alias_id))
    refresh_search(db, enterprise)
    db.flush()
    return enterprise


def add_listing(db: Session, enterprise_id: int, body: ListingIn) -> tuple[Enterprise, Listing]:
    enterprise = open_for_change(db, enterprise_id)
    taken = select(Listing.id).where(
        Listing.enterprise_id == enterprise_id, Listing.code == body.code, Listing.year == body.year
    )
    if db.scalar(taken) is not None:
        raise ListingTaken
    listing = Listing(enterprise_id=enterprise_id, **body.model_dump())
    db.add(listing)
    db.flush()
    return enterprise, listing


def remove_listing(db: Session, enterprise_id: int, listing_id: int) -> Enterprise:
    enterprise = open_for_change(db, enterprise_id)
    db.delete(_part(db, Listing, enterprise_id, listing_id))
    db.flush()
    return enterprise


def add_contact(db: Session, enterprise_id: int, body: ContactIn) -> tuple[Enterprise, Contact]:
    enterprise = open_for_change(db, enterprise_id)
    contact = Contact(enterprise_id=enterprise_id, **body.model_dump())
    db.add(contact)
    db.flush()
    return enterprise, contact


def update_contact(
    db: Session, enterprise_id: int, contact_id: int, version: int, patch: ContactPatch
) -> tuple[Enterprise, Contact]:
    """Change a contact; `version` is the enterprise's, which moves with what hangs on it."""
    enterprise = open_for_change(db, enterprise_id)
    contact = _part(db, Contact, enterprise_id, contact_id)
    expect(enterprise.version, version)
    for field, value in patch.model_dump(exclude_unset=True).items():
        setattr(contact, field, value)
    db.flush()
    return enterprise, contact


def remove_contact(db: Session, enterprise_id: int, contact_id: int) -> Enterprise:
    enterprise = open_for_change(db, enterprise_id)
    db.delete(_part(db, Contact, enterprise_id, contact_id))
    db.flush()
    return enterprise
