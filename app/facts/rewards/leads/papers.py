"""The papers of a lead and of its claim, and the honours that came of it."""

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.leads import queries
from app.facts.rewards.leads.models import Honour, Lead, LeadProviding, RewardPaper
from app.facts.rewards.leads.schemas import HonourIn
from app.facts.rewards.leads.service import open_for_change, project_unit
from app.facts.rewards.leads.terms import PaperKind
from app.facts.rewards.providers.schemas import has_number
from app.facts.rewards.sights import check_own
from app.identity.auth.queries import name_of
from app.kernel import calendar, files
from app.kernel.access import Actor
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import record
from app.kernel.files import Received


class SamePaper(Conflict):
    code = "same_paper"
    message = "这条线索已有这份材料：内容与种类都相同"
    english = "The lead has this very file as this kind of paper already."


def check_may_add(connection: Connection, actor: Actor, number: int) -> None:
    """Refuse before a file is taken in what would be refused afterwards."""
    row = connection.execute(
        select(Lead.unit_id, Project.unit_id.label("of_project"))
        .outerjoin(Project, Project.id == Lead.project_id)
        .where(Lead.id == number, sights.visible(actor, Lead))
    ).one_or_none()
    if row is None:
        raise queries.NoLead
    check_own(actor, row.unit_id, row.of_project)


def add(
    db: Session, actor: Actor, number: int, kind: PaperKind, file: Received, note: str | None
) -> tuple[Lead, RewardPaper]:
    """Link a received file to a lead. A withdrawn one takes papers too: a claim may be clawed back afterwards."""
    lead = queries.get(db, actor, number, lock=True)
    check_own(actor, lead.unit_id, project_unit(db, lead.project_id))
    if has_number(file.name):  # whoever sees the paper listed sees its name
        raise Invalid.field("file", "personal_number", "文件名中有证件号码或银行账号，请改名后再上传")
    same = select(RewardPaper.id).where(
        RewardPaper.lead_id == lead.id, RewardPaper.sha256 == file.sha256, RewardPaper.kind == kind
    )
    if db.scalars(same).first() is not None:
        raise SamePaper
    files.keep(db, actor, file)
    paper = RewardPaper(
        lead_id=lead.id, kind=kind, sha256=file.sha256, filename=file.name, note=note, uploaded_at=calendar.now(),
        uploaded_by=actor.id, uploaded_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(paper)
    db.flush()
    record(db, "lead.paper_added", lead, paper=paper.id, of=kind)
    return lead, paper


def honour(db: Session, actor: Actor, number: int, body: HonourIn) -> tuple[Lead, Honour]:
    """Record an honour that a provider was given for a lead."""
    lead = open_for_change(db, actor, number)
    given = select(LeadProviding.id).where(LeadProviding.lead_id == lead.id, LeadProviding.provider_id == body.provider)
    if db.execute(given).one_or_none() is None:
        raise Invalid.field("provider", "unknown_provider", "不是这条线索的引资人")
    if body.paper is not None:
        queries.paper_of(db, lead.id, body.paper)
    row = Honour(
        lead_id=lead.id, provider_id=body.provider, title=body.title, awarded_on=body.awarded_on, basis=body.basis,
        paper_id=body.paper, entered_at=calendar.now(), entered_by=actor.id, entered_by_name=name_of(db, actor),
    )  # fmt: skip
    db.add(row)
    db.flush()
    record(db, "lead.honoured", lead, honour=row.id)
    return lead, row
