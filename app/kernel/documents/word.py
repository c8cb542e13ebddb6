"""Word from a .docx that an office made: what is between braces is filled in, everything else stays as it is."""

import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from app.kernel.documents.fields import wrong_fields
from app.kernel.errors import FieldError, Invalid

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LARGEST = 2 * 1024 * 1024
"""The most that a template may have, packed and, in its texts, unpacked."""


class TemplateWrong(Invalid):
    """A template that cannot be used; every reason is told."""

    code = "template_wrong"
    message = "模板不能使用"
    english = "The template cannot be used."

    @classmethod
    def because(cls, *reasons: tuple[str, str]) -> "TemplateWrong":
        """`reasons` are (code, what to tell in Chinese)."""
        errors = [FieldError(field="file", code=code, message=message) for code, message in reasons]
        return cls(f"{cls.message}：" + "；".join(error.message for error in errors[:5]), cls.english, errors=errors)


class _Environment(ImmutableSandboxedEnvironment):
    """Templates see the values they are given and nothing of Python: not even methods of dictionaries."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(obj=obj, name=attribute)


def _environment() -> _Environment:
    return _Environment(autoescape=True, undefined=StrictUndefined)


class _Document(DocxTemplate):  # type: ignore[misc]
    """Strict where the library mends: broken markup is an error, and properties are ours."""

    def fix_tables(self, xml: str) -> Any:
        etree.fromstring(xml)
        return super().fix_tables(xml)

    def render_properties(self, context: Any, jinja_env: Any = None) -> None:
        pass


def render(template: bytes, values: Mapping[str, Any], *, title: str, author: str, at: datetime) -> bytes:
    """The filled-in document; the same bytes for the same template, values and instant."""
    document = _Document(BytesIO(template))
    document.render(values, _environment(), autoescape=True)
    properties = document.docx.core_properties
    properties.title, properties.author, properties.last_modified_by = title[:255], author[:255], author[:255]
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    properties.comments = properties.keywords = properties.subject = ""
    properties.revision = 1
    out = BytesIO()
    document.save(out)
    return _repacked(out.getvalue())


def check(template: bytes, sample: Mapping[str, Any], *, at: datetime) -> None:
    """Refuse a template that names what the sample has not, does what it may not, or does not render."""
    if len(template) > LARGEST:
        raise TemplateWrong.because(("too_large", f"模板至多 {LARGEST // 1024 // 1024} MB"))
    try:
        parts = list(_texts(template))
    except (PackageNotFoundError, KeyError, ValueError, zipfile.BadZipFile, etree.XMLSyntaxError):
        raise TemplateWrong.because(("damaged", "不是可以打开的 .docx 文件")) from None
    if sum(map(len, parts)) > LARGEST * 2:
        raise TemplateWrong.because(("too_large", "模板的正文过大"))
    environment = _environment()
    reasons: dict[tuple[str, str], None] = {}
    names = False
    for text in parts:
        try:
            tree = environment.parse(text)
        except TemplateSyntaxError as error:
            raise TemplateWrong.because(("syntax", f"模板标记的写法有误：{error.message}")) from None
        reasons |= dict.fromkeys(wrong_fields(tree, sample))
        names = names or tree.find(nodes.Name) is not None
    if not names:
        # A paper that was printed, sent in the place of the template: every later one would repeat it.
        nothing = "模板没有写明要填入的任何内容，像是已经印出的文件；请下载现行模板，在其上修改"
        raise TemplateWrong.because(("names_nothing", nothing))
    if reasons:
        raise TemplateWrong.because(*reasons)
    try:
        # What is cut in two by a loop or a condition is whole only as long as that runs just once.
        for values in (sample, _more(sample), _nothing(sample)):
            render(template, values, title="", author="", at=at)
    except etree.XMLSyntaxError:
        place = "模板标记的位置有误：循环或判断的开头与结尾须在同一层（整段用 {%p、表格整行用 {%tr）"
        raise TemplateWrong.because(("markup", place)) from None
    except (TemplateError, ValueError, KeyError, AttributeError, TypeError, IndexError):
        raise TemplateWrong.because(("not_rendered", "用样例数据试排未成功，请检查模板标记")) from None


def _more(value: Any) -> Any:
    """The values with every entry of a list twice."""
    if isinstance(value, Mapping):
        return {name: _more(part) for name, part in value.items()}
    return [_more(part) for part in value] * 2 if isinstance(value, list) else value


def _nothing(value: Any) -> Any:
    """The values with nothing in them: no entries, no text, whatever is said not so."""
    if isinstance(value, Mapping):
        return {name: _nothing(part) for name, part in value.items()}
    return not value if isinstance(value, bool) else type(value)()


def _texts(template: bytes) -> Iterator[str]:
    """All parts of a template that are filled in, as the library will read them."""
    document = _Document(BytesIO(template))
    document.init_docx()
    yield document.patch_xml(document.get_xml())
    for kind in (document.HEADER_URI, document.FOOTER_URI):
        for _, part in document.get_headers_footers(kind):
            yield document.patch_xml(document.get_part_xml(part))
    for part in document.docx.part.package.parts:
        if part.content_type.endswith("wordprocessingml.footnotes+xml"):
            yield document.patch_xml(part.blob.decode())


def _repacked(document: bytes) -> bytes:
    """The package with its entries in order and of one date: else every copy would differ from the last."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(document)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        # Readers look for the content types first.
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return out.getvalue()
