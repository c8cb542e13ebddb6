from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.exchange.ledgers.models import Mode, Outcome, Phase, State
from app.facts.recognition.schemas import Reason
from app.kernel.calendar import Day
from app.kernel.money import YuanOut
from app.kernel.paging import PageQuery

MODE = "方式：all 有一行被拒绝则都不写入、valid_rows 只写入没有问题的行、dry_run 试运行不写入"
STATE = (
    "running 进行中、done 已完成、refused 有内容被拒绝而没有写入任何数据、"
    "failed 文件无法读取或被中断（没有写入任何数据）"
)
OUTCOME = "created 新增、changed 变更、unchanged 无变化、refused 拒绝"


class RowsQuery(BaseModel):
    """Which rows of a result to show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: Literal["created", "changed", "unchanged", "refused", "warned"] | None = Field(
        None, description="只看这一结果的行；warned 为有提醒的行", examples=["refused"]
    )
    limit: int = Field(100, ge=1, le=1000, description="每页行数，至多 1000", examples=[100])
    after: int = Field(0, ge=0, le=2**31 - 1, description="上一页答复中的 next；不填为第一页", examples=[100])


class ImportFilter(PageQuery):
    """What the list of imports can be asked."""

    state: State | None = Field(None, description=STATE, examples=["done"])
    mode: Mode | None = Field(None, description=MODE, examples=["all"])
    since: Day | None = Field(None, description="此日起的导入", examples=["2020-12-01"])
    waits: bool | None = Field(None, description="true：只看还有到位资金待确认的", examples=[True])


class FindingOut(BaseModel):
    """One thing to tell: of a cell, a row or a sheet."""

    level: Literal["refused", "warning", "info"] = Field(
        description="refused 拒绝、warning 提醒（说明如何读取）、info 说明", examples=["refused"]
    )
    cell: str | None = Field(description="单元格；null 为整行或整张表", examples=["P12"])
    field: str | None = Field(description="字段", examples=["unit"])
    value: str | None = Field(description="单元格的内容（过长则截断）", examples=["区经信为"])
    code: str = Field(description="原因代码", examples=["unit_unknown"])
    message: str = Field(description="原因", examples=["P12“区经信为”：不认识的单位“区经信为”；是否为：区经济信息委"])


class ChangeOut(BaseModel):
    """A field that the file changes."""

    model_config = ConfigDict(populate_by_name=True)

    field: str = Field(description="字段", examples=["investment"])
    heading: str = Field(description="台账的列名", examples=["总投资(万元)"])
    from_: str | None = Field(alias="from", description="原来；null 为空", examples=["50000万元"])
    to: str | None = Field(description="改为", examples=["60000万元"])


class ImportRowOut(BaseModel):
    """What came of one row."""

    sheet: str = Field(description="工作表", examples=["项目台账"])
    row: int = Field(description="行号，与 Excel 一致", examples=[12])
    kind: Literal["projects", "agreements", "funds"] = Field(description="表的种类", examples=["projects"])
    outcome: Outcome = Field(description=OUTCOME + "；没有写入时为假如写入的结果", examples=["changed"])
    code: str | None = Field(description="项目编号；新项目在写入后才有", examples=["500114-2020-0046"])
    name: str | None = Field(description="项目名称", examples=["年产5万吨玻纤材料项目"])
    changes: list[ChangeOut] = Field(description="变更的字段")
    findings: list[FindingOut] = Field(description="拒绝、提醒与说明")


class ColumnReadOut(BaseModel):
    """How a column was understood."""

    column: str = Field(description="列", examples=["C"])
    heading: str = Field(description="表头原文", examples=["协议投资额（亿元）"])
    field: str | None = Field(description="读作的字段；null 为没有读取", examples=["contract_amount"])
    meaning: str | None = Field(description="读作的列名", examples=["合同金额(万元)"])
    unit: str | None = Field(description="单位", examples=["亿元"])


class SkippedOut(BaseModel):
    row: int = Field(description="行号", examples=[3])
    reason: str = Field(description="为何不是记录", examples=["小计"])


class SheetReadOut(BaseModel):
    """How a sheet was understood."""

    name: str = Field(description="工作表", examples=["项目台账"])
    kind: Literal["projects", "agreements", "funds", "skipped"] = Field(
        description="种类；skipped 为没有读取", examples=["projects"]
    )
    header_rows: list[int] = Field(description="表头所在的行", examples=[[3, 4]])
    unit: str | None = Field(description="表上写明的金额单位", examples=["万元"])
    columns: list[ColumnReadOut] = Field(description="各列")
    rows: int = Field(description="记录行数", examples=[125])
    skipped: list[SkippedOut] = Field(description="不是记录的行：标题、分组、小计、合计等")
    findings: list[FindingOut] = Field(description="关于整张表的拒绝、提醒与说明；合计不符在此")


class OutcomesOut(BaseModel):
    created: int = Field(description="新增", examples=[125])
    changed: int = Field(description="变更", examples=[0])
    unchanged: int = Field(description="无变化", examples=[0])
    refused: int = Field(description="拒绝", examples=[0])


class EnterprisesOut(BaseModel):
    created: int = Field(description="新登记的企业", examples=[118])
    changed: int = Field(description="补充了代码或性质的企业", examples=[0])


class CountsOut(BaseModel):
    """How many, by what the rows speak of."""

    projects: OutcomesOut = Field(description="项目（同一项目的几行计一次）")
    agreements: OutcomesOut = Field(description="“合同协议”表的行")
    funds: OutcomesOut = Field(description="“到位资金”表的行")
    enterprises: EnterprisesOut = Field(description="企业")


class ImportFundsOut(BaseModel):
    """The money that an import brought, by what became of it."""

    declared: int = Field(description="待确认的笔数，不计入到位资金", examples=[125])
    declared_amount: YuanOut = Field(description="待确认的金额（元）")
    recognised: int = Field(description="已认定的笔数，含其后冲销的", examples=[0])
    recognised_amount: YuanOut = Field(description="已认定的金额（元）")
    rejected: int = Field(description="已退回的笔数", examples=[0])
    rejected_amount: YuanOut = Field(description="已退回的金额（元）")


class RejectFundsIn(BaseModel):
    """Why the money that an import brought does not count."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(description="退回原因，导入人可见", examples=["到位金额未经核对"])


class DecidedOut(BaseModel):
    """What was decided on with one word."""

    entries: int = Field(description="确认或退回的笔数", examples=[125])
    amount: YuanOut = Field(description="其金额（元）")
    projects: int = Field(description="涉及的项目数", examples=[46])
    withheld: int = Field(description="仍待确认的笔数：所属项目您无权查看", examples=[0])


class ImportOut(BaseModel):
    """An import and how far it is. The five counts are of rows of the file."""

    id: int = Field(description="导入编号", examples=[3])
    filename: str = Field(description="文件名", examples=["2020年招商引资台账.xlsx"])
    sha256: str = Field(description="文件内容的散列值", examples=["9f86d081884c7d65…"])
    size: int = Field(description="文件大小，字节", examples=[48211])
    mode: Mode = Field(description=MODE, examples=["all"])
    state: State = Field(description=STATE, examples=["done"])
    phase: Phase = Field(description="进行到：reading 读取、checking 核对、writing 写入", examples=["writing"])
    done: int = Field(description="本阶段已完成", examples=[125])
    total: int = Field(description="本阶段总数；0 为未知", examples=[125])
    created: int = Field(description="新增的行", examples=[433])
    changed: int = Field(description="变更的行", examples=[0])
    unchanged: int = Field(description="无变化的行", examples=[0])
    refused: int = Field(description="拒绝的行", examples=[0])
    warnings: int = Field(description="提醒的条数", examples=[2])
    message: str | None = Field(description="结果，一句话", examples=["新增 433 行，变更 0 行，无变化 0 行，拒绝 0 行"])
    by: str = Field(description="导入人的登录名", examples=["officer"])
    at: datetime = Field(description="开始时间", examples=["2020-12-31T02:00:00.000000Z"])
    finished_at: datetime | None = Field(description="结束时间", examples=["2020-12-31T02:00:01.300000Z"])
    funds: ImportFundsOut = Field(description="带入的到位资金；另一人确认后才计入")


class ImportResultOut(ImportOut):
    """An import with its account."""

    counts: CountsOut | None = Field(description="分类计数；未完成时为 null")
    sheets: list[SheetReadOut] = Field(description="各工作表如何读取")
    rows: list[ImportRowOut] = Field(description="各行的结果，按文件中的次序；分页")
    next: int | None = Field(description="下一页的 after；null 为最后一页", examples=[None])
