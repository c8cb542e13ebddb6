"""PDFs that act, carry other files, or cannot be looked into."""

import zlib
from typing import Any

import pytest

from tests.kernel.specimens import SMALL_ZIP, look, object_stream, pdf, stream


def deflated_hex(content: bytes) -> bytes:
    return zlib.compress(content).hex().encode()


PDFS = {
    "script": pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"),
    "script, spelled otherwise": pdf(b"<</S/J#61vaScr#69pt/JS(x)>>"),
    "script in an indirect name": pdf(b"<</S 11 0 R/JS(x)>>", b"/JavaScript"),
    "launch": pdf(b"<</S /Launch /F(cmd.exe)>>"),
    "form that sends": pdf(b"<</S/SubmitForm/F(http://x)>>"),
    "dynamic form": pdf(b"<</AcroForm<</XFA[]>>>>"),
    "rich media": pdf(b"<</Subtype/RichMedia>>"),
    "script in an object stream": pdf(object_stream(b"<</S/JavaScript>>")),
    "script in an object stream, spelled otherwise": pdf(object_stream(b"<</S/#4AavaScript>>")),
    "a name of the stream spelled otherwise": pdf(
        object_stream(b"<</S/Launch>>").replace(b"/ObjStm", b"/Obj#53tm").replace(b"/First", b"/F#69rst")
    ),
    "a feigned object in the dictionary": pdf(
        object_stream(b"<</S/Launch>>", b"/Filter/FlateDecode/X(9 0 obj endstream <<>>)")
    ),
    "an unpacked object stream": pdf(object_stream(b"<</S/Launch>>", b"", bytes)),
}


@pytest.mark.parametrize("content", PDFS.values(), ids=PDFS)
def test_active_pdfs(content: bytes) -> None:
    assert look(content) == "pdf_active"


OTHER_PDFS = {
    "packed twice": ("pdf_opaque", pdf(object_stream(b"<<>>", b"/Filter[/ASCIIHexDecode/FlateDecode]", deflated_hex))),
    "predicted": ("pdf_opaque", pdf(object_stream(b"<<>>", b"/Filter/FlateDecode/DecodeParms<</Predictor 12>>"))),
    "packed twice, behind a feigned object": (
        "pdf_opaque",
        pdf(object_stream(b"<<>>", b"/X(9 0 obj <<)/Filter[/ASCIIHexDecode/FlateDecode]", deflated_hex)),
    ),
    "packed by reference": ("pdf_opaque", pdf(object_stream(b"<<>>", b"/Filter 9 0 R"))),
    "encrypted": ("password", pdf(b"<</Encrypt 9 0 R>>")),
    "cut off": ("damaged", pdf()[:-8]),
    "no version": ("damaged", pdf(head=b"%PDF-x\n")),
    "something before": ("trailing", b"GIF89a;\n" + pdf()),
    "something behind": ("trailing", pdf(tail=b"x" * 2000)),
    "an archive behind": ("trailing", pdf(tail=SMALL_ZIP)),
    "an archive behind, ended again": ("trailing", pdf(tail=SMALL_ZIP + b"\n%%EOF")),
    "a bomb": ("bomb", pdf(object_stream(b" " * 70_000_000))),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "content"), OTHER_PDFS.values(), ids=OTHER_PDFS)
def test_other_pdfs(reason: str, content: bytes) -> None:
    assert look(content) == reason


# -- what comes along with it --------------------------------------------------------------------------------------

INVOICE = b'<?xml version="1.0" encoding="UTF-8"?>\n<EInvoice><Total>113.00</Total></EInvoice>'


def utf16(name: str) -> bytes:
    return b"<feff%s>" % name.encode("utf-16-be").hex().encode()


def hexadecimal(content: bytes) -> bytes:
    return content.hex().encode()


def carrying(
    content: bytes = INVOICE,
    *,
    name: bytes = b"(invoice.xml)",
    spec: bytes = b"/Type/Filespec/F%b/UF%b/EF<</F 11 0 R/UF 11 0 R>>",
    dictionary: bytes = b"/Type/EmbeddedFile/Subtype/text#2Fxml/Filter/FlateDecode",
    pack: Any = zlib.compress,
    more: tuple[bytes, ...] = (),
) -> bytes:
    """A PDF with one attachment: its specification is object 10, its content object 11."""
    spec = spec.replace(b"%b", name)
    return pdf(b"<<%s>>" % spec, stream(dictionary, pack(content)), b"<</Names[(x)10 0 R]>>", *more)


def in_object_stream(**how: Any) -> bytes:
    spec = b"<</F(invoice.xml)/EF<</F 11 0 R>>>>"
    return carrying(spec=b"", more=(object_stream(spec),), **how)


CARRIED = {
    "an invoice": carrying(),
    "as it is": carrying(dictionary=b"/Type/EmbeddedFile", pack=bytes),
    "in an array of filters": carrying(dictionary=b"/Filter[/FlateDecode]"),
    "without a type": carrying(dictionary=b"/Filter /FlateDecode"),
    "named in UTF-16": carrying(name=utf16("发票.xml")),
    "named with signs spelled otherwise": carrying(name=rb"(a\(1\)\056xml)"),
    "named in GBK": carrying(name=b"(" + "电子发票".encode("gbk") + b".XML)"),
    "spelled otherwise": carrying(spec=b"/#46%b/#45F<</#46 11 0 R>>"),
    "in GB18030": carrying('<?xml version="1.0" encoding="GBK"?><发票>一</发票>'.encode("gb18030")),
    "with a mark": carrying(b"\xef\xbb\xbf" + INVOICE),
    "in UTF-16": carrying("\ufeff<a>一</a>".encode("utf-16-le")),
    "text": carrying("销方：某公司\n合计：113.00".encode(), name=b"(note.txt)"),
    "in an object stream": in_object_stream(),
    "two": carrying(more=(b"<</F(b.xbrl)/EF<</F 14 0 R>>>>", stream(b"/Filter/FlateDecode", zlib.compress(INVOICE)))),
    "beside links to files and pictures": carrying(more=(b"<</F 4/Subtype/Link>>", stream(b"/F", b"x"))),
}  # fmt: skip


@pytest.mark.parametrize("content", CARRIED.values(), ids=CARRIED)
def test_data_may_come_along(content: bytes) -> None:
    assert look(content) == "PDF"


REFUSED = {
    "a program": ("pdf_attached", carrying(b"MZ\x90\0")),
    "a program, named so": ("pdf_attached", carrying(name=b"(invoice.exe)")),
    "text, named as a program": ("pdf_attached", carrying(b"del *.*", name=b"(invoice.bat)")),
    "another name for another reader": ("pdf_attached", carrying(spec=b"/F(a.exe)/UF(a.xml)/EF<</F 11 0 R>>")),
    "a name that ends early": ("pdf_attached", carrying(name=rb"(a.exe\000.xml)")),
    "a name read from the right": ("pdf_attached", carrying(name=utf16("a\u202elmx.exe"))),
    "a stream of a file": ("pdf_attached", carrying(name=b"(a.exe:b.xml)")),
    "no extension": ("pdf_attached", carrying(name=b"(invoice)")),
    "a PDF": ("pdf_attached", carrying(pdf())),
    "rich text": ("pdf_attached", carrying(b"{\\rtf1 x}", name=b"(a.txt)")),
    "an archive": ("pdf_attached", carrying(SMALL_ZIP)),
    "a web page": ("pdf_attached", carrying(b"<html><body>x</body></html>")),
    "a script in XML": ("pdf_attached", carrying(b"<a><h:script xmlns:h='x'>1</h:script></a>")),
    "a style sheet": ("pdf_attached", carrying(b"<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>")),
    "a DTD": ("pdf_attached", carrying(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")),
    "nothing": ("pdf_attached", carrying(b" ")),
    "too much": ("bomb", carrying(b"<a>" + b"x" * 11_000_000 + b"</a>")),
    "too many": ("pdf_attached", pdf(
        *(b"<</F(a.xml)/EF<</F %d 0 R>>>>" % (60 + n) for n in range(50)),
        *(stream(b"/Filter/FlateDecode", zlib.compress(INVOICE)) for n in range(50)))),
    "packed otherwise": ("pdf_opaque", carrying(dictionary=b"/Filter/ASCIIHexDecode", pack=hexadecimal)),
    "packed twice": ("pdf_opaque", carrying(
        dictionary=b"/Filter[/ASCIIHexDecode/FlateDecode]", pack=deflated_hex)),
    "packed, behind a feigned object": ("pdf_opaque", carrying(
        dictionary=b"/Filter/ASCIIHexDecode/X(1 0 obj)", pack=hexadecimal)),
    "packed, spelled otherwise": ("pdf_opaque", carrying(
        dictionary=b"/F#69lter/ASCIIHexDecode", pack=hexadecimal)),
    "a length that is not true": ("pdf_opaque", carrying(
        pdf(), dictionary=b"/X 1%/Length 84\n", pack=lambda content: INVOICE + b"\nendstream\n" + content)),
    "two lengths": ("pdf_opaque", carrying(dictionary=b"/Length 3", pack=bytes)),
    "content elsewhere": ("pdf_opaque", carrying(spec=b"/F%b/EF<</F 99 0 R>>")),
    "content in another file": ("pdf_opaque", carrying(dictionary=b"/FS/URL/F(a.xml)", pack=bytes)),
    "files named elsewhere": ("pdf_opaque", carrying(spec=b"/F%b/EF 12 0 R")),
    "a name elsewhere": ("pdf_opaque", carrying(spec=b"/UF 13 0 R/F(a.xml)/EF<</F 11 0 R>>")),
    "no name": ("pdf_opaque", carrying(spec=b"/EF<</F 11 0 R>>")),
    "related files": ("pdf_opaque", carrying(spec=b"/F%b/EF<</F 11 0 R>>/RF<</F[(a.exe) 12 0 R]>>")),
    "one that nothing leads to": ("pdf_opaque", carrying(spec=b"/F%b")),
    "a program in a later version": ("pdf_attached", carrying(
        more=(b"", b"endobj\n11 0 obj\n" + stream(b"/Filter/FlateDecode", zlib.compress(b"MZ\0"))))),
    "a later version behind a comment": ("pdf_attached", carrying(
        more=(b"", b"endobj\n11 %x\n00 obj\n" + stream(b"/Filter/FlateDecode", zlib.compress(b"MZ\0"))))),
    "in an object stream": ("pdf_attached", in_object_stream(content=b"MZ\0")),
    "opened by itself": ("pdf_active", carrying(more=(b"<</S/GoToE/D[0/Fit]>>",))),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "content"), REFUSED.values(), ids=REFUSED)
def test_other_files_may_not_come_along(reason: str, content: bytes) -> None:
    assert look(content) == reason


@pytest.mark.parametrize(
    "content",
    [
        pdf(b"<</S/GoToR/F(other.pdf)>>", object_stream(b"<</F(other.doc)/UF 9 0 R>>")),
        pdf(tail=b"\r\n\0\0" * 5000),
        pdf(b"<</S/JavaScriptish/Launched 1/XFAx 2>>"),
        pdf(b"<</OpenAction[3 0 R/Fit]/First 4 0 R>>", stream(b"/Subtype/Image/Filter/DCTDecode", b"\xff\xd8/JS \xff")),
        pdf(object_stream(b"<<>>", b"/Filter [ /FlateDecode ]")),
    ],
)
def test_harmless_pdfs(content: bytes) -> None:
    assert look(content) == "PDF"
