"""The columns of a ledger, declared once: template, export, import and demo all speak of these.

Three sheets in their order; `IMPORT_ONLY` are columns that real ledgers have and ours do not.
"""

from dataclasses import dataclass, replace
from typing import Literal

SheetKind = Literal["projects", "agreements", "funds"]
CellType = Literal[
    "code", "project_name", "aliases", "number", "name", "names", "unit", "enterprise", "text", "label", "progress",
    "uscc", "region", "industry", "national_code", "longitude", "latitude", "money", "date", "integer", "area",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A declared column. `unit` stands in brackets in our own heading; `width` is what the export gives it."""

    heading: str
    field: str
    type: CellType = "text"
    unit: str = ""
    width: float = 14

    @property
    def title(self) -> str:
        """The heading as it is printed: `合同金额(万元)`."""
        return f"{self.heading}({self.unit})" if self.unit else self.heading


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """One of the three sheets of a ledger."""

    kind: SheetKind
    title: str
    columns: tuple[Column, ...]


CODE = Column("项目编号", "code", "code", width=20)
NAME = Column("项目名称", "name", "project_name", width=30)
CONTRACT_NO = Column("合同编号", "contract_no", "number", width=18)
SIGNED_ON = Column("签约日期", "signed_on", "date")
CONTRACT_AMOUNT = Column("合同金额", "contract_amount", "money", "万元")
NOTE = Column("备注", "note", width=30)

PROJECTS = SheetSpec("projects", "项目台账", (
    CODE,
    NAME,
    Column("别名", "aliases", "aliases", width=20),
    Column("项目类型", "kind", "label", width=12),
    Column("投资企业", "enterprise", "enterprise", width=28),
    Column("统一社会信用代码", "uscc", "uscc", width=22),
    Column("企业性质", "ownership", "label", width=11),
    Column("来源地", "origin_region", "region"),
    Column("行业代码", "industry", "industry", width=11),
    Column("产业类别", "sector", "label", width=11),
    Column("产业链", "chain", "name"),
    Column("园区", "park", "name", width=16),
    Column("建设地点", "place", width=22),
    Column("经度", "longitude", "longitude", width=11),
    Column("纬度", "latitude", "latitude", width=11),
    Column("责任单位", "unit", "unit", width=18),
    Column("协同单位", "co_units", "names", width=20),
    Column("项目负责人", "officer", "name", width=11),
    Column("牵头区领导", "leader", "name", width=11),
    Column("招商渠道", "channel", "label", width=11),
    Column("阶段", "stage", "label", width=11),
    Column("状态", "status", "label", width=9),
    Column("密级", "confidentiality", "label", width=8),
    Column("总投资", "investment", "money", "万元"),
    Column("框架协议日期", "framework_on", "date"),
    Column("框架协议金额", "framework_amount", "money", "万元"),
    CONTRACT_NO,
    SIGNED_ON,
    CONTRACT_AMOUNT,
    Column("到位资金", "funds", "money", "万元"),
    Column("到位日期", "funds_on", "date"),
    Column("接洽日期", "received_on", "date"),
    Column("首谈日期", "talk_on", "date"),
    Column("注册日期", "registered_on", "date"),
    Column("立项日期", "approved_on", "date"),
    Column("供地日期", "land_on", "date"),
    Column("开工日期", "started_on", "date"),
    Column("竣工日期", "completed_on", "date"),
    Column("投产日期", "production_on", "date"),
    Column("达产日期", "full_capacity_on", "date"),
    Column("国家项目代码", "national_code", "national_code", width=30),
    Column("用地面积", "land_mu", "area", "亩", 11),
    Column("承诺用工", "jobs", "integer", width=10),
    Column("承诺产值", "output", "money", "万元"),
    Column("承诺税收", "tax", "money", "万元"),
    Column("存在问题", "problem", width=30),
    NOTE,
))  # fmt: skip

AGREEMENTS = SheetSpec("agreements", "合同协议", (
    CODE,
    NAME,
    Column("协议类型", "agreement_type", "label", width=12),
    CONTRACT_NO,
    replace(SIGNED_ON, heading="签订日期"),
    CONTRACT_AMOUNT,
    Column("增资金额", "increment", "money", "万元"),
    Column("签约主体", "parties", "names", width=40),
    NOTE,
))  # fmt: skip

FUNDS = SheetSpec("funds", "到位资金", (
    CODE,
    NAME,
    Column("到位日期", "arrived_on", "date"),
    Column("到位金额", "amount", "money", "万元"),
    Column("资金来源", "source", "label", width=11),
    Column("资金性质", "fund_kind", "label", width=11),
    NOTE,
))  # fmt: skip

SHEETS: dict[SheetKind, SheetSpec] = {spec.kind: spec for spec in (PROJECTS, AGREEMENTS, FUNDS)}

IMPORT_ONLY = (
    Column("项目进展", "progress", "progress"),
    Column("建设内容", "content"),
    Column("引进年份", "entry_year", "integer"),
)
