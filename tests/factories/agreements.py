"""Agreements for tests, recorded as the service records them: the project's derived columns follow."""

from datetime import date

from sqlalchemy.orm import Session

from app.facts.agreements import service
from app.facts.agreements.models import Agreement, AgreementType
from app.facts.projects.models import Project

YI = 10_000_000_000  # 1亿元 in fen


def make_agreement(
    db: Session,
    project: Project,
    type: AgreementType | str = AgreementType.FORMAL,
    signed_on: date = date(2020, 8, 18),
    *,
    amount_fen: int | None = None,
    increment_fen: int | None = None,
    number: str | None = None,
    parties: str | None = None,
    note: str | None = None,
) -> Agreement:
    """A paper of the project; a formal contract is worth 1亿元 unless told otherwise."""
    kind = AgreementType(type)
    if kind is AgreementType.FORMAL and amount_fen is None:
        amount_fen = YI
    return service.add(
        db, project, type=kind, signed_on=signed_on, number=number, amount_fen=amount_fen,
        increment_fen=increment_fen, parties=parties, note=note,
    )  # fmt: skip
