"""Two entries of one enterprise become one; what moved is remembered, so that it can be moved back.

The trace (`EnterpriseMerge.moved`) holds under `aliases` and `listings` what moved in full, under `contacts`,
`children` and `merges` (enterprises merged before into the one that goes) their numbers; `alias_added` is the
number of the alias that keeps the name findable, `filled` what the kept one lacked and took over (field →
[before, after]), `uscc` the code that changed hands, `parent` {before, after}; `warnings` are for people.
Domains above listen to `enterprise.merged` and `enterprise.unmerged` (data: `kept_id`, `merged_id`,
`merge_id`), move what they hold, and keep what they need to move it back with `note` and `noted`.
"""

from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Contact, Enterprise, EnterpriseAlias, EnterpriseMerge, Listing, Ownership
from app.facts.enterprises.queries import NoEnterprise, holder
from app.facts.enterprises.schemas import MergeIn
from app.facts.enterprises.service import Merged, line_of, lock, refresh_search
from app.kernel import calendar, events
from app.kernel.access import Actor
from app.kernel.errors import Conflict, FieldError, Invalid, NotFound

FILLS = ("region", "industry", "registered_capital_fen", "website", "note")


class NoMerge(NotFound):
    code = "no_merge"
    message, english = "没有这次合并", "There is no such merge."


class MergeUndone(Conflict):
    code = "merge_undone"
    message, english = "这次合并已经撤销", "This merge was undone already."


class UndoBlocked(Conflict):
    """Also for the domains above, when their part cannot be moved back."""

    code = "undo_blocked"
    message = "合并之后的变化使其无法撤销"
    english = "What happened after the merge makes it impossible to undo."

    @classmethod
    def because(cls, *reasons: str) -> "UndoBlocked":
        errors = [FieldError(field="merge", code=cls.code, message=reason) for reason in reasons]
        return cls("无法撤销：" + "；".join(reasons), cls.english, errors=errors)


def note(db: Session, merge_id: int, what: str, moved: Any) -> None:
    """Remember in the trace what else moved; `what` names it, `moved` is JSON (a list is counted in answers)."""
    trace = db.get_one(EnterpriseMerge, merge_id)
    trace.moved = {**trace.moved, what: moved}


def noted(db: Session, merge_id: int, what: str) -> Any:
    """What `note` remembered, or None."""
    return db.get_one(EnterpriseMerge, merge_id).moved.get(what)


# -- merging -------------------------------------------------------------------------------------------------------


def merge(db: Session, actor: Actor, merged_id: int, body: MergeIn) -> EnterpriseMerge:
    """Give everything that `merged_id` has to `body.into`. The merged one stays, readable, and points there.

    409 when either was merged before. What the kept one has already (an alias, a list in a year) stays behind.
    """
    if merged_id == body.into:
        raise Invalid.field("into", "itself", "不能并入自身")
    everyone = _hold(db, merged_id, body.into)
    merged, kept = everyone.get(merged_id), everyone.get(body.into)
    if merged is None:
        raise NoEnterprise
    if kept is None:
        raise Invalid.field("into", "no_enterprise", "没有这个企业")
    for one in (merged, kept):
        if one.merged_into_id is not None:
            raise Merged.into(one)
    moved: dict[str, Any] = {"warnings": []}
    _move_line(db, merged, kept, list(everyone.values()), moved)
    _move_parts(db, merged, kept, moved)
    _fill(db, merged, kept, moved)
    merged.merged_into_id = kept.id
    for one in (kept, merged):
        refresh_search(db, one)
    trace = EnterpriseMerge(
        kept_id=kept.id, merged_id=merged.id, moved=moved, reason=body.reason, at=calendar.now(), by=actor.id
    )
    db.add(trace)
    db.flush()
    events.record(
        db, "enterprise.merged", kept, reason=body.reason, kept_id=kept.id, merged_id=merged.id, merge_id=trace.id
    )
    return trace


def _hold(db: Session, merged_id: int, kept_id: int) -> dict[int, Enterprise]:
    """Both, and whoever points at the one that goes, held until the commit.

    All are taken in one go, in the order of their numbers. When others came to point there meanwhile, what is held is
    let go before more is taken: two who take in two goes may wait for each other.
    """
    concerned = select(Enterprise.id).where(
        or_(
            Enterprise.id.in_([merged_id, kept_id]),
            Enterprise.parent_id == merged_id,
            Enterprise.merged_into_id == merged_id,
        )
    )
    while True:
        with db.begin_nested() as go:
            everyone = lock(db, db.scalars(concerned))
            if everyone.keys() >= set(db.scalars(concerned)):
                return everyone
            go.rollback()


def _move_line(
    db: Session, merged: Enterprise, kept: Enterprise, everyone: list[Enterprise], moved: dict[str, Any]
) -> None:
    """Children, and enterprises merged earlier, go over to the kept one; nobody comes to stand above itself."""
    below = merged.id in line_of(db, kept.id)  # then the kept one takes its place
    children = [one for one in everyone if one.parent_id == merged.id and one is not kept]
    earlier = [one for one in everyone if one.merged_into_id == merged.id]
    for child in children:
        child.parent_id = kept.id
    for one in earlier:
        one.merged_into_id = kept.id
    before = kept.parent_id
    if below or (before is None and kept.id not in line_of(db, merged.parent_id)):
        kept.parent_id = merged.parent_id
    moved["children"] = [child.id for child in children]
    moved["merges"] = [one.id for one in earlier]
    moved["parent"] = None if kept.parent_id == before else {"before": before, "after": kept.parent_id}
    db.flush()


def _aliases(db: Session, enterprise: Enterprise) -> list[EnterpriseAlias]:
    own = select(EnterpriseAlias).where(EnterpriseAlias.enterprise_id == enterprise.id)
    return list(db.scalars(own.order_by(EnterpriseAlias.id)))


def _listings(db: Session, enterprise: Enterprise) -> list[Listing]:
    return list(db.scalars(select(Listing).where(Listing.enterprise_id == enterprise.id).order_by(Listing.id)))


def _move_parts(db: Session, merged: Enterprise, kept: Enterprise, moved: dict[str, Any]) -> None:
    names = {kept.squashed, *(alias.squashed for alias in _aliases(db, kept))}
    aliases = [alias for alias in _aliases(db, merged) if alias.squashed not in names]
    lists = {(listing.code, listing.year) for listing in _listings(db, kept)}
    listings = [listing for listing in _listings(db, merged) if (listing.code, listing.year) not in lists]
    contacts = list(db.scalars(select(Contact).where(Contact.enterprise_id == merged.id).order_by(Contact.id)))
    parts: list[EnterpriseAlias | Listing | Contact] = [*aliases, *listings, *contacts]
    for part in parts:
        part.enterprise_id = kept.id
    moved["aliases"] = [{"id": alias.id, "alias": alias.alias, "squashed": alias.squashed} for alias in aliases]
    moved["listings"] = [
        {
            "id": listing.id,
            "code": listing.code.value,
            "year": listing.year,
            "rank": listing.rank,
            "published_on": listing.published_on.isoformat() if listing.published_on else None,
        }
        for listing in listings
    ]
    moved["contacts"] = [contact.id for contact in contacts]
    added = None
    if merged.squashed not in names | {alias.squashed for alias in aliases}:
        added = EnterpriseAlias(enterprise_id=kept.id, alias=merged.name, squashed=merged.squashed)
        db.add(added)
    db.flush()
    moved["alias_added"] = added and added.id


def _fill(db: Session, merged: Enterprise, kept: Enterprise, moved: dict[str, Any]) -> None:
    """What the kept one leaves open it takes from the merged one, which keeps it too; but for the code, unique."""
    filled = {}
    for field in FILLS:
        value = getattr(merged, field)
        if getattr(kept, field) is None and value is not None:
            filled[field] = [None, value]
            setattr(kept, field, value)
    if kept.ownership == Ownership.OTHER != merged.ownership:
        filled["ownership"] = [kept.ownership.value, merged.ownership.value]
        kept.ownership = merged.ownership
    moved["filled"], moved["uscc"] = filled, None
    if kept.uscc is None and merged.uscc is not None:
        moved["uscc"], merged.uscc = merged.uscc, None
        db.flush()  # one lets go before the other takes it
        kept.uscc = moved["uscc"]
    elif merged.uscc is not None:
        moved["warnings"].append(
            f"两家企业的统一社会信用代码不同（{kept.uscc}、{merged.uscc}），请核实是否同一法人；"
            f"{merged.uscc} 仍留在被并入的企业名下"
        )
    db.flush()


# -- undoing -------------------------------------------------------------------------------------------------------


def undo(db: Session, actor: Actor, merge_id: int, reason: str | None = None) -> EnterpriseMerge:
    """Put back what a merge moved, as far as it is still where the merge put it.

    Aliases and listings removed since come back to the merged one; what somebody changed on purpose since (a
    child's parent, a filled field) stays; a contact removed since stays removed and is named in the warnings.
    409 `undo_blocked` when the merged one cannot become again what it was.
    """
    trace = db.scalars(
        select(EnterpriseMerge)
        .where(EnterpriseMerge.id == merge_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if trace is None:
        raise NoMerge
    if trace.undone_at is not None:
        raise MergeUndone
    moved = trace.moved
    everyone = lock(db, [trace.kept_id, trace.merged_id, *moved["children"], *moved["merges"]])
    kept, merged = everyone[trace.kept_id], everyone[trace.merged_id]
    _expect_undoable(db, trace, kept)

    merged.merged_into_id = None
    for child_id in moved["children"]:
        if everyone[child_id].parent_id == kept.id:
            everyone[child_id].parent_id = merged.id
    for earlier_id in moved["merges"]:
        everyone[earlier_id].merged_into_id = merged.id
    if moved["parent"] is not None and kept.parent_id == moved["parent"]["after"]:
        kept.parent_id = moved["parent"]["before"]
    db.flush()
    for one in everyone.values():
        line = line_of(db, one.id)
        if len(set(line)) < len(line):
            raise UndoBlocked.because(f"合并后母子关系有变，撤销会使「{one.name}」成为自身的上级")

    _unfill(db, kept, merged, moved)
    lost = _parts_back(db, merged, moved)
    if lost:
        names = "、".join(str(contact_id) for contact_id in lost)
        warning = f"合并后已删除的联系人（编号 {names}）没有恢复"
        trace.moved = {**moved, "warnings": [*moved["warnings"], warning]}
    for one in (kept, merged):
        refresh_search(db, one)
    trace.undone_at, trace.undone_by = calendar.now(), actor.id
    events.record(
        db, "enterprise.unmerged", kept, reason=reason, kept_id=kept.id, merged_id=merged.id, merge_id=trace.id
    )
    return trace


def _expect_undoable(db: Session, trace: EnterpriseMerge, kept: Enterprise) -> None:
    reasons = []
    if kept.merged_into_id is not None:
        reasons.append(f"保留的企业后来并入了编号 {kept.merged_into_id} 的企业，请先撤销那次合并")
    # Two merges may have brought the same alias or project: only taking them back in turn gives each its own.
    later = db.scalar(
        select(func.max(EnterpriseMerge.id)).where(
            EnterpriseMerge.kept_id == trace.kept_id,
            EnterpriseMerge.id > trace.id,
            EnterpriseMerge.undone_at.is_(None),
        )
    )
    if later is not None:
        reasons.append(f"后来又有企业并入保留的企业，请先撤销编号 {later} 的合并")
    code = trace.moved["uscc"]
    taken = holder(db, code) if code is not None else None
    if taken is not None and taken.id != kept.id:
        reasons.append(f"统一社会信用代码 {code} 后来归了「{taken.name}」（编号 {taken.id}）")
    if reasons:
        raise UndoBlocked.because(*reasons)


def _unfill(db: Session, kept: Enterprise, merged: Enterprise, moved: dict[str, Any]) -> None:
    for field, (before, after) in moved["filled"].items():
        if events.plain(getattr(kept, field)) == after:
            setattr(kept, field, Ownership(before) if field == "ownership" else before)
    code = moved["uscc"]
    if code is not None:
        if kept.uscc == code:
            kept.uscc = None
            db.flush()
        merged.uscc = code


def _parts_back(db: Session, merged: Enterprise, moved: dict[str, Any]) -> list[int]:
    """Move aliases, listings and contacts back; the numbers of the contacts that are gone."""
    if moved["alias_added"] is not None:
        added = db.get(EnterpriseAlias, moved["alias_added"])
        if added is not None:
            db.delete(added)
    for was in moved["aliases"]:
        alias = db.get(EnterpriseAlias, was["id"])
        if alias is None:
            db.add(EnterpriseAlias(enterprise_id=merged.id, alias=was["alias"], squashed=was["squashed"]))
        else:
            alias.enterprise_id = merged.id
    for was in moved["listings"]:
        listing = db.get(Listing, was["id"])
        if listing is None:
            values = {name: was[name] for name in ("code", "year", "rank")}
            published_on = was["published_on"] and date.fromisoformat(was["published_on"])
            db.add(Listing(enterprise_id=merged.id, published_on=published_on, **values))
        else:
            listing.enterprise_id = merged.id
    lost = []
    for contact_id in moved["contacts"]:
        contact = db.get(Contact, contact_id)
        if contact is None:
            lost.append(contact_id)
        else:
            contact.enterprise_id = merged.id
    db.flush()
    return lost
