"""What a paper says, read back from the file."""

import io
import re

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from pypdf import PdfReader


def words(document: bytes) -> str:
    """All text of a .docx, heads of pages first."""
    found = docx.Document(io.BytesIO(document))
    heads = [paragraph.text for section in found.sections for paragraph in section.header.paragraphs]
    return "\n".join([*heads, *_body(found)])


def _body(document: Document) -> list[str]:
    told: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            told.append(block.text)
        elif isinstance(block, Table):
            told += ["\t".join(cell.text for cell in row.cells) for row in block.rows]
    return [text for text in told if text.strip()]


def pages(pdf: bytes) -> int:
    """How many pages a PDF has."""
    return len(PdfReader(io.BytesIO(pdf)).pages)


def text_of_pdf(pdf: bytes) -> str:
    """The text of a PDF, without blanks and ends of lines."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))
