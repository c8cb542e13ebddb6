"""Ledgers out: the round trip, what each may see, dangerous cells, the blank one."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.exchange.ledgers.columns import AGREEMENTS, FUNDS, PROJECTS
from app.exchange.ledgers.reading import read
from app.facts.agreements.models import AgreementType
from app.identity.units.models import Unit
from app.kernel import calendar
from app.kernel.sheets import CHOICES_SHEET, Sheet, read_workbook
from tests.clients import Kept
from tests.exchange.ledgers.importing import kinds, know_units, load_demo, send, told
from tests.factories.agreements import make_agreement
from tests.factories.enterprises import make_enterprise
from tests.factories.funds import make_fund
from tests.factories.projects import make_project

Fixture = Callable[..., Any]


def download(client: Any, path: str = "export", **asked: Any) -> dict[str, Sheet]:
    answer = client.get(f"/api/v1/ledgers/{path}", params=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    return {sheet.name: sheet for sheet in read_workbook(answer.content)}


def names(sheets: dict[str, Sheet]) -> list[Any]:
    return [row[1] for row in sheets["项目台账"].rows[3:]]


def test_the_demo_goes_out_and_in_again_without_a_change(kept: Kept, app: Any, db: Fixture, as_: Fixture) -> None:
    kept(load_demo, app)
    officer = as_("officer", login="officer")
    before = kinds(db, "project", "enterprise")
    exported = officer.get("/api/v1/ledgers/export").content
    result = send(officer, exported)
    assert result["state"] == "done", told(result)
    assert (result["created"], result["changed"], result["refused"]) == (0, 0, 0)
    assert result["counts"]["projects"]["unchanged"] == 125
    assert kinds(db, "project", "enterprise") == before
    signed = download(officer, signed_from="2020-01-01", signed_to="2020-12-31", sort="-signed_on")
    assert len(names(signed)) == 46


def test_awkward_records_survive_the_way_there_and_back(kept: Kept, db: Fixture, as_: Fixture) -> None:
    kept(know_units, db)
    with db() as session:
        firm = make_enterprise(session, name="重庆（渝东南）新材料有限公司")
        twin = make_enterprise(session, name="双胞胎公司", uscc="91350100M000100Y43")
        make_enterprise(session, name="双胞胎公司")
        one = make_project(
            session, name="=cmd|'/c calc'!A1 项目", enterprise=firm, note="第一行\n  第二行 = 不是公式",
            officer="+8613900000000", place="-正阳", chain="@链", longitude=108.12345678, latitude=29.5,
            origin_region="500114", land_mu=12345,
            aliases=("绿雅（一期）", "'引号"), investment_fen=123456789012345, stage="framework", jobs=0,
            park="A (B) 园",
        )  # fmt: skip
        make_agreement(session, one, AgreementType.INTENT, dt.date(2020, 1, 2))
        make_agreement(
            session, one, AgreementType.FRAMEWORK, dt.date(2020, 2, 3), amount_fen=77_00, parties="甲,乙；丙"
        )
        two = make_project(
            session, name="合计项目（二期）", enterprise=twin, stage="signed", industry="A0141", sector="services"
        )
        make_agreement(
            session, two, signed_on=dt.date(2020, 3, 4), amount_fen=1_00, number="重[2020]1号", parties="甲方、乙方"
        )
        make_agreement(session, two, signed_on=dt.date(2020, 3, 4), amount_fen=1_00)
        make_agreement(session, two, AgreementType.SUPPLEMENT, dt.date(2020, 5, 4), increment_fen=-50)
        first = make_fund(session, two, 33_33, dt.date(2020, 4, 1))
        make_fund(session, two, 33_33, dt.date(2020, 4, 1))
        make_fund(session, two, -33_33, dt.date(2020, 9, 1), reverses_id=first.id)
        make_project(session, name="无", stage="lead", lead_on=dt.date(2020, 1, 1))
        make_project(session, name="暂缓的项目", status="paused", confidentiality="internal", stage="lead")
    officer = as_("officer")
    before = kinds(db, "project", "enterprise")
    data = officer.get("/api/v1/ledgers/export").content
    result = send(officer, data)
    changed = [r for r in result["rows"] if r["outcome"] != "unchanged"]
    assert changed == [] and result["state"] == "done", told(result)
    assert kinds(db, "project", "enterprise") == before
    cells = {str(cell) for sheet in read_workbook(data) for line in sheet.rows for cell in line}
    assert "=cmd|'/c calc'!A1 项目" in cells, "and read back as it was"
    raw = io.BytesIO(data)
    assert b"<f>" not in raw.getvalue()


def test_everyone_exports_what_he_may_see(kept: Kept, db: Fixture, as_: Fixture) -> None:
    kept(know_units, db)
    with db() as session:
        mine = session.scalars(select(Unit).where(Unit.code == "qjxw")).one()
        make_project(session, name="本单位内部", confidentiality="internal", unit=mine)
        make_project(session, name="别单位内部", confidentiality="internal")
        make_project(session, name="公开项目")
        sealed = make_project(session, name="密封项目", confidentiality="sealed", unit=mine)
        make_agreement(session, sealed, amount_fen=99_00)
    reporter = as_("reporter", unit="qjxw")
    assert sorted(names(download(reporter))) == ["公开项目", "本单位内部"]
    assert sorted(names(download(as_("officer")))) == ["公开项目", "别单位内部", "本单位内部"]
    assert download(as_("officer"))["合同协议"].rows[3:] == []
    assert names(download(as_("leader"), q="公开")) == ["公开项目"]
    assert as_("auditor").get("/api/v1/ledgers/export").status_code == 403
    assert as_(None).get("/api/v1/ledgers/export").status_code == 401


def test_filters_are_those_of_the_list(db: Fixture, as_: Fixture) -> None:
    with db() as session:
        for n in range(5):
            make_project(session, name=f"项目{n}", stage="talk" if n % 2 else "lead")
    officer = as_("officer")
    assert names(download(officer, stage="talk", sort="-name")) == ["项目3", "项目1"]
    assert officer.get("/api/v1/ledgers/export", params={"colour": "red"}).status_code == 422


def test_more_projects_than_a_page_holds(db: Fixture, as_: Fixture) -> None:
    with db() as session:
        for n in range(230):
            make_project(session, name=f"项目{n}")
    assert len(names(download(as_("leader")))) == 230


@pytest.mark.parametrize("spec", [PROJECTS, AGREEMENTS, FUNDS], ids=lambda spec: str(spec.kind))
def test_the_template_has_our_columns_and_drop_downs(kept: Kept, db: Fixture, as_: Fixture, spec: Any) -> None:
    kept(know_units, db)
    sheets = download(as_("reporter", unit="qjxw"), "template")
    rows = sheets[spec.title].rows
    assert rows[3] == [column.title for column in spec.columns]
    assert len(rows) == 4 or not any(cell for line in rows[4:] for cell in line)
    assert "区经济信息委" in {cell for line in sheets[CHOICES_SHEET].rows for cell in line}


def test_a_filled_in_template_is_read_as_it_was_meant(kept: Kept, db: Fixture, as_: Fixture) -> None:
    kept(know_units, db)
    sheets = list(download(as_("officer"), "template").values())
    main = next(sheet for sheet in sheets if sheet.name == PROJECTS.title)
    line = {"name": "填表项目", "unit": "区经济信息委", "kind": "服务业"}
    main.rows.append([line.get(column.field, "") for column in PROJECTS.columns])
    reading = read(sheets, calendar.today())
    assert reading.projects[0].values == {
        "name": "填表项目",
        "unit": "区经济信息委",
        "kind": "services",
        "sector": "services",
    }
    assert list(reading.findings()) == []
