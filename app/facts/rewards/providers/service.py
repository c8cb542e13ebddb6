"""How providers are registered and changed, and how somebody gets to see their numbers."""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.facts.rewards.providers import queries
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.queries import NoProvider, sees
from app.facts.rewards.providers.schemas import ProviderIn, ProviderPatch, UnmaskIn
from app.facts.rewards.providers.terms import IDENTITY_KIND_LABELS, IdentityKind, ProviderKind
from app.facts.rewards.sights import NotYourUnit, acts_for_all, check_own
from app.identity.auth.queries import name_of
from app.kernel import bulk, calendar, codes
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record
from app.kernel.names import pinyin
from app.kernel.preconditions import expect
from app.kernel.vault import Vault

KINDS = {
    ProviderKind.PERSON: (IdentityKind.RESIDENT, IdentityKind.OTHER),
    ProviderKind.ORGANISATION: (IdentityKind.USCC,),
}
"""By which papers either kind is known, the usual one first."""


NUMBERS = {"identity": "证件号码", "phone": "电话", "account": "银行账号"}
"""What may be seen in clear, as the history names it."""


class ProviderKnown(Conflict):
    code = "provider_known"
    message = "该证件号码已登记为另一引资人"
    english = "A provider with this identity number is registered already."


def create(db: Session, actor: Actor, vault: Vault, body: ProviderIn) -> LeadProvider:
    """Register a provider: for the bureau, or by a reporter for the own unit. 409 names whom the number belongs to."""
    unit_id = None if acts_for_all(actor) else actor.unit_id
    if unit_id is None and not acts_for_all(actor):
        raise NotYourUnit
    number = bulk.next_ids(db.connection(), bulk.table_of(LeadProvider), 1)[0]
    provider = LeadProvider(
        id=number, kind=body.kind, identity_kind=body.identity_kind or KINDS[body.kind][0], unit_id=unit_id,
        account_bank=body.account_bank, note=body.note, created_at=calendar.now(), created_by=actor.id,
        created_by_name=name_of(db, actor),
    )  # fmt: skip
    _name(provider, body.name)
    _check_kind(provider)
    with db.no_autoflush:
        _identify(db, actor, vault, provider, body.identity)
        _seal(vault, provider, phone=body.phone, account=body.account)
    db.add(provider)
    _flush(db)
    record(db, "lead_provider.registered", provider)
    return provider


def update(
    db: Session, actor: Actor, vault: Vault, number: int, if_match: int, body: ProviderPatch
) -> LeadProvider:  # fmt: skip
    """Change what is sent; null clears. A new kind of paper asks for its number again."""
    provider = _of(db, actor, number)
    check_own(actor, provider.unit_id)
    expect(provider.version, if_match)
    sent: dict[str, Any] = body.model_dump(exclude_unset=True)
    if "name" in sent:
        _name(provider, sent["name"])
    if sent.get("identity_kind", provider.identity_kind) is not provider.identity_kind:
        provider.identity_kind = sent["identity_kind"]
        _check_kind(provider)
        if provider.identity is not None and "identity" not in sent:
            raise Invalid.field("identity", "missing", "更改证件种类须同时填写证件号码")
    if "identity" in sent:
        _identify(db, actor, vault, provider, sent["identity"])
    _seal(vault, provider, **{name: sent[name] for name in ("phone", "account") if name in sent})
    for name in ("account_bank", "note"):
        if name in sent:
            setattr(provider, name, sent[name])
    _flush(db)
    return provider


def unmask(db: Session, actor: Actor, vault: Vault, number: int, body: UnmaskIn) -> dict[str, Any]:
    """The asked numbers in clear; that they were seen, by whom and why, is an event of the provider."""
    provider = _of(db, actor, number)
    told: dict[str, Any] = {"id": provider.id, "name": provider.name}
    for name in dict.fromkeys(body.fields):
        sealed = getattr(provider, name)
        told[name] = None if sealed is None else vault.open(sealed, getattr(LeadProvider, name), provider.id)
    if "account" in told:
        told["account_bank"] = provider.account_bank
    digits = re.sub(r"[^0-9A-Za-z]", "", body.reason)
    if any(told.get(name) and re.sub(r"\W", "", told[name]) in digits for name in body.fields):
        raise Invalid.field("reason", "personal_number", "理由写入日志，请勿填写号码")
    shown = list(dict.fromkeys(body.fields))
    reason = f"{'、'.join(NUMBERS[name] for name in shown)}：{body.reason}"
    record(db, "lead_provider.unmasked", provider, reason=reason, fields=",".join(shown))
    return told


def _of(db: Session, actor: Actor, number: int) -> LeadProvider:
    provider = db.scalars(
        select(LeadProvider)
        .where(LeadProvider.id == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if provider is None or not sees(actor, provider.unit_id):
        raise NoProvider
    return provider


def _name(provider: LeadProvider, name: str) -> None:
    provider.name, provider.pinyin = name, pinyin(name)[:600]


def _check_kind(provider: LeadProvider) -> None:
    fitting = KINDS[provider.kind]
    if provider.identity_kind not in fitting:
        words = "、".join(IDENTITY_KIND_LABELS[kind] for kind in fitting)
        raise Invalid.field("identity_kind", "other_kind", f"此类引资人的证件只能是：{words}")


def _identify(db: Session, actor: Actor, vault: Vault, provider: LeadProvider, identity: str | None) -> None:
    """Seal a checked identity number that nobody else has; no reason tells any of it."""
    if identity is None:
        provider.identity = provider.identity_mark = None
        return
    try:
        match provider.identity_kind:
            case IdentityKind.RESIDENT:
                checked = codes.check_resident(identity)
            case IdentityKind.USCC:
                checked = codes.check_uscc(identity)
            case IdentityKind.OTHER:
                checked = codes.plain(identity)
                if not re.fullmatch(r"[0-9A-Z]{5,30}", checked):
                    raise ValueError("证件号码应为 5 至 30 位数字或字母")
    except ValueError as error:
        raise Invalid.field("identity", "identity", str(error)) from None
    other = queries.known(db, vault, checked)
    if other is not None and other.id != provider.id:
        if sees(actor, other.unit_id):
            raise ProviderKnown(f"该证件号码已登记：引资人 {other.id}（{other.name}）")
        raise ProviderKnown("该证件号码已由其他单位登记，请联系招商局")
    provider.identity = vault.seal(checked, LeadProvider.identity, provider.id)
    provider.identity_mark = vault.mark(checked, LeadProvider.identity)


def _seal(vault: Vault, provider: LeadProvider, **numbers: str | None) -> None:
    if "phone" in numbers:
        phone = numbers["phone"]
        provider.phone = None if phone is None else vault.seal(phone, LeadProvider.phone, provider.id)
    if "account" in numbers:
        account = numbers["account"]
        if account is None:
            provider.account = provider.account_mark = None
            return
        try:
            checked = codes.account_number(account)
        except ValueError as error:
            raise Invalid.field("account", "account", str(error)) from None
        provider.account = vault.seal(checked, LeadProvider.account, provider.id)
        provider.account_mark = vault.mark(checked, LeadProvider.account)


def _flush(db: Session) -> None:
    """Write now; somebody who registered the same number at the same moment was faster."""
    try:
        db.flush()
    except IntegrityError:
        raise ProviderKnown from None
