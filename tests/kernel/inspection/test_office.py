"""Office files and what they bring along."""

import pytest

from app.kernel.inspection import archives
from tests.kernel.specimens import entries, look, office, old_workbook, packed, relations, workbook

OPEN_XML = "application/vnd.openxmlformats-officedocument"
MS = "application/vnd.ms-"


def package(kind: str, source: str, *found: tuple[str, str, bool], **parts: bytes | str) -> bytes:
    return office(kind, {source: relations(*found), **parts})


DOC, BOOK, SLIDE = "word/_rels/document.xml.rels", "xl/_rels/workbook.xml.rels", "ppt/_rels/presentation.xml.rels"
EMBEDDED = "word/embeddings/Microsoft_Excel_Sheet1.xlsx"
CHART = "word/charts/_rels/chart1.xml.rels"


def with_chart(inside: bytes, *more: tuple[str, str, bool]) -> bytes:
    source = {CHART: relations(("package", f"../{EMBEDDED[5:]}", False)), EMBEDDED: inside}
    return office("docx", {**source, DOC: relations(*more)})


def field(*runs: str) -> str:
    text = "".join(f'<w:r><w:instrText xml:space="preserve">{run}</w:instrText></w:r>' for run in runs)
    return f'<w:document><w:fldChar w:fldCharType="begin"/>{text}<w:fldChar w:fldCharType="end"/></w:document>'


OFFICE = {
    "macros by their part": ("macros", office("docx", entries("word/vbaProject.bin"))),
    "macros by their data": ("macros", office("docx", entries("word/vbaData.xml"))),
    "macros by the type of the document": ("macros", office("docx", main=f"{MS}word.document.macroEnabled.main+xml")),
    "macros by another type": (
        "macros", office("xlsx", types=f'<Override PartName="/a" ContentType="{MS}office.vbaProject"/>')
    ),
    "macros by a relation": ("macros", package("xlsx", BOOK, ("vbaProject", "harmless.bin", False))),
    "Excel 4.0 macros": ("macros", office("xlsx", entries("xl/macrosheets/sheet1.xml"))),
    "Excel 4.0 macros by a relation": ("macros", package("xlsx", BOOK, ("xlMacrosheet", "worksheets/s.xml", False))),
    "Excel 4.0 macros by type": (
        "macros", office("xlsx", types=f'<Override PartName="/a" ContentType="{MS}excel.macrosheet+xml"/>')
    ),
    "a template": ("office", office("docx", main=f"{OPEN_XML}.wordprocessingml.template.main+xml")),
    "a show": ("office", office("pptx", main=f"{OPEN_XML}.presentationml.slideshow.main+xml")),
    "a binary workbook": ("office", office("xlsx", main=f"{MS}excel.sheet.binary.macroEnabled.main")),
    "no main part": ("archive", office("docx", main="text/xml")),
    "begins elsewhere": ("archive", office("docx", {"_rels/.rels": relations()})),
    "begins with nothing": ("damaged", package("docx", "_rels/.rels", ("officeDocument", "word/other.xml", False))),
    "an OLE object": ("embedded", package("docx", DOC, ("oleObject", "embeddings/oleObject1.bin", False))),
    "an OLE object by its content": ("embedded", office("docx", {"word/media/image1.png": old_workbook()})),
    "an OLE object nobody refers to": ("embedded", office("pptx", entries("ppt/embeddings/x.bin"))),
    "a control": ("embedded", package("docx", DOC, ("control", "activeX/activeX1.xml", False))),
    "a control nobody refers to": ("embedded", office("xlsx", entries("xl/activeX/activeX1.bin"))),
    "RTF inside": ("embedded", office("docx", {"word/a.dat": rb"{\rtf1\object}"})),
    "a web page inside": ("embedded", package("docx", DOC, ("aFChunk", "afchunk.mht", False))),
    "a workbook as an object": ("embedded", package("docx", DOC, ("package", EMBEDDED[5:], False))),
    "a workbook nobody refers to": ("embedded", office("docx", {EMBEDDED: workbook()})),
    "a chart's workbook that is an object, too": ("embedded", with_chart(workbook(), ("package", EMBEDDED[5:], False))),
    "a chart's workbook with macros": ("macros", with_chart(office("xlsx", entries("xl/vbaProject.bin")))),
    "a chart's workbook that is a document": ("embedded", with_chart(office("docx"))),
    "a chart's workbook with another one": ("embedded", with_chart(
        office("xlsx", {"xl/charts/_rels/c.rels": relations(("package", "../embeddings/a.xlsx", False)),
                        "xl/embeddings/a.xlsx": workbook()}))),
    "a template elsewhere": ("external", package("docx", DOC, ("attachedTemplate", "https://x.example/a.dotm", True))),
    "a template on a share": ("external", package("docx", DOC, ("attachedTemplate", "file://10.0.0.1/a.dotm", True))),
    "a template on a share, by its path": ("external", package("docx", DOC, ("attachedTemplate", r"\\h\a.dotm", True))),
    "the same, spelled otherwise": ("external", package("docx", DOC, ("attachedTemplate", "%5C%5Ch%5Ca.dotm", True))),
    "an object elsewhere": ("embedded", package("docx", DOC, ("oleObject", "http://x.example/a", True))),
    "a frame elsewhere": ("external", package("docx", DOC, ("frame", "http://x.example/a", True))),
    "a picture elsewhere": ("external", package("pptx", SLIDE, ("image", "http://x.example/a.png", True))),
    "elsewhere, not saying so": ("external", package("docx", DOC, ("image", "http://x.example/a.png", False))),
    "a link that runs": ("external", package("docx", DOC, ("hyperlink", "javascript:alert(1)", True))),
    "a link to a handler": ("external", package("docx", DOC, ("hyperlink", "ms-msdt:/id%20PCWDiagnostic", True))),
    "DDE in a field": ("dde", office("docx", {"word/document.xml": field(r" DDEAUTO c:\\cmd.exe ")})),
    "DDE in pieces": ("dde", office("docx", {"word/document.xml": field(" DD", "EAU", "TO c:")})),
    "DDE behind entities": ("dde", office("docx", {"word/document.xml": field("&#68;DE c:")})),
    "DDE in a header": ("dde", office("docx", {"word/header1.xml": '<w:fldSimple w:instr=" dde cmd"/>'})),
    "DDE in a workbook": ("dde", office("xlsx", {"xl/externalLinks/externalLink1.xml": "<x><ddeLink/></x>"})),
    "a DTD": ("doctype", office("docx", {"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})),
    "a DTD in UTF-16": ("doctype", office("docx", {"word/a.xml": "<!DOCTYPE a><a/>".encode("utf-16")})),
    "a DTD across two pieces": ("doctype", office("docx", {
        "word/a.xml": "<!--" + "".join(map(str, range(52_000)))[: archives.PIECE - 11] + "--><!DOCTYPE a><a/>"})),
    "relations in another encoding": ("damaged", office("docx", {DOC: relations().encode("utf-16")})),
    "broken relations": ("damaged", office("docx", {DOC: "<a>"})),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "content"), OFFICE.values(), ids=OFFICE)
def test_hostile_office_files(reason: str, content: bytes) -> None:
    assert look(content) == reason


HARMLESS = {
    "links": package("docx", DOC, ("hyperlink", "mailto:a@example.org", True), ("hyperlink", "C:\\a.docx", True)),
    "a local template": package("docx", DOC, ("attachedTemplate", "file:///C:\\Users\\a\\b.dotx", True)),
    "the usual template": package("docx", DOC, ("attachedTemplate", "Normal.dotm", True)),
    "another workbook's values": package("xlsx", BOOK, ("externalLinkPath", "file:///D:\\2019.xlsx", True)),
    "a chart": with_chart(workbook()),
    "fields": office("docx", {"word/document.xml": field(" HYPERLINK ", '"http://x/DDE" ') + field(" PAGE ")}),
    "a type by extension": office("docx", {"[Content_Types].xml": f'<Types><Default Extension="xml" '
        f'ContentType="{OPEN_XML}.wordprocessingml.document.main+xml"/></Types>'}),
    "folders": office("docx", {"word/media/": "", "word/embeddings/": ""}),
    "a line break behind": office("docx") + b"\r\n",
    "a comment": office("docx", change=lambda archive: setattr(archive, "comment", b"saved by a program")),
    "an OFD of an older standard": packed({"OFD.xml": '<OFD xmlns="http://www.ofdspec.org"/>'}),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_office_files(name: str) -> None:
    assert look(HARMLESS[name]) in {"Word 文档", "Excel 工作簿", "OFD"}
