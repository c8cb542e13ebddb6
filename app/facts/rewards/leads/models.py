from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, object_session

from app.facts.projects.models import Project
from app.facts.rewards.leads.terms import Exclusion, PaperKind, Verdict
from app.kernel.db import Base, Id, Instant, Word, text_key
from app.kernel.events import Logged


class Lead(Logged, Base):
    """What somebody told of an investment. It is not corrected: a wrong one is withdrawn and registered anew.

    Who was first is told by the number of its first event in the log. What was told may name people: it is not logged.
    """

    __tablename__ = "lead"
    __subject__ = "lead"
    __personal__ = frozenset({"information", "investor", "confirmed_by", "withdrawn_reason"})
    __table_args__ = (Index("ix_lead_received", "received_on", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    information: Mapped[str] = mapped_column(Text)
    investor: Mapped[str | None] = mapped_column(String(200))
    received_on: Mapped[date] = mapped_column(Date)
    first_contact_on: Mapped[date | None] = mapped_column(Date)
    late: Mapped[bool]
    rule: Mapped[str] = mapped_column(text_key(40))  # by which version of the procedure it is late or not
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)  # that took it; None: the bureau
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    registered_on: Mapped[date] = mapped_column(Date)
    registered_at: Mapped[datetime] = mapped_column(Instant)
    registered_by: Mapped[int] = mapped_column(Id)
    registered_by_name: Mapped[str] = mapped_column(String(60))
    linked_at: Mapped[datetime | None] = mapped_column(Instant)
    linked_by: Mapped[int | None] = mapped_column(Id)
    linked_by_name: Mapped[str | None] = mapped_column(String(60))
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    confirmed_by: Mapped[str | None] = mapped_column(String(200))  # who spoke for the investor
    confirmation_id: Mapped[int | None] = mapped_column(Id)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_entered_by: Mapped[int | None] = mapped_column(Id)
    confirmed_entered_by_name: Mapped[str | None] = mapped_column(String(60))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by: Mapped[int | None] = mapped_column(Id)
    withdrawn_by_name: Mapped[str | None] = mapped_column(String(60))
    withdrawn_reason: Mapped[str | None] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(default=1)

    def subject_id(self) -> int:
        return self.id

    def subject_sight(self) -> Any:
        return seen_by(self)


def seen_by(row: Any) -> dict[str, Any]:
    """Who may see a lead or a claim, told by its unit, and by the unit and the sight that its project has now."""
    db = object_session(row)
    project = None if db is None or row.project_id is None else db.get(Project, row.project_id)
    if project is None:
        return sight_of([row.unit_id], None)
    return sight_of([row.unit_id, project.unit_id], project.sight)


def sight_of(units: Iterable[int | None], project: Any) -> dict[str, Any]:
    """The value of a sight."""
    return {"units": sorted({unit for unit in units if unit is not None}), "project": project}


class LeadProviding(Logged, Base):
    """Somebody who gave the lead, alone or with others."""

    __tablename__ = "lead_providing"
    __subject__ = "lead"
    __table_args__ = (UniqueConstraint("lead_id", "provider_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("lead_provider.id"), index=True)

    def subject_id(self) -> int:
        return self.lead_id


class RewardPaper(Logged, Base):
    """A paper of a lead or of the claim that came of it. Papers are not taken back."""

    __tablename__ = "reward_paper"
    __subject__ = "lead"
    __personal__ = frozenset({"filename", "note"})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    kind: Mapped[PaperKind] = mapped_column(Word(PaperKind, 20))
    sha256: Mapped[str] = mapped_column(text_key(64), ForeignKey("stored_file.sha256"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    note: Mapped[str | None] = mapped_column(String(500))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_by: Mapped[int] = mapped_column(Id)
    uploaded_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.lead_id


class LeadExclusion(Logged, Base):
    """One reason why a provider might not be rewarded: what the provider says, and what an officer found.

    What somebody says of himself, and why an officer thinks otherwise, is not logged; that it changed is.
    """

    __tablename__ = "lead_exclusion"
    __subject__ = "lead"
    __personal__ = frozenset({"declared", "remarks"})
    __table_args__ = (UniqueConstraint("lead_id", "provider_id", "kind"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("lead_provider.id"), index=True)
    kind: Mapped[Exclusion] = mapped_column(Word(Exclusion, 20))
    declared: Mapped[bool]
    declaration_id: Mapped[int | None] = mapped_column(ForeignKey("reward_paper.id"))
    declared_at: Mapped[datetime] = mapped_column(Instant)
    declared_entered_by: Mapped[int] = mapped_column(Id)
    declared_entered_by_name: Mapped[str] = mapped_column(String(60))
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict, 12))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("reward_paper.id"))
    remarks: Mapped[str | None] = mapped_column(String(500))
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    checked_by: Mapped[int | None] = mapped_column(Id)
    checked_by_name: Mapped[str | None] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.lead_id


class Honour(Logged, Base):
    """An honour (荣誉) that a provider was given for a lead, beside money or without it."""

    __tablename__ = "reward_honour"
    __subject__ = "lead"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("lead_provider.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    awarded_on: Mapped[date] = mapped_column(Date)
    basis: Mapped[str] = mapped_column(String(300))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("reward_paper.id"))
    entered_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[int] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(String(60))

    def subject_id(self) -> int:
        return self.lead_id
