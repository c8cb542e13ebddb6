"""Enterprises for tests."""

from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.facts.enterprises import service
from app.facts.enterprises.models import Contact, Enterprise, EnterpriseAlias, Listing, ListingCode, Ownership
from app.kernel.names import squash

_numbers = count(1)


def make_enterprise(
    db: Session,
    *,
    aliases: tuple[str, ...] = (),
    listings: tuple[tuple[str, int], ...] = (),
    contacts: tuple[tuple[str, str], ...] = (),
    **fields: Any,
) -> Enterprise:
    """An enterprise; `fields` are columns, `listings` (code, year), `contacts` (name, phone)."""
    values: dict[str, Any] = {"name": f"测试企业{next(_numbers)}", "ownership": "private", **fields}
    values["ownership"] = Ownership(values["ownership"])
    enterprise = Enterprise(squashed=squash(values["name"]), pinyin="", search="", **values)
    db.add(enterprise)
    db.flush()
    for alias in aliases:
        db.add(EnterpriseAlias(enterprise_id=enterprise.id, alias=alias, squashed=squash(alias)))
    for code, year in listings:
        db.add(Listing(enterprise_id=enterprise.id, code=ListingCode(code), year=year))
    for name, phone in contacts:
        db.add(Contact(enterprise_id=enterprise.id, name=name, phone=phone))
    service.refresh_search(db, enterprise)
    db.flush()
    return enterprise
