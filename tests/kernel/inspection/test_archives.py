"""Zip containers that say one thing and hold another."""

import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.kernel.specimens import SMALL_ZIP, entries, look, ofd, office, packed, pdf


def directory(change: Callable[[zipfile.ZipInfo], object], name: str = "word/document.xml") -> Any:
    """Have the directory of an archive say something false of one entry."""
    return lambda archive: change(archive.getinfo(name))


def setting(**values: Any) -> Any:
    return directory(lambda entry: [setattr(entry, name, value) for name, value in values.items()])


ARCHIVES = {
    "a plain archive": ("archive", packed({"a.pdf": pdf()})),
    "an empty archive": ("archive", packed({})),
    "declares too much": ("bomb", office(parts={f"word/{n}.xml": "x" for n in range(60)}, change=lambda archive: [
        setattr(entry, "file_size", 9_000_000) for entry in archive.infolist()])),
    "unpacks to too much": ("bomb", office(parts={"word/media/a.bmp": b"\0" * 20_000_000})),
    "declares too little": ("damaged", office(parts={"word/document.xml": "<d/>" * 999}, change=setting(file_size=9))),
    "too many entries": ("parts", office(parts=entries(*(f"word/{n}" for n in range(5001))))),
    "out of its folder": ("paths", office(parts=entries("../../etc/cron.d/x"))),
    "out of its folder, further in": ("paths", office(parts=entries("word/../../x"))),
    "absolute": ("paths", office(parts=entries("/etc/passwd"))),
    "of another system": ("paths", office(parts=entries("C:/x"))),
    "with backslashes": ("paths", office(parts=entries("word\\..\\..\\x"))),
    "a name with a line break": ("paths", office(parts=entries("word/a\nb"))),
    "one name twice": ("paths", office(parts=entries("word/a.xml", "word/A.xml"))),
    "a link": ("paths", office(change=setting(external_attr=0o120777 << 16))),
    "encrypted": ("password", office(change=setting(flag_bits=1))),
    "encrypted, not in the directory": ("password", office().replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0")),
    "packed in a rare way": ("damaged", office(change=setting(compress_type=12))),
    "another entry's content": ("trailing", office(change=setting(header_offset=0))),
    "an entry nobody lists": ("trailing", office(change=lambda archive: archive.filelist.pop())),
    "a first entry nobody lists": ("trailing", office(change=lambda archive: archive.filelist.pop(0))),
    "something behind": ("trailing", office() + b"MZ"),
    "another name inside": ("damaged", office(change=setting(filename="word/documents.xml"))),
    "a wrong checksum": ("damaged", office(change=setting(CRC=1))),
    "a nested archive": ("nested", office(parts={"word/media/image1.png": SMALL_ZIP})),
    "a nested archive, by its name": ("nested", office(parts=entries("word/media/a.7z"))),
    "a nested rar": ("nested", office(parts={"word/media/image1.png": b"Rar!\x1a\x07\0"})),
    "a program": ("nested", office(parts={"word/media/image1.png": b"MZ" + b"\0" * 60 + b"PE\0\0"})),
    "a script": ("nested", ofd(**{"Doc_0/run.vbs": b"x"})),
    "an archive in OFD": ("nested", ofd(**{"Doc_0/Attachs/a.dat": SMALL_ZIP})),
    "both OFD and Office": ("trailing", office(parts={"OFD.xml": "<OFD/>"})),
    "no OFD at all": ("damaged", packed({"OFD.xml": "<html/>"})),
    "broken OFD": ("damaged", packed({"OFD.xml": "<OFD>"})),
    "OFD with entities": ("doctype", packed({"OFD.xml": '<!DOCTYPE a [<!ENTITY b "c">]><OFD>&b;</OFD>'})),
    "cut off": ("damaged", office()[:-30]),
}  # fmt: skip


@pytest.mark.parametrize(("reason", "content"), ARCHIVES.values(), ids=ARCHIVES)
def test_hostile_archives(reason: str, content: bytes) -> None:
    assert look(content) == reason
