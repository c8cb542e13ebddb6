"""What is seen of lead providers: masked, by the bureau and leaders all, by a reporter those of the own unit."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select
from sqlalchemy.orm import Session

from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.schemas import ProviderFilter, ProviderSought
from app.identity.units.models import Unit
from app.kernel import codes
from app.kernel.access import Actor
from app.kernel.db import Id, instant_text
from app.kernel.errors import NotFound
from app.kernel.names import LIKE_ESCAPE, like
from app.kernel.paging import EVERYTHING, Listing, Sight, Where
from app.kernel.replies import Answer
from app.kernel.vault import Vault, masked

_P = LeadProvider.__table__.c


class NoProvider(NotFound):
    code = "no_provider"
    message = "没有这个引资人，或您无权查看"
    english = "There is no such provider, or it is not yours to see."


# -- who may see one -----------------------------------------------------------------------------------------------


def sees(actor: Actor, unit_id: int | None) -> bool:
    """May the actor see a provider that this unit registered?"""
    return actor.sees_all or (actor.unit_id is not None and actor.unit_id == unit_id)


def admits(actor: Actor, sight: Any) -> bool:
    """The same of what the log says of who may see one."""
    return isinstance(sight, dict) and sees(actor, sight["unit"])


def newest(connection: Connection, ids: Collection[int]) -> Mapping[int, Any]:
    """The present sights of these providers."""
    rows = connection.execute(select(LeadProvider.id, LeadProvider.unit_id).where(LeadProvider.id.in_(ids)))
    return {row.id: {"unit": row.unit_id} for row in rows}


def _sight(actor: Actor) -> Sight:
    if actor.sees_all:
        return EVERYTHING
    return Sight("of a unit", _P.unit_id == bindparam("own_unit", type_=Id), {"own_unit": actor.unit_id})


# -- lists and one -------------------------------------------------------------------------------------------------

_COLUMNS = (
    _P.id, _P.kind, _P.name, _P.identity_kind, _P.identity, _P.phone, _P.account, _P.account_bank,
    Unit.code.label("unit"), Unit.name.label("unit_name"),
)  # fmt: skip

PROVIDERS = Listing(
    name="lead_providers",
    asked=ProviderFilter,
    source=select(*_COLUMNS).join_from(LeadProvider, Unit, Unit.id == LeadProvider.unit_id, isouter=True),
    key=_P.id,
    sorts={"name": _P.pinyin, "id": _P.id},
    default_sort="name",
    filters={
        "q": Where(
            lambda value: or_(_P.name.like(value, escape=LIKE_ESCAPE), _P.pinyin.like(value, escape=LIKE_ESCAPE)), like
        ),
        "kind": Where(lambda value: _P.kind == value),
        "unit": Where(lambda value: Unit.code == value),
    },
)


def page(connection: Connection, actor: Actor, asked: ProviderFilter, vault: Vault) -> dict[str, Any]:
    found = PROVIDERS.found(connection, asked, _sight(actor))
    found["items"] = [_masked(row, vault) for row in found["items"]]
    return found


def detail(connection: Connection, actor: Actor, number: int, vault: Vault) -> Answer:
    """One provider the actor may see, under its row version."""
    found = out(connection, actor, number, vault)
    return Answer(found, row_version=found["version"])


def out(db: Connection | Session, actor: Actor, number: int, vault: Vault) -> dict[str, Any]:
    """The same; 404 for one there is not, or that is not the actor's to see."""
    row = db.execute(
        select(
            *_COLUMNS, _P.unit_id, _P.note, _P.created_at, _P.created_by_name, _P.account_mark, _P.version
        )
        .join_from(LeadProvider, Unit, Unit.id == LeadProvider.unit_id, isouter=True)
        .where(_P.id == number)
    ).one_or_none()  # fmt: skip
    if row is None or not sees(actor, row.unit_id):
        raise NoProvider
    told = _masked({column.key: getattr(row, column.key) for column in _COLUMNS}, vault)
    return told | {
        "note": row.note,
        "created_at": instant_text(row.created_at),
        "created_by": row.created_by_name,
        "warnings": _warnings(db, actor, row, vault),
        "version": row.version,
    }


def check(connection: Connection, actor: Actor, number: int) -> None:
    """404 unless there is such a provider and the actor may see it."""
    found = connection.execute(select(_P.unit_id).where(_P.id == number)).one_or_none()
    if found is None or not sees(actor, found.unit_id):
        raise NoProvider


def _masked(row: dict[str, Any], vault: Vault) -> dict[str, Any]:
    """A row as answers show it: numbers opened, and most of them hidden."""
    for column, first in ((LeadProvider.identity, 3), (LeadProvider.phone, 3), (LeadProvider.account, 0)):
        sealed = row[column.key]
        row[column.key] = None if sealed is None else masked(vault.peek(sealed, column, row["id"]), first)
    return row


def _warnings(db: Connection | Session, actor: Actor, row: Any, vault: Vault) -> list[dict[str, Any]]:
    found = []
    account = vault.peek(row.account, LeadProvider.account, row.id)
    if account is not None and not codes.looks_like_card(account):
        said = "银行账号不符合银行卡号的校验规则，请核对（单位账户可能如此）"
        found.append({"field": "account", "code": "not_a_card", "message": said})
    if account is not None:
        marks = vault.marks(account, LeadProvider.account)
        others = db.execute(
            select(_P.id, _P.name, _P.unit_id)
            .where(_P.account_mark.in_(marks), _P.id != row.id)
            .order_by(_P.id)
            .limit(5)
        )
        for other in others:
            named = f"引资人 {other.id}（{other.name}）" if sees(actor, other.unit_id) else "另一单位登记的引资人"
            said = f"与{named}的银行账号相同"
            found.append({"field": "account", "code": "shared_account", "message": said})
    return found


# -- by identity number --------------------------------------------------------------------------------------------


def known(db: Connection | Session, vault: Vault, identity: str) -> Any:
    """Who has this checked identity number, as (id, name, unit_id), or None."""
    marks = vault.marks(identity, LeadProvider.identity)
    return db.execute(select(_P.id, _P.name, _P.unit_id).where(_P.identity_mark.in_(marks))).one_or_none()


def find(connection: Connection, actor: Actor, asked: ProviderSought, vault: Vault) -> dict[str, Any]:
    """The provider with this identity number; 404 when there is none that the actor may see."""
    row = known(connection, vault, normal(asked.identity))
    if row is None:
        raise NoProvider
    return out(connection, actor, row.id, vault)


def normal(identity: str) -> str:
    """An identity number of any kind as it is kept: upper case, without blanks and hyphens."""
    return codes.plain(identity)
