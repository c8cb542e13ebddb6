"""Chinese names as people type them: made comparable, searchable by pinyin, and ranked by likeness."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from rapidfuzz import fuzz

from app.kernel.regions import leading_region

LIKE_ESCAPE = "\\"
"""Give it to ``column.like(pattern, escape=LIKE_ESCAPE)``: SQLite has no escape character of its own."""

_UNIFY = str.maketrans(
    {
        **dict.fromkeys("【〔〖「『[{〈《", "("),
        **dict.fromkeys("】〕〗」』]}〉》", ")"),
        **dict.fromkeys("‐‑‒–—―−－~〜～﹣", "-"),
        **dict.fromkeys("•・‧∙⋅", "·"),
        **dict.fromkeys("“”„‘’′＇'`", '"'),
    }
)
_COMPANY = re.compile(
    r"(股份有限责任公司|有限责任公司|股份有限公司|股份公司|有限公司|集团公司|总公司|分公司|公司|集团|控股|合伙企业|有限合伙"
    r"|普通合伙|厂|ltd|inc|co)$"
)
_PLAIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
_ASIDE = re.compile(r"\(([^()]*)\)")
_FORMERLY = re.compile(r"^(以下简称|简称|原名|曾用名|又名|又称|暂定名|暂名|也称|亦称|别名|原)[:：]?")
# What stands in brackets without being another name.
_NO_NAME = re.compile(
    r"(第?[一二三四五六七八九十0-9]+期.*|.*(期|标段|阶段|批次?)|集团|控股|有限合伙|普通合伙|增资|扩建|改扩建|新建|技改|续建|迁建"
    r"|暂定|拟|筹|框架|补充协议|重新签约|.*(元|亩|吨))"
)

Key = TypeVar("Key", bound=Hashable)


# --- Comparable text ---


def normalise(text: str) -> str:
    """Lower-case NFKC text without blanks, line breaks and invisible characters, brackets and dashes made alike."""
    wide = unicodedata.normalize("NFKC", text).translate(_UNIFY).lower()
    return "".join(c for c in wide if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))


@lru_cache(maxsize=65536)
def squash(text: str) -> str:
    """Only the letters, digits and characters of ``normalise(text)``: what two spellings of one name share."""
    if _PLAIN.fullmatch(text):
        return text.lower()
    return "".join(c for c in normalise(text) if unicodedata.category(c)[0] in "LNM")


def split_alternatives(text: str) -> list[str]:
    """A name and the other name it gives in brackets at its end: ``中新杏鲍菇（绿雅杏鲍菇）`` gives both.

    Brackets that hold a phase, a legal form, a place, an amount or hardly anything are part of the one name.
    """
    whole = text.strip()
    found = re.fullmatch(r"(.+?)\s*[(（〔【\[]([^()（）〔〕【】\[\]]+)[)）〕】\]]", whole, re.DOTALL)
    if not found:
        return [whole] if whole else []
    name, other = found[1].strip(), _FORMERLY.sub("", found[2].strip())
    plain = normalise(other)
    if len(plain) < 3 or _NO_NAME.fullmatch(plain) or leading_region(plain) == len(plain) or plain == normalise(name):
        return [whole]
    return [name, other]


# --- Pinyin ---

# Where the package's first reading is not the one that names use.
_IN_NAMES = {"曾": "zeng", "翟": "zhai", "覃": "qin", "缪": "miao", "晟": "sheng", "仇": "qiu"}
_MORE_PHRASES = {"朝阳": ("chao", "yang"), "单县": ("shan", "xian")}


def _table(name: str) -> bytes:
    """A table of `pypinyin`. Imported, the package would hold 55 MB for ever, of which names need two."""
    spec = find_spec("pypinyin")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).with_name(name).read_bytes()


@cache
def _readings() -> dict[int, str]:
    return msgspec.json.decode(_table("pinyin_dict.json"), type=dict[int, str])


def _toneless(syllable: str) -> str:
    """``zhòng`` to ``zhong``, ``lǜ`` to ``lv`` (as it is typed)."""
    plain = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(c for c in plain if c.isascii() and c.isalpha())


@cache
def _reading(character: str) -> str:
    """The commonest reading of one character; of a letter or digit itself; of anything else nothing."""
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    return _IN_NAMES.get(character) or _toneless(_readings().get(ord(character), "").split(",")[0])


@cache
def _phrases() -> tuple[dict[str, tuple[str, ...]], dict[str, list[int]]]:
    """Phrases read otherwise than character by character (重庆, 银行), and their lengths by first character.

    Most of the package's 47,000 phrases change nothing; leaving them out is what makes reading a name fast.
    """
    toneless = cache(_toneless)
    special: dict[str, tuple[str, ...]] = {}
    lengths: dict[str, set[int]] = defaultdict(set)
    # One at a time: a million small objects at once would leave their room behind.
    decode = msgspec.json.Decoder(list[list[str]]).decode
    for phrase, raw in msgspec.json.decode(_table("phrases_dict.json"), type=dict[str, msgspec.Raw]).items():
        said = tuple(toneless(reading[0]) for reading in decode(raw))
        if len(said) == len(phrase) and any(said[i] != _reading(c) for i, c in enumerate(phrase)):
            special[phrase] = said
            lengths[phrase[0]].add(len(phrase))
    for phrase, said in _MORE_PHRASES.items():
        special[phrase] = said
        lengths[phrase[0]].add(len(phrase))
    return special, {first: sorted(found, reverse=True) for first, found in lengths.items()}


def syllables(text: str) -> list[str]:
    """One reading for each character that has one, longest known phrase first; letters and digits stand alone."""
    special, lengths = _phrases()
    said: list[str] = []
    clean = unicodedata.normalize("NFKC", text)
    position = 0
    while position < len(clean):
        character = clean[position]
        for length in lengths.get(character, ()):
            if (phrase := special.get(clean[position : position + length])) is not None:
                said.extend(phrase)
                position += length
                break
        else:
            if reading := _reading(character):
                said.append(reading)
            position += 1
    return said


def pinyin(text: str) -> str:
    """Full pinyin without tones, ASCII letters and digits only: ``张三`` is ``"zhangsan"``. For sorting and search."""
    return _words(text)[1]


@lru_cache(maxsize=16384)
def _words(text: str) -> tuple[str, str, str]:
    """A name squashed, in pinyin and by initials; names are asked for again and again."""
    if text.isascii():
        plain = "".join(c for c in text.lower() if c.isalnum())
        return plain, plain, plain
    said = syllables(text)
    return squash(text), "".join(said), "".join(syllable[0] for syllable in said)


def initials(text: str) -> str:
    """The first letter of each character's pinyin: ``"zs"``. Letters and digits stand for themselves."""
    return "".join(syllable[0] for syllable in syllables(text))


# --- Search ---


def search_key(*texts: str | None) -> str:
    """What a search column holds: each text squashed, in pinyin and by initials, joined by blanks.

    A query (see ``like``) has no blanks, so it never matches across two of them.
    """
    words: dict[str, None] = {}
    for text in texts:
        if text:
            words.update(dict.fromkeys(_words(text)))
    return " ".join(word for word in words if word)


def like(query: str) -> str:
    """The LIKE pattern (escape character ``LIKE_ESCAPE``) that finds a typed query inside a ``search_key``.

    An empty query finds everything; one of signs only is taken literally and so finds nothing.
    """
    wanted = squash(query) or normalise(query)
    for special in (LIKE_ESCAPE, "%", "_"):
        wanted = wanted.replace(special, LIKE_ESCAPE + special)
    return f"%{wanted}%" if wanted else "%"


# --- Likeness ---


@lru_cache(maxsize=65536)
def core_name(text: str) -> str:
    """The part that tells one name from another: without region in front, legal form behind, and asides of these.

    ``重庆市黔江区正阳新材料有限公司`` and ``正阳新材料（重庆）集团`` are both ``正阳新材料``.
    At least two characters stay.
    """
    plain = normalise(text)

    def aside(found: re.Match[str]) -> str:
        inner = found[1]
        return "" if _COMPANY.sub("", inner) == "" or leading_region(inner) == len(inner) else found[0]

    name = squash(_ASIDE.sub(aside, plain)) or squash(plain)
    while (found := _COMPANY.search(name)) and found.start() >= 2:
        name = name[: found.start()]
    while (length := leading_region(name)) and len(name) - length >= 2:
        name = name[length:]
    return name


class _Shape(NamedTuple):
    core: str
    sound: str


@lru_cache(maxsize=65536)
def _shape(text: str) -> _Shape:
    """A name's core, and the same with every syllable as one character, so that homophones are equal."""
    core = core_name(text)
    return _Shape(core, "".join(_sound(syllable) for syllable in syllables(core)))


_SOUNDS: dict[str, str] = {}


def _sound(syllable: str) -> str:
    return _SOUNDS.setdefault(syllable, chr(0xE000 + len(_SOUNDS)))


def similarity(left: str, right: str) -> float:
    """How alike two names are, 0 to 100; 100 when nothing but region, legal form and punctuation differs.

    The best of: letter by letter; by sound (homophones, a little less); one name inside the other (less again).
    """
    return _similarity(_shape(left), _shape(right))


def _similarity(left: _Shape, right: _Shape) -> float:
    if not left.core or not right.core:
        return 0.0
    best = fuzz.ratio(left.core, right.core)
    if left.sound and right.sound:
        best = max(best, 0.95 * fuzz.ratio(left.sound, right.sound))
    shorter = min(len(left.core), len(right.core))
    if shorter >= 3 and best < 90:
        best = max(best, 0.9 * fuzz.partial_ratio(left.core, right.core))
    return float(best)


def best_matches(
    name: str, candidates: Mapping[Key, list[str]], limit: int = 5, cutoff: float = 75.0
) -> list[tuple[Key, float]]:
    """The candidates most like ``name``, best first, as (key, likeness); each counts by the best of its names."""
    wanted = _shape(name)
    scored = (
        (key, max((_similarity(wanted, _shape(known)) for known in names if known), default=0.0))
        for key, names in candidates.items()
    )
    # The sort is stable: equals stay in the order they were given in.
    return sorted((pair for pair in scored if pair[1] >= cutoff), key=lambda pair: -pair[1])[:limit]
