"""Fonts are chosen by preference, what cannot be shown is told, and a template does what it may and no more."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.documents import fonts, pdf, word
from app.kernel.documents.fields import known
from app.kernel.documents.fonts import FACES, NoChineseFont, faces
from tests.fonts import needs_font

AT = datetime(2020, 9, 3, tzinfo=UTC)
SAMPLE = {"title": "题", "rows": [{"name": "甲", "tags": ["子"]}], "said": {"so": True}}


class Families:
    """The fonts of another machine."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def families(self) -> Iterator[str]:
        return iter(self.names)


def chosen(*names: str) -> dict[str, str]:
    found: Any = Families("DejaVu Sans", *names)
    return faces(found)


def test_the_faces_that_official_documents_ask_for_come_first() -> None:
    office = ("SimSun", "SimHei", "KaiTi", "FangSong", "FangSong_GB2312", "FZXiaoBiaoSong-B05S", "Noto Serif CJK SC")
    assert chosen(*office) == {
        "title": "FZXiaoBiaoSong-B05S", "body": "FangSong_GB2312", "first": "SimHei", "second": "KaiTi",
        "page": "SimSun",
    }  # fmt: skip


@given(st.sets(st.sampled_from(sorted({name for names in FACES.values() for name in names})), min_size=1))
def test_any_chinese_font_serves_for_all_faces(names: set[str]) -> None:
    found = chosen(*names)
    assert found.keys() == FACES.keys() and set(found.values()) <= names


def test_other_fonts_serve_for_none() -> None:
    with pytest.raises(NoChineseFont):
        chosen("Libertinus Serif", "Noto Sans CJK JP")


@needs_font
def test_a_character_that_no_font_has_is_told(tmp_path: Path) -> None:
    template = tmp_path / "a.typ"
    template.write_text("#json(bytes(sys.inputs.data)).name")
    only = fonts.installed(None)
    with pytest.raises(pdf.GlyphMissing) as refused:
        pdf.render(template, tmp_path, {"name": "甲\U0010fffd"}, only, AT)
    assert "\U0010fffd" in refused.value.said


def template(*lines: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def filled(*lines: str, **values: Any) -> str:
    body = word.render(template(*lines), SAMPLE | values, title="题", author="局", at=AT)
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(body)).paragraphs)


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=("C",), exclude_characters="\xa0"), max_size=40))
def test_whatever_a_value_is_it_is_printed_as_it_is(text: str) -> None:
    if any(mark in text for mark in ("{_{", "}_}", "{_%", "%_}")):
        return
    assert filled("{{ title }}|", title=text) == f"{text}|"


def test_loops_and_conditions() -> None:
    rows = [{"name": "甲", "tags": []}, {"name": "乙", "tags": ["丑", "寅"]}]
    lines = (
        "{%p for row in rows %}",
        "{{ row.name }}{% for tag in row.tags %}、{{ tag }}{% endfor %}",
        "{%p endfor %}",
    )
    assert filled(*lines, rows=rows) == "甲\n乙、丑、寅"
    assert filled("{% if said.so and not rows %}有{% else %}无{% endif %}", rows=[]) == "有"
    word.check(template(*lines, "{% if rows|length == '1' %}{{ rows|length }}{% endif %}"), SAMPLE, at=AT)


@pytest.mark.parametrize("line", ["2020年8月全区招商引资工作情况", "{{ '题' }}"])
def test_a_paper_that_was_printed_is_no_template(line: str) -> None:
    with pytest.raises(word.TemplateWrong) as refused:
        word.check(template(line), SAMPLE, at=AT)
    assert [error.code for error in refused.value.errors] == ["names_nothing"]


@pytest.mark.parametrize(
    "line",
    [
        "{% for a in rows %}{% for b in rows %}{% for c in rows %}{% for d in rows %}{% endfor %}{% endfor %}"
        "{% endfor %}{% endfor %}",
        "{{ rows[0].name }}", "{{ title.upper() }}", "{{ range(10) }}", "{% include 'x' %}",
        "{% macro x() %}{% endmacro %}",
        "{{ ''.__class__ }}", "{{ said.keys }}", "{{ loop.index }}", "{% for x in rows recursive %}{% endfor %}",
        "{{ title if said.so else nothing }}", "{{ title ~ title }}", "{% raw %}{{ x }}{% endraw %}{{ x }}",
    ],
)  # fmt: skip
def test_what_a_template_may_not(line: str) -> None:
    with pytest.raises(word.TemplateWrong):
        word.check(template(line), SAMPLE, at=AT)


def test_what_there_is_to_name() -> None:
    assert list(known(SAMPLE)) == [
        ("title", "题"), ("rows", ""), ("rows[].name", "甲"), ("rows[].tags", ""), ("rows[].tags[]", "子"),
        ("said.so", "True"),
    ]  # fmt: skip
