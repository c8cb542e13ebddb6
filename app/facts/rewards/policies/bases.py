"""What rewards are computed from, read for any number of projects in four statements."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.orm import Session

from app.facts.enterprises.models import Enterprise, Listing, ListingCode
from app.facts.funds import queries as funds
from app.facts.outcomes import queries as outcomes
from app.facts.outcomes.terms import OutcomeKind
from app.facts.projects.models import Project, ProjectEnterprise
from app.facts.rewards.policies.calculation import Bases

MOST = 20_000
"""Projects in one statement: SQLite takes no more than 32,766 values."""


def bases_of(db: Connection | Session, project_ids: Collection[int], as_of: date) -> dict[int, Bases]:
    """The bases of these projects as they stood on a day, by the days on which things happened.

    What was recognised until then counts, reversals until then taken off. Land, planned total, contract amount and
    registered capital (of the landed company, else of the main investor) are those on record today; listings those
    of the investor and its parent up to the day's year. Four statements for every 20,000 projects.
    """
    wanted, found = sorted(set(project_ids)), {}
    for start in range(0, len(wanted), MOST):
        found.update(_of(db, wanted[start : start + MOST], as_of))
    return found


def _of(db: Connection | Session, ids: list[int], as_of: date) -> dict[int, Bases]:
    arrived = funds.recognised_by_source(db, ids, as_of)
    came = outcomes.recognised(db, ids, as_of)
    listed = _listings(db, ids, as_of)
    landed = (
        select(func.sum(Enterprise.registered_capital_fen))
        .join(ProjectEnterprise, ProjectEnterprise.enterprise_id == Enterprise.id)
        .where(ProjectEnterprise.project_id == Project.id, ProjectEnterprise.role == "landed")
        .correlate(Project)
        .scalar_subquery()
    )
    main = (
        select(Enterprise.registered_capital_fen)
        .where(Enterprise.id == Project.enterprise_id)
        .correlate(Project)
        .scalar_subquery()
    )
    rows = db.execute(
        select(
            Project.id,
            Project.land_mu,
            Project.investment_fen,
            Project.contract_fen,
            func.coalesce(landed, main, 0).label("capital"),
        ).where(Project.id.in_(ids))
    )
    return {
        row.id: Bases(
            fixed_asset_investment_fen=came[row.id, OutcomeKind.FIXED_ASSET_INVESTMENT],
            funds_fen=arrived[row.id],
            paid_in_capital_fen=came[row.id, OutcomeKind.PAID_IN_CAPITAL],
            local_contribution_fen=came[row.id, OutcomeKind.LOCAL_CONTRIBUTION],
            land_area=row.land_mu or 0,
            registered_capital_fen=int(row.capital),
            investment_fen=row.investment_fen,
            contract_fen=row.contract_fen,
            listings=listed[row.id],
        )
        for row in rows
    }


def _listings(db: Connection | Session, ids: list[int], as_of: date) -> dict[int, frozenset[ListingCode]]:
    rows = db.execute(
        select(Project.id, Listing.code)
        .join(Enterprise, Enterprise.id == Project.enterprise_id)
        .join(Listing, or_(Listing.enterprise_id == Enterprise.id, Listing.enterprise_id == Enterprise.parent_id))
        .where(Project.id.in_(ids), Listing.year <= as_of.year)
        .distinct()
    )
    found: defaultdict[int, frozenset[ListingCode]] = defaultdict(frozenset)
    for number, code in rows:
        found[number] |= {code}
    return found
