"""PDFs that act, carry other files, or cannot be looked into."""

import zlib

import pytest

from tests.kernel.specimens import SMALL_ZIP, look, object_stream, pdf, stream


def deflated_hex(content: bytes) -> bytes:
    return zlib.compress(content).hex().encode()


PDFS = {
    "script": pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"),
    "script, spelled otherwise": pdf(b"<</S/J#61vaScr#69pt/JS(x)>>"),
    "script in an indirect name": pdf(b"<</S 11 0 R/JS(x)>>", b"/JavaScript"),
    "launch": pdf(b"<</S /Launch /F(cmd.exe)>>"),
    "attachment": pdf(stream(b"/Type/EmbeddedFile", b"MZ")),
    "names of attachments": pdf(b"<</Names<</EmbeddedFiles 9 0 R>>>>"),
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


@pytest.mark.parametrize(
    "content",
    [
        pdf(tail=b"\r\n\0\0" * 5000),
        pdf(b"<</S/JavaScriptish/Launched 1/XFAx 2>>"),
        pdf(b"<</OpenAction[3 0 R/Fit]/First 4 0 R>>", stream(b"/Subtype/Image/Filter/DCTDecode", b"\xff\xd8/JS \xff")),
        pdf(object_stream(b"<<>>", b"/Filter [ /FlateDecode ]")),
    ],
)
def test_harmless_pdfs(content: bytes) -> None:
    assert look(content) == "PDF"
