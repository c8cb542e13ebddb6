"""The sheets of a report's workbook: their headings, what a cell of each may be, and how it is explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.facts.engagements.terms import ENGAGEMENT_KIND_LABELS, HALF_LABELS, PRESS_LEVEL_LABELS

CellKind = Literal["text", "line", "date", "count", "word", "flag", "names", "people", "region", "number"]
YES, NO = "是", "否"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the field it fills, how a cell is read; `words` are the labels of a closed list."""

    heading: str
    field: str
    kind: CellKind = "line"
    width: float = 14
    hint: str = ""
    words: Mapping[str, str] | None = None

    @property
    def choices(self) -> tuple[str, ...]:
        """What the drop-down offers."""
        if self.kind == "flag":
            return (YES, NO)
        return () if self.words is None else tuple(self.words.values())


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """One sheet. `part` is the list of the document that its rows are."""

    title: str
    part: str
    columns: tuple[Column, ...]
    note: str

    def column(self, field: str) -> int:
        """Where a field stands; the first column for one that has none of its own."""
        return next((place for place, column in enumerate(self.columns) if column.field == field), 0)


def _plain(labels: Mapping[Any, str]) -> dict[str, str]:
    return {str(word): label for word, label in labels.items()}


COVER = SheetSpec(
    "周报",
    "cover",
    (
        Column("周", "week", width=12, hint="不要改动"),
        Column("单位编码", "unit", width=12, hint="不要改动"),
        Column("单位", "unit_name", width=24, hint="不要改动"),
        Column("零报告", "zero", "flag", 10, hint="本周确无工作可报时选“是”，其他各表留空"),
        Column("其他说明", "note", "text", 60),
    ),
    "填写说明：本表一份为一个单位的一周。各表的表头与本行的周、单位不要改动；没有的内容留空。本周签约与开工取自项目台账，不必填报。",
)
ENGAGEMENTS = SheetSpec(
    "对接活动",
    "engagements",
    (
        Column("种类", "kind", "word", 12, words=_plain(ENGAGEMENT_KIND_LABELS)),
        Column("主题", "title", width=36, hint="新闻宣传填标题"),
        Column("开始日期", "starts_on", "date", 12, hint="写到日，例如 2026-11-24"),
        Column("开始于", "starts_half", "word", 8, "不填为上午", _plain(HALF_LABELS)),
        Column("结束日期", "ends_on", "date", 12, hint="不填即当日"),
        Column("结束于", "ends_half", "word", 8, "不填为下午", _plain(HALF_LABELS)),
        Column("地区", "region", "region", 16, "所到省、市或区县"),
        Column("地点", "place", width=20),
        Column("人数", "visitors", "count", 8, "来访或到会人数，仅企业到访、招商活动与推介"),
        Column("企业", "enterprises", "names", 30, "多家以顿号分隔，写全称"),
        Column("新企业", "create", "flag", 8, "所填企业有未登记过的、确认无误时选“是”，一并登记"),
        Column(
            "我方人员",
            "people",
            "people",
            24,
            "多人以顿号分隔；职务写在括号里：张三（区长）；区领导可只写（区委书记）；所在单位写在职务之后：李工（科长；区商务委）",
        ),
        Column("共同参加单位", "units", "names", 24, "多个以顿号分隔，不含本单位"),
        Column("涉及项目", "projects", "names", 24, "项目编号，多个以顿号分隔"),
        Column("洽谈内容", "said", "text", 40),
        Column("成效", "outcome", "text", 30),
        Column("媒体", "outlet", width=14, hint="仅新闻宣传"),
        Column("媒体级别", "level", "word", 10, "仅新闻宣传", _plain(PRESS_LEVEL_LABELS)),
        Column("网址", "link", width=24, hint="仅新闻宣传"),
        Column("平台", "platform", width=14, hint="仅视频洽谈与云签约"),
        Column("对方人员", "participants", "text", 24),
        Column("标识", "key", width=18, hint="由系统给出，不要改动；新增的行留空"),
        Column("活动编号", "id", "number", 10, "由系统给出，不要改动；新增的行留空"),
    ),
    "填写说明：一行一项活动。删去一行即作废随本周报登记的该项活动；“标识”与“活动编号”由系统给出，新增的行留空。",
)
PROGRESS = SheetSpec(
    "项目进展",
    "progress",
    (
        Column("项目编号", "project", width=20),
        Column("项目名称", "name", width=36, hint="仅供对照，不读取"),
        Column("本周进展", "text", "text", 80),
    ),
    "填写说明：一行一个项目；本周没有进展的留空。",
)
PROBLEMS = SheetSpec(
    "存在问题",
    "problems",
    (
        Column("问题", "text", "text", 60),
        Column("需要的帮助", "help", "text", 40),
        Column("项目编号", "project", width=20, hint="与某一项目有关时填写"),
    ),
    "填写说明：一行一个需要帮助的问题。",
)
SHEETS = (COVER, ENGAGEMENTS, PROGRESS, PROBLEMS)
