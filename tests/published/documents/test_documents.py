"""What was published, on paper: Word and PDF of the frozen content, with templates that the office can replace."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import docx
import pytest
import time_machine
from fastapi import FastAPI

from app.kernel.access import Role
from app.published.documents import papers
from app.published.documents.papers import Office
from app.published.documents.queries import paper_of, shipped
from app.published.documents.schemas import Format
from tests.clients import As, Work
from tests.factories.agreements import YI, make_agreement
from tests.factories.engagements import make_engagement, make_follow_up
from tests.factories.enterprises import make_enterprise
from tests.factories.identity import make_unit
from tests.factories.projects import make_project
from tests.fonts import needs_font
from tests.published.documents.reading import pages, text_of_pdf, words

API = "/api/v1"
AUGUST = {"kind": "monthly_bulletin", "period": "2020-08"}
NASTY = "甲<乙>&{{ 7*7 }}{% if x %}#*_$[丙]"
BULLETIN = f"{API}/issues/monthly_bulletin/2020/1/document"
TEMPLATE = f"{API}/issues/kinds/monthly_bulletin/template"
MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2020-09-03T09:00:00+08:00", tick=False) as traveller:
        yield traveller


@pytest.fixture
def district(db: Work) -> None:
    with db() as session:
        jxw = make_unit(session, "jxw")
        project = make_project(session, name=NASTY, unit=jxw, stage="signed")
        make_agreement(session, project, signed_on=date(2020, 8, 18), amount_fen=2 * YI)
        hidden = make_project(session, name="北斗基地", unit=jxw, stage="signed", confidentiality="internal")
        make_agreement(session, hidden, signed_on=date(2020, 8, 19), amount_fen=YI)
        trip = make_engagement(
            session, unit=jxw, people=(("书记", "区委书记"),), projects=(project, hidden),
            enterprises=(make_enterprise(session, name="羊毛<公司>"),), region="310000",
        )  # fmt: skip
        make_follow_up(session, trip, what="报送北斗基地方案", due_on=date(2020, 8, 20))


@pytest.fixture
def published(as_: As, district: None) -> dict[str, Any]:
    made = as_("reviewer").post(f"{API}/issues", json=AUGUST)
    assert made.status_code == 201
    found: dict[str, Any] = made.json()
    return found


def paper(as_: As, path: str, form: str, who: str = "leader", **query: Any) -> bytes:
    answer = as_(who).get(path, params={"format": form} | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    return answer.content


def changed(template: bytes, change: Callable[[Any], object]) -> bytes:
    document, out = docx.Document(io.BytesIO(template)), io.BytesIO()
    change(document)
    document.save(out)
    return out.getvalue()


def send(as_: As, body: bytes, who: str = "reviewer", name: str = "模板.docx") -> Any:
    return as_(who).put(TEMPLATE, files={"file": (name, body, MEDIA)})


def test_word_says_what_was_frozen_and_how_to_verify_it(as_: As, published: dict[str, Any]) -> None:
    body = paper(as_, BULLETIN, "docx")
    told = words(body)
    for said in (
        "黔江区招商引资工作通报", "第1期", "2020年9月3日", "黔江区招商投资促进局", "2020年8月全区招商引资工作情况",
        "全区新签约项目2个", "合同引资3.00亿元", "区委书记", "羊毛<公司>", "报送有关项目方案", "已逾期11天",
        "另有1个项目计入而不列名", published["content_hash"][:16], NASTY,
    ):  # fmt: skip
        assert said in told, said
    assert "北斗" not in told and "草稿" not in told and "{{ 7*7 }}" in told
    units = [line["name"] for line in published["content"]["units"]]
    assert units and all(told.count(name) >= 2 for name in units)


def test_word_has_chinese_fonts_heads_on_every_page_and_numbers_of_pages(as_: As, published: dict[str, Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(paper(as_, BULLETIN, "docx"))) as package:
        parts = {name: package.read(name).decode() for name in package.namelist() if name.endswith(".xml")}
    styles = re.findall(r'<w:style [^>]*w:type="paragraph".*?</w:style>', parts["word/styles.xml"], re.DOTALL)
    assert len(styles) > 10
    assert all('w:eastAsia="' in style for style in styles)
    fonts = set(re.findall(r'w:eastAsia="([^"]+)"', "".join(styles)))
    assert fonts == {"方正小标宋简体", "仿宋_GB2312", "楷体_GB2312", "黑体", "宋体"}
    document = docx.Document(io.BytesIO(paper(as_, BULLETIN, "docx")))
    printed = document.tables[:-1]
    assert len(printed) == 7 and all("w:tblHeader" in table.rows[0]._tr.xml for table in printed)
    assert {'w:instr="PAGE"' in parts[name] for name in parts if name.startswith("word/footer")} == {True}
    (section,) = document.sections
    assert (round(section.page_width.mm), round(section.left_margin.mm), round(section.top_margin.mm)) == (210, 28, 37)


@needs_font
def test_a_paper_is_the_same_whenever_it_is_asked_for(
    as_: As, clock: time_machine.Traveller, published: dict[str, Any]
) -> None:
    first = {form: paper(as_, BULLETIN, form) for form in ("docx", "pdf")}
    clock.shift(86400)
    assert {form: paper(as_, BULLETIN, form, who="officer") for form in first} == first


@needs_font
def test_pdf_says_the_same(as_: As, published: dict[str, Any]) -> None:
    body = paper(as_, BULLETIN, "pdf")
    assert body.startswith(b"%PDF-") and pages(body) >= 2
    told, verify = text_of_pdf(body), published["content_hash"][:16]
    for said in (
        "黔江区招商引资工作通报",
        "第1期",
        "合同引资3.00亿元",
        "报送有关项目方案",
        verify,
        NASTY.replace(" ", ""),
    ):
        assert said in told, said
    assert "北斗" not in told


def test_a_correction_says_so_and_the_first_edition_stays(as_: As, db: Work, published: dict[str, Any]) -> None:
    before = paper(as_, BULLETIN, "docx")
    with db() as session:
        project = make_project(session, name="丁项目", stage="signed")
        make_agreement(session, project, signed_on=date(2020, 8, 20), amount_fen=YI)
    again = as_("reviewer").post(f"{API}/issues", json=AUGUST | {"reason": "漏计丁项目"})
    assert again.json()["edition"] == 2
    told = words(paper(as_, BULLETIN, "docx"))
    assert "更正版（第2版）" in told and "更正原因：漏计丁项目" in told and "丁项目" in told
    assert paper(as_, BULLETIN, "docx", edition=1) == before


@needs_font
@pytest.mark.parametrize(
    ("path", "mark"), [("bulletins/2020-08", "招商引资工作通报"), ("boards/2020-W34", "招商引资周展示")]
)
def test_a_draft_is_marked_as_one(as_: As, district: None, path: str, mark: str) -> None:
    for form, read in (("docx", words), ("pdf", text_of_pdf)):
        told = read(paper(as_, f"{API}/{path}/document", form))
        assert f"黔江区{mark}" in told and "草稿不得外传" in told.replace("　", ""), form
        assert "未经发布" in told


def test_a_board_on_paper_says_what_the_board_says(as_: As, district: None) -> None:
    issue = as_("reviewer").post(f"{API}/issues", json={"kind": "weekly_board", "period": "2020-W34"}).json()
    told = words(paper(as_, f"{API}/issues/weekly_board/2020/{issue['number']}/document", "docx"))
    for tier in issue["content"]["tiers"]:
        for line in tier["units"]:
            assert line["name"] in told and line["total"] in told
    for head in issue["content"]["sub_indices"]:
        assert head["measure"] in told and head["method"] in told
    assert issue["content"]["rule"]["sample"] is True and "样例办法" in told


# -- templates -----------------------------------------------------------------------------------------------------


def test_the_office_replaces_the_template_for_what_it_publishes_from_then_on(
    as_: As, clock: time_machine.Traveller, published: dict[str, Any]
) -> None:
    before = paper(as_, BULLETIN, "docx")
    clock.shift(60)
    own = changed(
        as_("officer").get(TEMPLATE).content, lambda document: document.add_paragraph("分送：{{ head.issuer }}")
    )
    answer = send(as_, own, name="月通报.docx")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["number"], answer.json()["filename"]) == (1, "月通报.docx")
    assert send(as_, own).json()["number"] == 1
    assert as_("leader").get(TEMPLATE).content == own
    assert as_("leader").get(TEMPLATE, params={"number": 0}).content == shipped("monthly_bulletin")
    assert as_("leader").get(TEMPLATE, params={"number": 2}).status_code == 404
    assert paper(as_, BULLETIN, "docx") == before
    clock.shift(60)
    as_("reviewer").post(f"{API}/issues", json=AUGUST | {"period": "2020-07"})
    july = paper(as_, f"{API}/issues/monthly_bulletin/2020/2/document", "docx")
    assert words(july).endswith("分送：黔江区招商投资促进局")
    listed = as_("officer").get(f"{API}/issues/kinds/monthly_bulletin/templates").json()
    assert [(item["number"], item["replaced_by"] is None) for item in listed["items"]] == [(1, False), (0, True)]
    assert {"path": "leaders.trips[].when", "example": "8月18日至20日"} in listed["fields"]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{{ nonsense }}", "unknown_field", "没有「nonsense」这一内容"),
        ("{% for trip in leaders.trips %}{{ trip.whither }}{% endfor %}", "unknown_field", "「trip」没有「whither」"),
        ("{{ leaders.trips }}", "not_text", "不是文字"),
        ("{% for a in lead %}{% endfor %}", "not_list", "不是列表"),
        ("{{ lead|safe }}", "not_allowed", "只能印出内容"),
        ("{{ lead.__class__.__mro__ }}", "unknown_field", "没有「__class__」"),
        ("{{ 'a' * 99999999 }}", "not_allowed", "只能印出内容"),
        ("{{ lead.format(lead) }}", "not_allowed", "只能印出内容"),
        ("{% set x = 1 %}", "not_allowed", "只能印出内容"),
        ("{{ lead ", "syntax", "写法有误"),
        ("{% if lead %}", "syntax", "写法有误"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused_with_the_reason(
    as_: As, text: str, code: str, said: str
) -> None:
    answer = send(as_, changed(shipped("monthly_bulletin"), lambda document: document.add_paragraph(text)))
    assert (answer.status_code, answer.json()["code"]) == (422, "template_wrong"), answer.text
    (error,) = answer.json()["errors"]
    assert (error["code"], error["field"]) == (code, "file") and said in error["message"]
    assert as_("leader").get(TEMPLATE).content == shipped("monthly_bulletin")


def test_a_loop_that_ends_in_another_place_than_it_began_is_refused(as_: As) -> None:
    def open_in_a_cell(document: Any) -> None:
        document.tables[-2].rows[0].cells[0].paragraphs[0].add_run("{% for week in weeks %}")
        document.add_paragraph("{% endfor %}")

    answer = send(as_, changed(shipped("monthly_bulletin"), open_in_a_cell))
    assert [error["code"] for error in answer.json()["errors"]] == ["markup"]


def test_what_is_no_template_is_refused(as_: As) -> None:
    assert send(as_, b"plain text", name="a.txt").json()["errors"][0]["code"] == "not_docx"
    assert send(as_, b"PK\x03\x04 nothing", name="a.docx").json()["code"] == "file_refused"
    assert (
        as_("reviewer").put(TEMPLATE.replace("monthly_bulletin", "nonsense"), files={"file": b"x"}).status_code == 404
    )


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_papers_and_who_replaces_templates(as_: As, published: dict[str, Any], role: Role) -> None:
    business = role in (Role.OFFICER, Role.REVIEWER, Role.REPORTER, Role.LEADER)
    for path in (BULLETIN, TEMPLATE, f"{TEMPLATE}s", f"{API}/bulletins/2020-08/document"):
        assert as_(role.value).get(path, params={"format": "docx"}).status_code == (200 if business else 403), path
    answer = send(as_, shipped("monthly_bulletin"), who=role.value)
    assert answer.status_code == (200 if role is Role.REVIEWER else 403)


# -- what may lack -------------------------------------------------------------------------------------------------


def test_without_a_chinese_font_there_is_no_pdf_and_it_is_said(
    as_: As, app: FastAPI, monkeypatch: pytest.MonkeyPatch, published: dict[str, Any]
) -> None:
    none = papers.fonts.installed(None, False)
    monkeypatch.setattr(papers.fonts, "installed", lambda folder: none)
    answer = as_("leader").get(BULLETIN, params={"format": "pdf"})
    assert (answer.status_code, answer.json()["code"]) == (503, "no_chinese_font")
    assert "FONT_DIR" in answer.json()["message"]
    assert paper(as_, BULLETIN, "docx")


def test_what_is_asked_wrongly(as_: As, published: dict[str, Any]) -> None:
    leader = as_("leader")
    assert leader.get(BULLETIN).status_code == 422
    assert leader.get(BULLETIN, params={"format": "odt"}).status_code == 422
    assert leader.get(BULLETIN, params={"format": "pdf", "edition": 2}).status_code == 404
    assert leader.get(f"{API}/bulletins/2020-10/document", params={"format": "pdf"}).status_code == 422


@needs_font
@pytest.mark.parametrize("kind", ["monthly_bulletin", "weekly_board", "clearance"])
@pytest.mark.parametrize("form", list(Format))
def test_samples_are_printed(kind: str, form: Format) -> None:
    """Every series: what new templates are tried with is itself something that can be printed."""
    paper = paper_of(kind)
    values = papers.sample(paper)
    wanted = papers.Printable(
        paper, paper.sample().model_dump(mode="json"), values["head"], "样例", "样例",
        datetime(2020, 9, 3, tzinfo=UTC), shipped(kind),
    )  # fmt: skip
    told = {Format.DOCX: words, Format.PDF: text_of_pdf}[form](papers.rendered(Office("区", "局", None), wanted, form))
    assert "防眩光玻璃" in told and "样例区" in told
