"""What is seen of enterprises: lists, one with everything that hangs on it, and who is meant by a name or code."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session, aliased

from app.facts.enterprises.models import Contact, Enterprise, EnterpriseAlias, EnterpriseMerge, Listing
from app.facts.enterprises.schemas import EnterpriseFilter
from app.identity.auth.models import User
from app.kernel import paging
from app.kernel.access import Actor, Permission
from app.kernel.db import instant_text
from app.kernel.errors import NotFound
from app.kernel.money import format_yuan
from app.kernel.names import LIKE_ESCAPE, like, squash
from app.kernel.paging import Where
from app.kernel.replies import Answer

Reader = Connection | Session


class NoEnterprise(NotFound):
    code = "no_enterprise"
    message, english = "没有这个企业", "There is no such enterprise."


# -- the list ------------------------------------------------------------------------------------------------------

Parent = aliased(Enterprise)


def _region_prefix(code: str) -> str:
    """What the codes within a region begin with: a province two digits, a city four, a district all six."""
    if code.endswith("0000"):
        return code[:2] + "%"
    return code[:4] + "%" if code.endswith("00") else code


ENTERPRISES = paging.Listing(
    name="enterprises",
    asked=EnterpriseFilter,
    source=select(
        Enterprise.id,
        Enterprise.name,
        Enterprise.uscc,
        Enterprise.ownership,
        Enterprise.region,
        Enterprise.industry,
        Enterprise.parent_id,
        Parent.name.label("parent_name"),
        Enterprise.registered_capital_fen.label("registered_capital"),
        Enterprise.website,
        Enterprise.merged_into_id,
        Enterprise.version,
    ).join_from(Enterprise, Parent, Parent.id == Enterprise.parent_id, isouter=True),
    key=Enterprise.__table__.c.id,
    sorts={"name": Enterprise.__table__.c.pinyin, "id": Enterprise.__table__.c.id},
    default_sort="name",
    filters={
        "q": Where(lambda value: Enterprise.search.like(value, escape=LIKE_ESCAPE), like),
        "uscc": Where(lambda value: Enterprise.uscc == value),
        "ownership": Where(lambda value: Enterprise.ownership == value, lambda word: word.value),
        "region": Where(lambda value: Enterprise.region.like(value), _region_prefix),
        "industry": Where(lambda value: Enterprise.industry.like(value), lambda code: f"{code}%"),
        "listing": Where(
            lambda value: Enterprise.id.in_(select(Listing.enterprise_id).where(Listing.code == value)),
            lambda word: word.value,
        ),
        "parent_id": Where(lambda value: Enterprise.parent_id == value),
        "merged": Where(lambda value: Enterprise.merged_into_id.is_not(None) == value),
    },
)


def page(connection: Connection, _actor: Actor, asked: EnterpriseFilter) -> bytes:
    return ENTERPRISES.page(connection, asked)


# -- one enterprise ------------------------------------------------------------------------------------------------


def mask_phone(phone: str) -> str:
    """A phone number for those who need not know it: `138****1234`. Four digits at least are hidden."""
    digits = [place for place, character in enumerate(phone) if character.isascii() and character.isdigit()]
    first, last = (3, 4) if len(digits) >= 11 else (0, 4) if len(digits) >= 8 else (0, 0)
    hidden = set(digits[first : len(digits) - last])
    return "".join("*" if place in hidden else character for place, character in enumerate(phone))


def phone_for(actor: Actor, phone: str | None) -> str | None:
    return phone if phone is None or actor.may(Permission.CONTACT_READ) else mask_phone(phone)


def contact_out(actor: Actor, row: Any) -> dict[str, Any]:
    phone = phone_for(actor, row.phone)
    return {"id": row.id, "name": row.name, "title": row.title, "phone": phone, "note": row.note}


def listing_out(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code.value,
        "year": row.year,
        "rank": row.rank,
        "published_on": row.published_on,
    }


def out(db: Reader, actor: Actor, enterprise_id: int) -> dict[str, Any]:
    """One enterprise as `EnterpriseOut`; 404 when there is none."""
    kept = aliased(Enterprise)
    row = db.execute(
        select(*Enterprise.__table__.columns, Parent.name.label("parent_name"), kept.name.label("kept_name"))
        .join_from(Enterprise, Parent, Parent.id == Enterprise.parent_id, isouter=True)
        .join(kept, kept.id == Enterprise.merged_into_id, isouter=True)
        .where(Enterprise.id == enterprise_id)
    ).one_or_none()
    if row is None:
        raise NoEnterprise
    aliases = db.execute(
        select(EnterpriseAlias.id, EnterpriseAlias.alias)
        .where(EnterpriseAlias.enterprise_id == enterprise_id)
        .order_by(EnterpriseAlias.id)
    )
    listings = db.execute(
        select(Listing.id, Listing.code, Listing.year, Listing.rank, Listing.published_on)
        .where(Listing.enterprise_id == enterprise_id)
        .order_by(Listing.year.desc(), Listing.code, Listing.id)
    )
    contacts = db.execute(
        select(Contact.id, Contact.name, Contact.title, Contact.phone, Contact.note)
        .where(Contact.enterprise_id == enterprise_id)
        .order_by(Contact.id)
    )
    children = db.execute(
        select(Enterprise.id, Enterprise.name)
        .where(Enterprise.parent_id == enterprise_id, Enterprise.merged_into_id.is_(None))
        .order_by(Enterprise.pinyin, Enterprise.id)
    )
    capital = row.registered_capital_fen
    return {
        "id": row.id,
        "name": row.name,
        "uscc": row.uscc,
        "ownership": row.ownership.value,
        "region": row.region,
        "industry": row.industry,
        "registered_capital": None if capital is None else format_yuan(capital),
        "website": row.website,
        "note": row.note,
        "parent": None if row.parent_id is None else {"id": row.parent_id, "name": row.parent_name},
        "children": [{"id": child.id, "name": child.name} for child in children],
        "merged_into": None if row.merged_into_id is None else {"id": row.merged_into_id, "name": row.kept_name},
        "aliases": [{"id": alias.id, "alias": alias.alias} for alias in aliases],
        "listings": [listing_out(listing) for listing in listings],
        "contacts": [contact_out(actor, contact) for contact in contacts],
        "version": row.version,
    }


def detail(connection: Connection, actor: Actor, enterprise_id: int) -> Answer:
    found = out(connection, actor, enterprise_id)
    return Answer(found, row_version=found["version"])


# -- merges --------------------------------------------------------------------------------------------------------


def _merges(db: Reader, condition: Any) -> Iterator[dict[str, Any]]:
    kept, merged = aliased(Enterprise), aliased(Enterprise)
    rows = db.execute(
        select(
            *EnterpriseMerge.__table__.columns,
            kept.name.label("kept_name"),
            merged.name.label("merged_name"),
            User.name.label("by_name"),
        )
        .join_from(EnterpriseMerge, kept, kept.id == EnterpriseMerge.kept_id)
        .join(merged, merged.id == EnterpriseMerge.merged_id)
        .join(User, User.id == EnterpriseMerge.by, isouter=True)
        .where(condition)
        .order_by(EnterpriseMerge.id.desc())
    )
    for row in rows:
        yield {
            "id": row.id,
            "kept": {"id": row.kept_id, "name": row.kept_name},
            "merged": {"id": row.merged_id, "name": row.merged_name},
            "reason": row.reason,
            "at": instant_text(row.at),
            "by": row.by,
            "by_name": row.by_name,
            "undone_at": None if row.undone_at is None else instant_text(row.undone_at),
            "undone_by": row.undone_by,
            "moved": {
                name: len(things)
                for name, things in row.moved.items()
                if isinstance(things, list) and things and name != "warnings"
            },
            "warnings": row.moved["warnings"],
        }


def merge_out(db: Reader, merge_id: int) -> dict[str, Any]:
    return next(_merges(db, EnterpriseMerge.id == merge_id))


def merges(connection: Connection, _actor: Actor, enterprise_id: int) -> dict[str, Any]:
    """Every merge that kept this enterprise or took it away; 404 when there is no such enterprise."""
    if not exists(connection, enterprise_id):
        raise NoEnterprise
    concerned = (EnterpriseMerge.kept_id == enterprise_id) | (EnterpriseMerge.merged_id == enterprise_id)
    return {"items": list(_merges(connection, concerned))}


# -- who is meant --------------------------------------------------------------------------------------------------

_kept_id = func.coalesce(Enterprise.merged_into_id, Enterprise.id)


def exists(db: Reader, enterprise_id: int) -> bool:
    return db.execute(select(Enterprise.id).where(Enterprise.id == enterprise_id)).one_or_none() is not None


def holder(db: Reader, uscc: str) -> Any:
    """Who has this code, as (id, name, merged_into_id), or None. A merged enterprise may still have one."""
    return db.execute(
        select(Enterprise.id, Enterprise.name, Enterprise.merged_into_id).where(Enterprise.uscc == uscc)
    ).one_or_none()


def find(db: Reader, *, name: str | None = None, uscc: str | None = None) -> int | None:
    """The enterprise that a code or, failing that, a name or alias means; of a merged one the kept.

    A name does not mean an enterprise whose code is another than `uscc`: those are two legal persons.
    An own name goes before an alias, an older entry before a younger one.
    """
    if uscc is not None:
        found = db.execute(select(_kept_id).where(Enterprise.uscc == uscc)).scalar_one_or_none()
        if found is not None:
            return int(found)
    key = squash(name) if name is not None else ""
    if not key:
        return None
    own = db.execute(select(_kept_id, Enterprise.merged_into_id).where(Enterprise.squashed == key)).all()
    other = db.execute(
        select(_kept_id)
        .join_from(EnterpriseAlias, Enterprise, Enterprise.id == EnterpriseAlias.enterprise_id)
        .where(EnterpriseAlias.squashed == key)
    ).scalars()
    ranked = {(0 if merged is None else 2, kept) for kept, merged in own} | {(1, kept) for kept in other}
    kept_ids = {kept for _, kept in ranked}
    rows = db.execute(select(Enterprise.id, Enterprise.uscc).where(Enterprise.id.in_(kept_ids)))
    codes = {row.id: row.uscc for row in rows}
    fitting = (kept for _, kept in sorted(ranked) if uscc is None or codes[kept] in (None, uscc))
    return next(fitting, None)


@dataclass(slots=True)
class Index:
    """Every enterprise by code, name and alias, for whoever has thousands of rows to match; finds what `find` finds."""

    by_uscc: dict[str, int] = field(default_factory=dict)
    by_name: dict[str, list[int]] = field(default_factory=dict)  # by squashed name; the likeliest first
    codes: dict[int, str] = field(default_factory=dict)

    def find(self, name: str | None = None, uscc: str | None = None) -> int | None:
        if uscc is not None and uscc in self.by_uscc:
            return self.by_uscc[uscc]
        named = self.by_name.get(squash(name), []) if name is not None else []
        return next((kept for kept in named if uscc is None or self.codes.get(kept) in (None, uscc)), None)

    def add(self, enterprise_id: int, name: str | None, uscc: str | None = None) -> None:
        """Tell of an enterprise, a further name of one, or its code."""
        if uscc is not None:
            self.by_uscc.setdefault(uscc, enterprise_id)
            self.codes.setdefault(enterprise_id, uscc)
        key = squash(name) if name is not None else ""
        if key:
            named = self.by_name.setdefault(key, [])
            if enterprise_id not in named:
                named.append(enterprise_id)


def index(db: Reader) -> Index:
    """All enterprises in three statements."""
    made = Index()
    rows = db.execute(
        select(Enterprise.id, Enterprise.name, Enterprise.uscc, Enterprise.merged_into_id).order_by(Enterprise.id)
    ).all()
    aliases = db.execute(
        select(_kept_id, EnterpriseAlias.alias)
        .join_from(EnterpriseAlias, Enterprise, Enterprise.id == EnterpriseAlias.enterprise_id)
        .order_by(_kept_id, EnterpriseAlias.id)
    ).all()
    merged = [row for row in rows if row.merged_into_id is not None]
    for row in rows:
        if row.merged_into_id is None:
            made.add(row.id, row.name, row.uscc)
    for kept, alias in aliases:
        made.add(kept, alias)
    for row in merged:
        made.add(row.merged_into_id, row.name)
        if row.uscc is not None:
            made.by_uscc[row.uscc] = row.merged_into_id
    return made
