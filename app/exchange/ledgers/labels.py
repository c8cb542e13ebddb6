"""The labels we write for a kind, a stage, an ownership …, and the code that any word for it means."""

import re
from typing import NamedTuple

from app.exchange.ledgers import synonyms
from app.exchange.ledgers.headings import plain

LABELS: dict[str, dict[str, str]] = {
    "kind": {
        "industry_land": "工业(供地)", "lease": "租赁厂房", "services": "服务业", "agriculture": "农业",
        "headquarters": "总部", "revitalisation": "盘活存量",
    },
    "stage": {
        "lead": "线索", "talk": "在谈", "framework": "意向框架", "signed": "签约", "registered": "注册落地",
        "approved": "立项", "land": "供地租赁", "started": "开工", "completed": "竣工", "production": "投产",
        "full_capacity": "达产",
    },
    "status": {"active": "推进中", "paused": "暂缓", "terminated": "终止", "withdrawn": "退出"},
    "ownership": {
        "central_soe": "央企", "local_soe": "地方国企", "private": "民企", "foreign": "外企", "hmt": "港澳台资",
        "other": "其他",
    },
    "sector": {"agriculture": "农业", "industry": "工业", "construction": "建筑业", "services": "服务业"},
    "channel": {
        "online": "线上", "event": "活动", "by_business": "以商招商", "commissioned": "委托", "stationed": "驻点",
        "direct": "自主",
    },
    "confidentiality": {"open": "公开", "internal": "内部", "sealed": "密封"},
    "agreement_type": {
        "intent": "意向书", "framework": "框架协议", "strategic": "战略协议", "formal": "正式合同",
        "supplement": "补充协议",
    },
    "source": {"outside_city": "市外", "outside_district": "市内区外", "local": "区内", "foreign": "境外"},
    "fund_kind": {"equity": "股权", "loan": "贷款", "equipment": "设备", "land": "土地", "other": "其他"},
}  # fmt: skip

STAGE_DATES: dict[str, str] = {
    "lead": "received_on", "talk": "talk_on", "framework": "framework_on", "signed": "signed_on",
    "registered": "registered_on", "approved": "approved_on", "land": "land_on", "started": "started_on",
    "completed": "completed_on", "production": "production_on", "full_capacity": "full_capacity_on",
}  # fmt: skip
"""Each stage, in order, and the field with the day it was reached."""

STAGE_ORDER = {stage: place for place, stage in enumerate(STAGE_DATES)}


class LabelReading(NamedTuple):
    code: str
    uncertain: bool = False


def _key(text: str) -> str:
    return re.sub(r"[()、,.;。\-—·]", "", plain(text)).lower()


def _tables() -> dict[str, dict[str, LabelReading]]:
    tables: dict[str, dict[str, LabelReading]] = {}
    for field, labels in LABELS.items():
        tables[field] = {_key(word): LabelReading(code) for code, label in labels.items() for word in (label, code)}
    for block, uncertain in ((synonyms.LABEL_WORDS, False), (synonyms.UNCERTAIN_LABEL_WORDS, True)):
        for target, word in synonyms.entries(block):
            field, code = target.split()
            tables[field].setdefault(_key(word), LabelReading(code, uncertain))
    return tables


_TABLES = _tables()
_SECTOR_OF_KIND = {_key(word): sector for sector, word in synonyms.entries(synonyms.SECTOR_OF_KIND)}


def read_label(field: str, text: str) -> LabelReading | None:
    """The code that a text means in such a column, None when it is not known."""
    return _TABLES[field].get(_key(text))


def sector_of_kind(text: str) -> str | None:
    """The sector that a kind written as 工业 or 农业 tells besides."""
    return _SECTOR_OF_KIND.get(_key(text))


def allowed(field: str) -> str:
    """The labels a column takes, for a message."""
    return "、".join(LABELS[field].values())


# --- Words in sheet names, titles and group rows ---

_SECTOR_WORDS = (
    ("services", re.compile(r"服务业|三产|第三产业|商贸|旅游|文旅|物流")),
    ("agriculture", re.compile(r"农业|一产|第一产业|种植|养殖|农林")),
    ("construction", re.compile(r"建筑")),
    ("industry", re.compile(r"工业|制造|二产|第二产业")),
)
_STAGE_WORDS = (
    ("lead", re.compile(r"线索|储备")),
    ("talk", re.compile(r"在谈|洽谈|跟踪")),
    ("framework", re.compile(r"框架|意向")),
    ("full_capacity", re.compile(r"达产")),
    ("production", re.compile(r"投产|运营")),
    ("completed", re.compile(r"竣工|建成|完工")),
    ("started", re.compile(r"开工|在建")),
    ("signed", re.compile(r"签约")),
)
_SIGNED_NOT_STARTED = re.compile(r"未开工")


def sector_in(text: str) -> str | None:
    """The sector a title names, None if it names none or two."""
    found = [code for code, pattern in _SECTOR_WORDS if pattern.search(text)]
    return found[0] if len(found) == 1 else None


def stage_in(text: str) -> str | None:
    """The stage of the projects under such a title; with two stages named (签约及开工项目) there is none."""
    if _SIGNED_NOT_STARTED.search(text):
        return "signed"
    found = [code for code, pattern in _STAGE_WORDS if pattern.search(text)]
    return found[0] if len(found) == 1 else None
