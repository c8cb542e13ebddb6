"""Projects and their funds as payloads: columns selected and spelled in bulk, two statements for any number of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, String, case, cast, func, literal, select, type_coerce

from app.exchange.municipal.rules import Report
from app.exchange.municipal.wire.contract import RecordKind
from app.facts.enterprises.models import Enterprise
from app.facts.funds.models import FundEntry
from app.facts.projects.models import Project
from app.facts.projects.terms import Confidentiality, Stage, Status
from app.facts.recognition.terms import EntryState
from app.identity.units.models import Unit
from app.kernel.among import among, numbers
from app.kernel.db import Fen
from app.kernel.statements import Statement

Payload = dict[str, Any]
Ours = tuple[RecordKind, str, int, Payload]
"""Kind, key, number of the project, payload in our own names and codes."""

# What figures say of starts in a week, so that the started projects of a week add up to its amount.
_STARTED_AMOUNT = type_coerce(
    case((Project.started_on.is_not(None), func.coalesce(Project.first_formal_fen, literal(0)))), Fen
)
_PROJECTS = Statement(
    select(
        Project.code, Project.name, Project.kind, Project.stage, Project.status, Project.sector, Project.industry,
        Project.chain, Project.origin_region, Project.park, Project.place, Unit.name.label("unit"),
        Enterprise.name.label("enterprise"), Enterprise.uscc, Enterprise.ownership, Project.national_code,
        Project.investment_fen.label("investment"), Project.framework_on, Project.signed_on,
        Project.contract_fen.label("contract_amount"), Project.registered_on, Project.approved_on, Project.land_on,
        Project.started_on, _STARTED_AMOUNT.label("started_amount"), Project.completed_on, Project.production_on,
        Project.full_capacity_on, Project.funds_fen.label("funds"), Project.land_mu, Project.jobs,
        Project.id, Project.confidentiality, Project.archived_on,
    )
    .select_from(Project)
    .outerjoin(Unit, Unit.id == Project.unit_id)
    .outerjoin(Enterprise, Enterprise.id == Project.enterprise_id)
    .where(among(Project.id, "projects"))
    .order_by(Project.id)
)  # fmt: skip
_FUNDS = Statement(
    select(
        cast(FundEntry.id, String).label("number"), FundEntry.arrived_on, FundEntry.amount_fen.label("amount"),
        FundEntry.source, FundEntry.kind, cast(FundEntry.reverses_id, String).label("reverses"), FundEntry.project_id,
    )
    .where(among(FundEntry.project_id, "projects"), FundEntry.state == EntryState.RECOGNISED)
    .order_by(FundEntry.id)
)  # fmt: skip

_STAGE_ORDER = {str(stage): stage.order for stage in Stage}
_ENDED = frozenset({str(Status.TERMINATED), str(Status.WITHDRAWN)})


def is_reported(line: Mapping[str, Any], report: Report) -> bool:
    """Whether the city is told of a project, by `stage`, `status`, `confidentiality` and `archived_on`; a sealed one
    never."""
    return (
        line["confidentiality"] != Confidentiality.SEALED
        and (report.internal or line["confidentiality"] == Confidentiality.OPEN)
        and _STAGE_ORDER[line["stage"]] >= report.from_stage.order
        and (report.archived or line["archived_on"] is None)
        and (report.ended == "status" or line["status"] not in _ENDED)
    )


def of_projects(connection: Connection, report: Report, ids: Sequence[int], district: str) -> Iterator[Ours]:
    """What the city should hold of these projects: each that is reported, and its recognised funds."""
    chosen = {"projects": numbers(ids)}
    reported: dict[int, str] = {}
    for line in _PROJECTS.lines(connection, _PROJECTS.rows(connection, chosen)):
        if not is_reported(line, report):
            continue
        number = line.pop("id")
        del line["confidentiality"], line["archived_on"]
        line["district"] = district
        reported[number] = line["code"]
        if RecordKind.PROJECT in report.kinds:
            yield RecordKind.PROJECT, line["code"], number, line
    if not reported or RecordKind.FUND not in report.kinds:
        return
    for line in _FUNDS.lines(connection, _FUNDS.rows(connection, chosen)):
        number = line.pop("project_id")
        code = reported.get(number)
        if code is not None:
            line["project"] = code
            yield RecordKind.FUND, line["number"], number, line
