"""The register of payments as a list, and as a spreadsheet: names, and no other personal data."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from sqlalchemy import Connection, and_, extract, select

from app.facts.projects.models import Project
from app.facts.rewards import sights
from app.facts.rewards.budgets.models import RewardBudget
from app.facts.rewards.claims.models import Claim, ClaimCalculation, ClaimInstalment, RewardPayment
from app.facts.rewards.providers.models import LeadProvider
from app.facts.rewards.providers.terms import PROVIDER_KIND_LABELS, ProviderKind
from app.facts.rewards.register.schemas import PaymentFilter
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.access import Actor
from app.kernel.money import parse_yuan
from app.kernel.paging import Listing, Where
from app.kernel.sheets import ColumnOut, SheetOut, write_workbook

_POLICY_LABEL = (
    select(ClaimCalculation.body["label"].as_string())
    .where(ClaimCalculation.claim_id == Claim.id)
    .order_by(ClaimCalculation.id.desc())
    .limit(1)
    .correlate(Claim)
    .scalar_subquery()
)
"""What the policy is called in the version that the claim was computed by."""

PAYMENTS = Listing(
    name="reward_payments",
    asked=PaymentFilter,
    source=select(
        RewardPayment.id,
        RewardPayment.claim_id.label("claim"),
        ClaimInstalment.number.label("instalment"),
        Project.code.label("project"),
        Project.name.label("project_name"),
        Unit.code.label("unit"),
        Unit.name.label("unit_name"),
        RewardPayment.provider_id.label("provider"),
        LeadProvider.name,
        LeadProvider.kind,
        Claim.policy,
        _POLICY_LABEL.label("policy_label"),
        Claim.fund,
        RewardBudget.label.label("fund_label"),
        Claim.year,
        RewardPayment.paid_on,
        RewardPayment.tax,
        RewardPayment.gross_fen.label("gross"),
        RewardPayment.taxable_fen.label("taxable"),
        RewardPayment.withheld_fen.label("withheld"),
        RewardPayment.net_fen.label("net"),
        RewardPayment.by_name.label("by"),
    )
    .select_from(RewardPayment)
    .join(Claim, Claim.id == RewardPayment.claim_id)
    .join(Project, Project.id == Claim.project_id)
    .join(LeadProvider, LeadProvider.id == RewardPayment.provider_id)
    .outerjoin(ClaimInstalment, ClaimInstalment.id == RewardPayment.instalment_id)
    .outerjoin(Unit, Unit.id == Claim.unit_id)
    .outerjoin(RewardBudget, and_(RewardBudget.fund == Claim.fund, RewardBudget.year == Claim.year)),
    key=RewardPayment.__table__.c.id,
    sorts={"paid_on": RewardPayment.__table__.c.paid_on, "id": RewardPayment.__table__.c.id},
    filters={
        "paid_in": Where(lambda value: extract("year", RewardPayment.paid_on) == value),
        "fund": Where(lambda value: Claim.fund == value),
        "year": Where(lambda value: Claim.year == value),
        "project": Where(lambda value: Project.code == value),
        "provider": Where(lambda value: RewardPayment.provider_id == value),
    },
    default_sort="-paid_on",
)

COLUMNS = (
    ColumnOut("支付日期", 12, "date"),
    ColumnOut("项目编号", 18),
    ColumnOut("项目名称", 30),
    ColumnOut("责任单位", 20),
    ColumnOut("引资人", 16),
    ColumnOut("类别", 8),
    ColumnOut("奖励政策", 20),
    ColumnOut("期次", 8, "integer"),
    ColumnOut("列支资金", 18),
    ColumnOut("列支年度", 10),
    ColumnOut("税目", 18),
    ColumnOut("奖励(元)", 14, "decimal"),
    ColumnOut("计税部分(元)", 14, "decimal"),
    ColumnOut("代扣税款(元)", 14, "decimal"),
    ColumnOut("实付(元)", 14, "decimal"),
    ColumnOut("说明", 10),
    ColumnOut("办理人", 12),
)


def page(connection: Connection, actor: Actor, asked: PaymentFilter) -> bytes:
    """A page of the payments of claims that the actor may see."""
    return PAYMENTS.page(connection, asked, sights.sight(actor, Claim))


def book(connection: Connection, actor: Actor, asked: PaymentFilter, district: str) -> BytesIO:
    """All of them as a spreadsheet, by day."""
    rows = list(_rows(connection, actor, asked))  # what is refused is refused before a book is begun
    out = BytesIO()
    notes = (f"{district}引资人奖励支付台账（截至 {calendar.today().isoformat()}；追回以负数列示）",)
    write_workbook(out, [SheetOut("支付台账", COLUMNS, rows, notes, frozen=3, spare_rows=0)])
    out.seek(0)
    return out


def _rows(connection: Connection, actor: Actor, asked: PaymentFilter) -> Iterator[list[Any]]:
    query = asked.model_copy(update={"limit": 200, "after": None, "sort": asked.sort or "paid_on", "count": False})
    while True:
        found = PAYMENTS.found(connection, query, sights.sight(actor, Claim))
        for row in found["items"]:
            yield _cells(row)
        if found["next"] is None:
            return
        query = query.model_copy(update={"after": found["next"]})


def _cells(row: dict[str, Any]) -> list[Any]:
    day = row["paid_on"]
    money = [Decimal(parse_yuan(row[name])) / 100 for name in ("gross", "taxable", "withheld", "net")]
    return [
        date.fromisoformat(day) if isinstance(day, str) else day,
        row["project"],
        row["project_name"],
        row["unit_name"],
        row["name"],
        PROVIDER_KIND_LABELS[ProviderKind(row["kind"])],
        row["policy_label"],
        row["instalment"],
        row["fund_label"] or row["fund"],
        str(row["year"]),
        row["tax"],
        *money,
        "追回" if row["instalment"] is None else "支付",
        row["by"],
    ]
