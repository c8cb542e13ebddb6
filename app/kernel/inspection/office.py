"""Look at office files that are zip containers: Word, Excel and PowerPoint since 2007, and OFD (GB/T 33190).

Which of them it is, the content types say; what it may not bring along: macros of any age, embedded objects and
controls, templates and content from elsewhere, links that start programs. The workbook behind a chart is let in when
it is clean itself: without it no report with a chart could be handed in.
"""

import posixpath
import re
import zipfile
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from typing import BinaryIO
from urllib.parse import unquote
from xml.etree import ElementTree

from app.kernel.inspection.archives import check_entries, opened, part
from app.kernel.inspection.refusal import FileRefused

CONTENT_TYPES = "[Content_Types].xml"
OFD = "OFD.xml"

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_MAIN = {
    f"{_OPEN_XML}wordprocessingml.document.main+xml": "docx",
    f"{_OPEN_XML}spreadsheetml.sheet.main+xml": "xlsx",
    f"{_OPEN_XML}presentationml.presentation.main+xml": "pptx",
}
_OTHER_MAIN = re.compile(r"(?:template|slideshow|addin)\.main\+xml$|sheet\.binary|ms-excel\.sheet\.bin")
_MACRO_TYPE = re.compile(r"(?i)macro|vba")
_MACRO_PART = re.compile(r"(?i)(?:^|/)(?:vba[^/]*\.(?:bin|xml)|macrosheets/|intlmacrosheets/)")
_EMBEDDED_PART = re.compile(r"(?i)(?:^|/)(?:embeddings|activex|ctrlprops)/.|oleobject")
_CHART_RELATIONS = re.compile(r"(?:^|/)charts/_rels/[^/]+\.rels$")
_CALLS = re.compile(rb"<(?:\w+:)?(?:ddeLink|oleLink)\b")
_FIELD = re.compile(rb"(fldChar)\b|instrText\b[^>]*>([^<]*)<|\binstr\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DDE = re.compile(r"(?im)^\s*DDE(?:AUTO)?\b")
_SCHEME = re.compile(r"^\s*([A-Za-z][A-Za-z0-9+.-]+):")
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "ftp", "file", "tel"})
# Word notes the template it once used; only one that is fetched from elsewhere can bring something along.
_ON_THIS_DISK = re.compile(r"(?:file:///)?[A-Za-z]:[\\/]|[^:\\/]+$")
_MACRO_KINDS = frozenset({"vbaProject", "wordVbaData", "xlMacrosheet", "xlIntlMacrosheet"})
_EMBEDDED_KINDS = frozenset({"oleObject", "control", "activeXControlBinary", "ctrlProp", "aFChunk", "attachedToolbars"})
# A workbook keeps the last values of another one and asks before it looks there again.
_WORKBOOK_KINDS = frozenset({"externalLinkPath", "xlExternalLinkPath", "xlPathMissing", "externalLinkLongPath"})


@dataclass(frozen=True, slots=True)
class _Relation:
    """What a part of the package refers to: `kind` is the last word of its type."""

    source: str  # the .rels entry
    kind: str
    target: str
    external: bool

    @property
    def part(self) -> str:
        """The entry it means."""
        folder = posixpath.dirname(posixpath.dirname(self.source))
        return posixpath.normpath(posixpath.join("/", folder, self.target)).lstrip("/")


def kind_of(file: BinaryIO, *, inside: bool = False) -> str:
    """`docx`, `xlsx`, `pptx` or `ofd`, after it was checked. `inside` another file nothing further may be inside."""
    with opened(file) as archive:
        names = set(archive.namelist())
        if (OFD in names) == (CONTENT_TYPES in names):
            raise FileRefused("trailing" if OFD in names else "archive")
        return _check_ofd(archive) if OFD in names else _check_package(archive, names, inside)


def _check_ofd(archive: zipfile.ZipFile) -> str:
    check_entries(archive)
    # Producers do not agree on the namespace.
    if _xml(archive, OFD).tag.rpartition("}")[2] != "OFD":
        raise FileRefused("damaged")
    return "ofd"


def _check_package(archive: zipfile.ZipFile, names: set[str], inside: bool) -> str:
    relations = [found for name in sorted(names) if name.endswith(".rels") for found in _relations(archive, name)]
    kind = _kind(archive, names, relations)
    if any(map(_MACRO_PART.search, names)):
        raise FileRefused("macros")
    workbooks = frozenset() if inside else _chart_workbooks(relations)
    for relation in relations:
        _check_relation(relation, workbooks)
    if any(_EMBEDDED_PART.search(name) and not name.endswith("/") for name in names - workbooks):
        raise FileRefused("embedded")
    check_entries(archive, workbooks)
    for name in sorted(workbooks & names):
        if kind_of(BytesIO(part(archive, name)), inside=True) != "xlsx":
            raise FileRefused("embedded")
    _check_calls(archive, names)
    return kind


def _kind(archive: zipfile.ZipFile, names: set[str], relations: list[_Relation]) -> str:
    """What the content types say of the part that the package begins with; other types may forbid it."""
    defaults: dict[str, str] = {}
    types: dict[str, str] = {}
    for element in _xml(archive, CONTENT_TYPES):
        given = element.get("ContentType", "")
        if _OTHER_MAIN.search(given):
            raise FileRefused("office")
        if _MACRO_TYPE.search(given):
            raise FileRefused("macros")
        if "activeX" in given:
            raise FileRefused("embedded")
        defaults[element.get("Extension", "").lower()] = given
        types[element.get("PartName", "").lstrip("/").lower()] = given
    mains = [found.part for found in relations if found.source == "_rels/.rels" and found.kind == "officeDocument"]
    if len(mains) != 1 or mains[0].lower() not in map(str.lower, names):
        raise FileRefused("damaged" if mains else "archive")
    main = mains[0].lower()
    given = types.get(main) or defaults.get(main.rpartition(".")[2], "")
    if given not in _MAIN:
        raise FileRefused("archive")
    return _MAIN[given]


def _relations(archive: zipfile.ZipFile, name: str) -> list[_Relation]:
    return [
        _Relation(
            name,
            element.get("Type", "").rpartition("/")[2],
            element.get("Target", ""),
            element.get("TargetMode", "").strip().lower() == "external",
        )
        for element in _xml(archive, name).iter()
        if element.tag.endswith("}Relationship")
    ]


def _chart_workbooks(relations: list[_Relation]) -> frozenset[str]:
    """The workbooks that only charts refer to."""
    packages = [found for found in relations if found.kind == "package" and not found.external]
    others = {found.part for found in packages if not _CHART_RELATIONS.search(found.source)}
    return frozenset(found.part for found in packages if found.part.endswith(".xlsx")) - others


def _check_relation(relation: _Relation, workbooks: frozenset[str]) -> None:
    if relation.kind in _MACRO_KINDS:
        raise FileRefused("macros")
    if relation.kind in _EMBEDDED_KINDS:
        raise FileRefused("embedded")
    if not relation.external:
        if relation.kind == "package" and relation.part not in workbooks:
            raise FileRefused("embedded")
        # A target that names an address is followed by some readers whatever its mode says.
        if "://" in relation.target or relation.target.startswith("\\\\"):
            raise FileRefused("external")
        return
    if relation.kind == "hyperlink":
        scheme = _SCHEME.match(relation.target)
        if scheme and scheme[1].lower() not in _LINK_SCHEMES:
            raise FileRefused("external")
    elif relation.kind == "attachedTemplate":
        if not _ON_THIS_DISK.match(unquote(relation.target)):
            raise FileRefused("external")
    elif relation.kind not in _WORKBOOK_KINDS:
        raise FileRefused("external")


def _check_calls(archive: zipfile.ZipFile, names: set[str]) -> None:
    for name in sorted(names):
        if name.startswith("xl/externalLinks/") and _CALLS.search(part(archive, name)):
            raise FileRefused("dde")
        document = name.startswith("word/") and name.endswith(".xml")
        if document and _DDE.search(_instructions(part(archive, name))):
            raise FileRefused("dde")


def _instructions(xml: bytes) -> str:
    """The instructions of all fields, a line each: one may be cut into several runs."""
    if b"instr" not in xml:
        return ""
    pieces = [
        b"\n" + (one or other) + b"\n" if border or one or other else text
        for border, text, one, other in _FIELD.findall(xml)
    ]
    return unescape(b"".join(pieces).decode("utf-8", "replace"))


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    # As text, so that the declared encoding cannot make two readers read two things; the parser gets no DTD.
    try:
        text = part(archive, name).decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise FileRefused("doctype")
        return ElementTree.fromstring(text)  # noqa: S314 (without a DTD there are no entities to expand)
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError) as error:
        raise FileRefused("damaged") from error
