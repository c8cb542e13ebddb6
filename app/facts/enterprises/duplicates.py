"""Which enterprises may be the same one, and why one would think so."""

from typing import Any

from sqlalchemy import Connection, select

from app.facts.enterprises.models import Enterprise, EnterpriseAlias
from app.facts.enterprises.queries import NoEnterprise, Reader, find
from app.facts.enterprises.schemas import DuplicateCheck
from app.kernel.access import Actor
from app.kernel.names import best_matches, squash

SHOWN = 20


def candidates(
    db: Reader, names: list[str], uscc: str | None, parent_id: int | None, but: int | None = None
) -> list[dict[str, Any]]:
    """Enterprises that share the code, a name (squashed), nearly a name, or the parent; the likeliest first.

    Merged ones are left out: the one that was kept stands for them, under their names too.
    """
    rows = db.execute(
        select(
            Enterprise.id, Enterprise.name, Enterprise.uscc, Enterprise.ownership, Enterprise.region,
            Enterprise.parent_id,
        )
        .where(Enterprise.merged_into_id.is_(None), Enterprise.id != (but or 0))
        .order_by(Enterprise.id)
    ).all()  # fmt: skip
    known = {row.id: [row.name] for row in rows}
    for enterprise_id, alias in db.execute(select(EnterpriseAlias.enterprise_id, EnterpriseAlias.alias)):
        if enterprise_id in known:
            known[enterprise_id].append(alias)
    wanted = {squash(name) for name in names}
    scores: dict[int, float] = {}
    for name in names:
        for enterprise_id, score in best_matches(name, known, limit=SHOWN):
            scores[enterprise_id] = max(score, scores.get(enterprise_id, 0.0))
    same_code = find(db, uscc=uscc) if uscc is not None else None
    found = []
    for row in rows:
        same_name = any(squash(name) in wanted for name in known[row.id])
        likeness = 100.0 if same_name else scores.get(row.id)
        reasons = {
            "same_uscc": row.id == same_code,
            "same_name": same_name,
            "similar_name": likeness is not None and not same_name,
            "same_parent": parent_id is not None and row.parent_id == parent_id,
        }
        if any(reasons.values()):
            candidate = {
                "id": row.id,
                "name": row.name,
                "uscc": row.uscc,
                "ownership": row.ownership.value,
                "region": row.region,
                "reasons": [reason for reason, holds in reasons.items() if holds],
                "score": None if likeness is None else round(likeness),
            }
            found.append(((row.id != same_code, not same_name, -(likeness or 0.0), row.id), candidate))
    return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])][:SHOWN]


def of_known(connection: Connection, _actor: Actor, enterprise_id: int) -> dict[str, Any]:
    """What may be the same as an enterprise that is there; 404 when it is not."""
    row = connection.execute(
        select(Enterprise.name, Enterprise.uscc, Enterprise.parent_id).where(Enterprise.id == enterprise_id)
    ).one_or_none()
    if row is None:
        raise NoEnterprise
    aliases = connection.execute(
        select(EnterpriseAlias.alias).where(EnterpriseAlias.enterprise_id == enterprise_id)
    ).scalars()
    return {"items": candidates(connection, [row.name, *aliases], row.uscc, row.parent_id, but=enterprise_id)}


def of_new(connection: Connection, _actor: Actor, asked: DuplicateCheck) -> dict[str, Any]:
    """What may be the same as an enterprise that somebody is about to enter."""
    names = [] if asked.name is None else [asked.name]
    return {"items": candidates(connection, names, asked.uscc, asked.parent_id)}
