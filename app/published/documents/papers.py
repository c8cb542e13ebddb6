"""What stands on a paper beside its content, and the paper itself as Word or PDF."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kernel.calendar import Period
from app.kernel.documents import fonts, pdf, word
from app.published.documents import wording
from app.published.documents.schemas import Format
from app.published.issues.kinds import Paper

ROOT = Path(__file__).parent.parent
"""The folder within which the house's own templates refer to each other."""
SHORT = 16
"""So many characters of a hash are printed."""
MEDIA_TYPES = {Format.DOCX: word.MEDIA_TYPE, Format.PDF: pdf.MEDIA_TYPE}


@dataclass(frozen=True, slots=True)
class Office:
    """Who prints: the district's name, that of its bureau, and where fonts of its own lie."""

    district: str
    bureau: str
    fonts: Path | None


@dataclass(frozen=True, slots=True)
class Printable:
    """A content with what stands around it, ready to be printed at `at`, in Word with `template`."""

    paper: Paper
    content: dict[str, Any]
    head: dict[str, Any]
    title: str
    name: str
    at: datetime
    template: bytes


def published(office: Office, paper: Paper, issue: dict[str, Any], title: str) -> dict[str, Any]:
    """The head of an edition, and how a copy of it is told from a forgery."""
    on = wording.day(issue["published_at"])
    edition = issue["edition"]
    notes = [f"更正原因：{issue['reason']}"] if issue["reason"] else []
    notes.append(
        f"核验：{issue['title']}第{edition}版，内容校验码{issue['content_hash'][:SHORT]}"
        f"（SHA-256前{SHORT}位）。凭期号与版次可在慧招商系统中核验本件是否与发布时一致。"
    )
    return {
        "mark": f"{office.district}{paper.mark}",
        "number": f"第{issue['number']}期",
        "issuer": office.bureau,
        "date": on,
        "title": title,
        "edition": f"更正版（第{edition}版）" if edition > 1 else "",
        "draft": False,
        "printed": f"{on}印发",
        "notes": notes,
    }


def draft(office: Office, paper: Paper, title: str, at: datetime) -> dict[str, Any]:
    """The head of what was not published."""
    on = wording.day(at)
    return {
        "mark": f"{office.district}{paper.mark}",
        "number": "草稿",
        "issuer": office.bureau,
        "date": on,
        "title": title,
        "edition": "",
        "draft": True,
        "printed": f"{on}生成",
        "notes": ["本件为草稿，按生成时的数据计算，未经发布，不作为依据。"],
    }


def sample(paper: Paper) -> dict[str, Any]:
    """All that a template can name, with one of everything."""
    head = {
        "mark": f"样例区{paper.mark}", "number": "第8期", "issuer": "样例区招商投资促进局", "date": "2020年9月3日",
        "title": paper.heading(Period.parse(paper.sample().model_dump()["period"])), "edition": "更正版（第2版）",
        "draft": False, "printed": "2020年9月3日印发", "notes": ["核验：样例"],
    }  # fmt: skip
    return {"head": head, **paper.printed(paper.sample().model_dump(mode="json"))}


def rendered(office: Office, wanted: Printable, form: Format) -> bytes:
    """The paper: slow, and in need of no database."""
    values = {"head": wanted.head, **wanted.paper.printed(wanted.content)}
    if form is Format.PDF:
        return pdf.render(wanted.paper.pdf, ROOT, values, fonts.installed(office.fonts), wanted.at)
    return word.render(wanted.template, values, title=wanted.title, author=office.bureau, at=wanted.at)
