"""What is said of clearances, in and out."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from app.facts.commitments.schemas import AnyDay, Input, Note, PromiseOut, Reason, UnitCode
from app.facts.commitments.terms import ClauseKind, ClauseState, Party
from app.kernel.calendar import PastDay
from app.kernel.paging import PageQuery
from app.kernel.text import Line
from app.published.clearances.terms import VERDICT_LABELS, ClauseVerdict

VERDICT = "认定：" + "、".join(f"{word.value} {label}" for word, label in VERDICT_LABELS.items())
PROJECT = Annotated[str, Field(pattern="^[0-9A-Za-z-]{1,20}$")]


class ClearanceIn(Input):
    """Which agreements are gone through."""

    title: Line = Field(description="名称", examples=["2015年以来招商引资合同履约清理"])
    since: PastDay = Field(description="自该日起签订的正式合同", examples=["2015-01-01"])
    unit: UnitCode | None = Field(None, description="只清理该责任单位的项目；不填为全区", examples=[None])
    note: Note | None = Field(None, description="说明", examples=["区政府第 12 次常务会议部署"])


class ClearanceFindingIn(Input):
    """What was found of a clause, and what is done about it."""

    finding: ClauseVerdict = Field(description=VERDICT, examples=["due_unpaid"])
    reason: Reason | None = Field(None, description="理由；与建议不同时必填", examples=["已以减免租金抵顶"])
    action: Note | None = Field(None, description="处理措施", examples=["列入明年预算兑现"])
    owner: UnitCode | None = Field(None, description="承办单位编码；不填为条款的责任单位", examples=["czj"])
    deadline: AnyDay | None = Field(None, description="办理时限，当日仍不为逾期", examples=["2027-03-31"])


class ClearanceDoneIn(Input):
    """That what was to be done was done."""

    on: PastDay = Field(description="办结日期", examples=["2026-11-20"])
    note: Note = Field(description="办理结果", examples=["已拨付"])


class ClearanceFilter(PageQuery):
    """What the list of clearances can be asked."""

    sorts: ClassVar[tuple[str, ...]] = ()


class FindingFilter(PageQuery):
    """What the findings of a clearance can be asked."""

    sorts: ClassVar[tuple[str, ...]] = ()

    finding: ClauseVerdict | None = Field(None, description=VERDICT, examples=["due_unpaid"])
    proposed: ClauseVerdict | None = Field(None, description="建议的" + VERDICT, examples=[None])
    project: PROJECT | None = Field(None, description="项目编号", examples=["500114-2020-0046"])
    owner: UnitCode | None = Field(None, description="承办单位编码", examples=["czj"])
    confirmed: bool | None = Field(None, description="true：已认定的；false：待认定的", examples=[False])
    done: bool | None = Field(None, description="true：已办结的；false：未办结的", examples=[False])


class ClearanceRow(BaseModel):
    """A clearance in a list."""

    id: int = Field(description="清理编号", examples=[1])
    title: str = Field(description="名称", examples=["2015年以来招商引资合同履约清理"])
    since: date = Field(description="自该日起签订的正式合同", examples=["2015-01-01"])
    on: date = Field(description="快照日期：条款按该日的状态列入", examples=["2026-11-24"])
    unit: str | None = Field(description="只清理该责任单位；null 为全区", examples=[None])
    agreements: int = Field(description="正式合同份数", examples=[231])
    without_clauses: int = Field(description="其中未登记条款的", examples=[0])
    clauses: int = Field(description="条款数", examples=[1500])
    note: str | None = Field(description="说明", examples=[None])
    entered_by: str = Field(description="发起人", examples=["王芳"])
    entered_at: datetime = Field(description="发起时间", examples=["2026-11-24T01:00:00Z"])


class ClearanceProgressOut(BaseModel):
    """How far a unit has come with what it has to do; among the projects that the caller may see."""

    unit: str | None = Field(description="承办单位编码；null 未指定", examples=["czj"])
    unit_name: str | None = Field(description="承办单位", examples=["区财政局"])
    clauses: int = Field(description="条款数", examples=[40])
    confirmed: int = Field(description="已认定", examples=[32])
    to_settle: int = Field(description="认定为到期未兑现、企业违约或情况不清的", examples=[6])
    done: int = Field(description="其中已办结", examples=[2])
    late: int = Field(description="其中过了时限而未办结", examples=[1])


class VerdictCount(BaseModel):
    """How many clauses were found so."""

    finding: ClauseVerdict = Field(description=VERDICT, examples=["fulfilled"])
    label: str = Field(description="认定", examples=["已履行"])
    clauses: int = Field(description="条款数", examples=[900])
    confirmed: int = Field(description="其中已由人认定", examples=[880])


class ClearanceOut(ClearanceRow):
    """A clearance and how far it has come."""

    report: str | None = Field(
        description="最近发布的报告（期号与版次）；null 尚未发布", examples=["clearance/2026/1/1"]
    )  # fmt: skip
    findings: list[VerdictCount] = Field(description="各种认定的条款数，含未列名项目")
    units: list[ClearanceProgressOut] = Field(description="各承办单位的进展，未办结多的在先")


class ClearanceFindingOut(BaseModel):
    """A clause as it stood, what was found, and what is done about it."""

    id: int = Field(description="认定编号", examples=[77])
    clearance: int = Field(description="清理编号", examples=[1])
    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    project_name: str = Field(description="项目名称", examples=["杏鲍菇工厂化种植"])
    commitment: int = Field(description="条款编号", examples=[31])
    snapshot: "ClauseSnapshotOut" = Field(description="条款在快照日期的样子，此后不变")
    proposed: ClauseVerdict = Field(description="按状态建议的" + VERDICT, examples=["due_unpaid"])
    finding: ClauseVerdict = Field(description=VERDICT + "；待认定的为建议的", examples=["due_unpaid"])
    confirmed: bool = Field(description="是否已由人认定", examples=[True])
    reason: str | None = Field(description="理由", examples=[None])
    action: str | None = Field(description="处理措施", examples=["列入明年预算兑现"])
    owner: str | None = Field(description="承办单位编码", examples=["czj"])
    owner_name: str | None = Field(description="承办单位", examples=["区财政局"])
    deadline: date | None = Field(description="办理时限", examples=["2027-03-31"])
    confirmed_by: str | None = Field(description="认定人", examples=["王芳"])
    done_on: date | None = Field(description="办结日期", examples=[None])
    done_note: str | None = Field(description="办理结果", examples=[None])


class ClauseSnapshotOut(BaseModel):
    """A clause as it stood on the day of the snapshot."""

    agreement: int = Field(description="合同协议的记录号", examples=[12])
    agreement_number: str | None = Field(description="合同编号", examples=["QJZS-2020-012"])
    signed_on: date = Field(description="签订日期", examples=["2020-08-18"])
    enterprise: str | None = Field(description="投资企业", examples=["某某农业有限公司"])
    number: str | None = Field(description="条款号", examples=["第五条第二款"])
    text: str = Field(description="条款内容", examples=["投产后六个月内兑现补贴二百万元"])
    party: Party = Field(description="承诺方", examples=["district"])
    kind: ClauseKind = Field(description="种类", examples=["subsidy"])
    promised: PromiseOut = Field(description="承诺")
    achieved: PromiseOut = Field(description="已履行")
    state: ClauseState = Field(description="状态", examples=["overdue"])
    why: list[str] = Field(description="缘由", examples=[["应于 2021-12-30 履行，已逾期 120 天"]])
    due_on: date | None = Field(description="到期日", examples=["2021-12-30"])
    days_overdue: int = Field(description="逾期天数", examples=[120])
    basis: str | None = Field(description="政策依据", examples=["黔江府发〔2020〕8号"])


class ClearanceReportIn(Input):
    """That the report is published; a corrected edition needs the reason."""

    reason: Reason | None = Field(None, description="更正原因；再次发布时必填", examples=[None])


class ClearanceReportOut(BaseModel):
    """Where the report can be read."""

    issue: str = Field(description="期号与版次", examples=["clearance/2026/1/1"])
    title: str = Field(description="标题", examples=["2015年以来招商引资合同履约清理情况报告"])
    content_hash: str = Field(description="内容校验码", examples=["9f86d081884c7d65"])
    edition: int = Field(description="版次", examples=[1])


class ReportUnit(BaseModel):
    """A unit's line in the report."""

    name: str = Field(description="承办单位；未列名项目合为一行", examples=["区财政局"])
    clauses: int = Field(description="条款数", examples=[40])
    to_settle: int = Field(description="须处理", examples=[6])
    done: int = Field(description="已办结", examples=[2])
    late: int = Field(description="逾期未办结", examples=[1])


class ReportLine(BaseModel):
    """A clause that has to be settled, in the report; open projects only."""

    project: str = Field(description="项目编号", examples=["500114-2020-0046"])
    name: str = Field(description="项目名称", examples=["杏鲍菇工厂化种植"])
    text: str = Field(description="条款内容", examples=["兑现补贴二百万元"])
    finding: ClauseVerdict = Field(description=VERDICT, examples=["due_unpaid"])
    why: str = Field(description="缘由或理由", examples=["应于 2021-12-30 履行，已逾期 120 天"])
    action: str | None = Field(description="处理措施", examples=["列入明年预算兑现"])
    owner: str | None = Field(description="承办单位", examples=["区财政局"])
    deadline: date | None = Field(description="办理时限", examples=["2027-03-31"])
    done_on: date | None = Field(description="办结日期", examples=[None])


class ClearanceContent(BaseModel):
    """The report of a clearance: what was gone through, what was found, who has to act."""

    period: str = Field(description="发布的年份", examples=["2026"])
    clearance: int = Field(description="清理编号", examples=[1])
    title: str = Field(description="名称", examples=["2015年以来招商引资合同履约清理"])
    since: date = Field(description="自该日起签订的正式合同", examples=["2015-01-01"])
    on: date = Field(description="快照日期", examples=["2026-11-24"])
    agreements: int = Field(description="正式合同份数", examples=[231])
    without_clauses: int = Field(description="其中未登记条款的", examples=[0])
    clauses: int = Field(description="条款数", examples=[1500])
    confirmed: int = Field(description="已认定的条款数", examples=[1480])
    findings: list[VerdictCount] = Field(description="各种认定的条款数")
    units: list[ReportUnit] = Field(description="各承办单位")
    lines: list[ReportLine] = Field(description="须处理的条款，公开项目")
    withheld: int = Field(description="另有多少条须处理而不列名（内部或密封项目）", examples=[0])


ClearanceFindingOut.model_rebuild()
