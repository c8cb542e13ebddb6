"""Engagements as figures count them: a trip once, with the units, enterprises and projects of all its reports."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, exists, func, literal, null, or_, select, type_coerce
from sqlalchemy.orm import aliased

from app.facts.engagements.models import (
    COUNTS_ON,
    Engagement,
    EngagementEnterprise,
    EngagementPerson,
    EngagementProject,
    EngagementUnit,
)
from app.facts.engagements.terms import ONLINE, EngagementKind
from app.facts.enterprises.models import Enterprise, Listing, Ownership
from app.facts.projects.models import Project
from app.figures.facts import FROM_DAY, TO_DAY, Source
from app.identity.units.models import UnitTerm
from app.kernel.db import Hundredths

_ENGAGEMENT: FromClause = Engagement.__table__
_UNIT: FromClause = EngagementUnit.__table__
_ENTERPRISE: FromClause = Enterprise.__table__
_told_by, _met_by = aliased(Engagement), aliased(Engagement)


def _is_of_trip(report: Any) -> ColumnElement[bool]:
    return or_(report.id == Engagement.id, report.joined_into_id == Engagement.id)


def _with_units(table: FromClause) -> FromClause:
    return table.join(_told_by, _is_of_trip(_told_by)).join(_UNIT, EngagementUnit.engagement_id == _told_by.id)


def _through(link: FromClause, to: FromClause, on: ColumnElement[bool]) -> FromClause:
    """Engagements with what they have to do with, by way of the reports that say so."""
    reports = _ENGAGEMENT.join(_met_by, _is_of_trip(_met_by))
    return reports.join(link, link.c.engagement_id == _met_by.id).join(to, on)


def _tier_of_unit(*tables: Any) -> ColumnElement[Any]:
    term = select(UnitTerm.tier).where(UnitTerm.unit_id == EngagementUnit.unit_id)
    on_the_day = term.where(UnitTerm.valid_from <= Engagement.starts_on).order_by(UnitTerm.valid_from.desc())
    first = term.order_by(UnitTerm.valid_from)
    return func.coalesce(*(one.limit(1).correlate(*tables).scalar_subquery() for one in (on_the_day, first)))


_NO_AMOUNT = literal(0)
_DAYS = type_coerce(Engagement.half_days * 50, Hundredths)
_LED = exists(
    select(EngagementPerson.id)
    .join(_met_by, _met_by.id == EngagementPerson.engagement_id)
    .where(EngagementPerson.principal.is_(True), _is_of_trip(_met_by))
    .correlate(_ENGAGEMENT)
)
_OF_NOTE = exists(select(Listing.id).where(Listing.enterprise_id == Enterprise.id).correlate(_ENTERPRISE))


def _engagements(
    code: str,
    label: str,
    *conditions: ColumnElement[bool],
    link: Any = None,
    of: Any = None,
    amount: ColumnElement[int] = _NO_AMOUNT,
    shown: ColumnElement[Any] | None = None,
    unit: str = "次",
) -> Source:
    """Engagements; with `link` and `of` what they have to do with: enterprises or projects, each counted once."""
    narrow, row_id, entity = _ENGAGEMENT, Engagement.id, Engagement.id
    tables: list[Any] = [_ENGAGEMENT]
    columns: dict[str, ColumnElement[Any]] = {
        "project": null(), "name": Engagement.title.expression, "sector": null(), "stage": null(), "status": null(),
        "engagement": Engagement.id.expression, "enterprise": null(), "enterprise_name": null(),
        "amount": null() if shown is None else shown,
    }  # fmt: skip
    if of is not None:
        narrow = _through(link.__table__, of.__table__, of.id == link.__table__.c[f"{of.__tablename__}_id"])
        tables += [_met_by, link.__table__, of.__table__]
        row_id, entity = link.id, of.id
    if of is Project:
        columns |= {name: getattr(Project, name) for name in ("name", "sector", "stage", "status")}
        columns["project"] = Project.code.expression
    elif of is Enterprise:
        columns |= {"enterprise": Enterprise.id.expression, "enterprise_name": Enterprise.name.expression}
    everything: tuple[Any, ...] = (*tables, _told_by, _UNIT)
    parts = {"unit": EngagementUnit.unit_id.expression, "tier": _tier_of_unit(*everything)}
    return Source(
        code=code,
        label=label,
        kind="engagement" if of is None else link.__tablename__,
        table=_with_units(narrow),
        tables=everything,
        row_id=row_id.expression,
        happened=Engagement.starts_on.expression,
        event=COUNTS_ON,
        amount=amount,
        where=(
            *conditions,
            COUNTS_ON >= FROM_DAY,
            COUNTS_ON <= TO_DAY,
            Engagement.joined_into_id.is_(None),
            Engagement.voided_at.is_(None),
        ),
        sort=COUNTS_ON,
        unit=unit,
        entity=entity.expression,
        parts=parts | ({"ownership": Enterprise.ownership.expression} if of is Enterprise else {}),
        narrow=narrow,
        columns=columns,
    )


def _kind(*kinds: EngagementKind) -> ColumnElement[bool]:
    return or_(*(Engagement.kind == kind for kind in kinds))


K = EngagementKind
_OUT = _kind(K.OUTGOING_VISIT)
_FACE_TO_FACE: dict[str, Any] = {"link": EngagementEnterprise, "of": Enterprise}
ENGAGEMENT_SOURCES = (
    _engagements("outgoing_visits", "外出拜访", _OUT, amount=Engagement.half_days.expression, shown=_DAYS, unit="天"),
    _engagements("leader_trips", "主要领导带队外出拜访", _OUT, _LED, shown=_DAYS),
    _engagements(
        "incoming_visits", "企业到访", _kind(K.INCOMING_VISIT), amount=func.coalesce(Engagement.visitors, 0),
        shown=Engagement.visitors.expression, unit="人次",
    ),
    _engagements("events", "招商活动", _kind(K.EVENT)),
    _engagements("press", "新闻宣传", _kind(K.PRESS)),
    _engagements("visited", "拜访的企业", _OUT, **_FACE_TO_FACE),
    _engagements("promoted", "推介的企业", _kind(K.PROMOTION), **_FACE_TO_FACE),
    _engagements("contacts", "对接的上榜企业", Engagement.kind != K.PRESS, _OF_NOTE, **_FACE_TO_FACE),
    _engagements("online_talks", "视频对接的项目", _kind(*sorted(ONLINE)), link=EngagementProject, of=Project),
)  # fmt: skip

ENGAGEMENT_CONDITIONS: dict[str, ColumnElement[bool]] = {
    **{word.value: Enterprise.ownership == word for word in Ownership},
    # Of a joint trip the one whose report was kept.
    "reporting": EngagementUnit.unit_id == Engagement.unit_id,
}
