"""Ledgers sent to the application, and what it then holds."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from app.demo.ledger import demo_rows
from app.demo.loading import load
from app.identity.units import service as units
from app.kernel import calendar
from app.kernel.chain import Event
from tests.exchange.ledgers.conftest import xlsx

HEADER = (
    "项目编号", "项目名称", "投资企业", "企业性质", "行业代码", "项目类型", "责任单位", "阶段", "签约日期", "合同编号",
    "合同金额(万元)", "到位资金(万元)", "到位日期", "开工日期", "备注",
)  # fmt: skip


def know_units(db: Callable[..., Any]) -> None:
    with db() as session:
        units.load_units(session, demo_rows("units"))


def load_demo(app: FastAPI) -> None:
    """The demo district, loaded today; a second time it stays as it is."""
    settings = app.state.settings.model_copy(update={"demo_password": "Demo-2020-pass"})
    loaded = load(app.state.database, settings, calendar.today())
    assert loaded.fresh and loaded.password == "Demo-2020-pass"
    assert not load(app.state.database, settings, calendar.today()).fresh


def row(**values: Any) -> dict[str, Any]:
    """A signed project as a row, with what the test is about."""
    return {
        "项目名称": "玻纤制品项目", "投资企业": "杭州玻纤有限公司", "企业性质": "民企", "行业代码": "C3061",
        "项目类型": "工业(供地)", "责任单位": "区经信委", "阶段": "签约", "签约日期": "2020-03-12",
        "合同编号": "HT-1", "合同金额(万元)": 12000,
    } | values  # fmt: skip


def sheet(*rows: dict[str, Any], header: Sequence[str] = HEADER) -> list[list[Any]]:
    """Rows under a heading; columns that no row has are left out, others come behind."""
    more = dict.fromkeys(name for each in rows for name in each if name not in header)
    used = [name for name in (*header, *more) if any(name in each for each in rows)]
    return [list(used), *([each.get(name, "") for name in used] for each in rows)]


def book(*rows: dict[str, Any], **sheets: list[list[Any]]) -> bytes:
    return xlsx({"项目台账": sheet(*rows), **sheets} if rows else sheets)


def send(client: TestClient, data: bytes, name: str = "台账.xlsx", **asked: Any) -> Any:
    """The answer to an upload that has ended."""
    answer = client.post("/api/v1/ledgers/imports", files={"file": (name, data)}, params=asked)
    assert answer.status_code == 201, answer.text
    return answer.json()


def confirm(reviewer: TestClient, result: Any) -> Any:
    """Another person than the importer lets the money count that an import brought."""
    answer = reviewer.post(f"/api/v1/ledgers/imports/{result['id']}/confirm")
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(result: Any, level: str = "refused") -> list[tuple[str | None, str | None, str]]:
    """Cell, value and code of every finding of a level, rows first, then sheets."""
    rows = [finding for each in result["rows"] for finding in each["findings"]]
    sheets = [finding for each in result["sheets"] for finding in each["findings"]]
    return [(f["cell"], f["value"], f["code"]) for f in [*rows, *sheets] if f["level"] == level]


def kinds(db: Callable[..., Any], *prefixes: str) -> list[str]:
    """The kinds of all events of these subjects, in order."""
    with db() as session:
        return list(session.scalars(select(Event.kind).where(Event.subject.in_(prefixes)).order_by(Event.seq)))
