"""The public notice of a claim as a document: whom, for which project, how much, until when. Names, nothing else."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.facts.rewards.claims import queries
from app.facts.rewards.claims.terms import Verb
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.terms import PROVIDER_KIND_LABELS
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.documents import word
from app.kernel.errors import Conflict
from app.kernel.money import format_yuan

TITLE = "引资人奖励公示"


class NotPublished(Conflict):
    code = "not_published"
    message = "申报尚未公示"
    english = "The claim has not been shown in public yet."


@cache
def template() -> bytes:
    """The document that is filled in."""
    return Path(__file__).with_name("notice.docx").read_bytes()


def notice(connection: Connection, actor: Actor, number: int, bureau: str) -> bytes:
    """The notice of a claim the actor may see; 409 before there is one. It tells what was kept when it was reviewed."""
    row = queries.row_of(connection, actor, number)
    if row.notice_from is None or row.notice_to is None:
        raise NotPublished
    # What is approved or taken back later does not change what was shown in public.
    kept = queries.newest(connection, number, Verb.REVIEW)
    shares = kept.body["shares"]
    people = {
        one.id: one
        for one in connection.execute(
            select(LeadProvider.id, LeadProvider.name, LeadProvider.kind).where(
                LeadProvider.id.in_([share["provider"] for share in shares])
            )
        )
    }
    values: dict[str, Any] = {
        "basis": f"《{kept.body['label']}》（{kept.body['basis']}）",
        "starts": said(row.notice_from),
        "ends": said(row.notice_to),
        "rows": [
            {
                "name": people[share["provider"]].name,
                "kind": PROVIDER_KIND_LABELS[people[share["provider"]].kind],
                "project": row.project_name,
                "amount": format_yuan(share["gross"]),
            }
            for share in shares
        ],
        "total": format_yuan(kept.gross_fen),
        "office": bureau,
        "dated": said(row.notice_from),
    }
    at = calendar.midnight_of(row.notice_from)
    return word.render(template(), values, title=TITLE, author=bureau, at=at)


def said(day: date) -> str:
    """2026年10月12日."""
    return f"{day.year}年{day.month}月{day.day}日"
