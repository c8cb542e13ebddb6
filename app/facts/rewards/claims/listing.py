"""The lists of claims and of payments."""

from sqlalchemy import Connection, exists, select

from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.claims.models import Claim, ClaimShare
from app.facts.rewards.claims.schemas import ClaimFilter
from app.identity.units.models import Unit
from app.kernel.access import Actor
from app.kernel.paging import Listing, Where

CLAIMS = Listing(
    name="claims",
    asked=ClaimFilter,
    source=select(
        Claim.id,
        Claim.lead_id.label("lead"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Unit.code.label("unit"),
        Claim.policy,
        Claim.fund,
        Claim.year,
        Claim.state,
        Claim.notice_to,
        Claim.gross_fen.label("gross"),
        Claim.now_fen.label("current_gross"),
        Claim.paid_fen.label("paid"),
        Claim.filed_on,
    )
    .select_from(Claim)
    .join(Project, Project.id == Claim.project_id)
    .outerjoin(Unit, Unit.id == Claim.unit_id),
    key=Claim.__table__.c.id,
    sorts={"id": Claim.__table__.c.id, "gross": Claim.__table__.c.gross_fen, "filed_on": Claim.__table__.c.filed_on},
    filters={
        "state": Where(lambda value: Claim.state == value),
        "project": Where(lambda value: Project.code == value),
        "unit": Where(lambda value: Unit.code == value),
        "provider": Where(
            lambda value: exists().where(ClaimShare.claim_id == Claim.id, ClaimShare.provider_id == value)
        ),
        "policy": Where(lambda value: Claim.policy == value),
        "fund": Where(lambda value: Claim.fund == value),
        "year": Where(lambda value: Claim.year == value),
        "differs": Where(lambda value: (Claim.now_fen != Claim.gross_fen) == value),
    },
    default_sort="-id",
)


def page(connection: Connection, actor: Actor, asked: ClaimFilter) -> bytes:
    """A page of the claims the actor may see."""
    return CLAIMS.page(connection, asked, sights.sight(actor, Claim))
