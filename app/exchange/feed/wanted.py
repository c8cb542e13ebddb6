"""What one stream has asked for."""

from dataclasses import dataclass

from app.exchange.feed.messages import Message
from app.exchange.feed.schemas import StreamQuery
from app.exchange.feed.subjects import Feed, kinds_of
from app.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Wanted:
    """Kinds by their beginning or in full, and subjects; empty means all."""

    prefixes: tuple[str, ...]
    kinds: frozenset[str]
    subjects: frozenset[tuple[str, str]]

    def concerns(self, message: Message) -> bool:
        return not self.subjects or (message.subject, message.key) in self.subjects

    def includes(self, message: Message) -> bool:
        if not self.prefixes and not self.kinds:
            return True
        return message.kind in self.kinds or message.kind.startswith(self.prefixes)


def wanted(query: StreamQuery, feed: Feed) -> Wanted:
    """The filter of a query; 422 for kinds and types that are not streamed."""
    known = kinds_of(feed)
    for kind in query.kind:
        if kind.split(".", 1)[0] not in known:
            raise Invalid.field("kind", "unknown_kind", "可用的种类：" + "、".join(f"{word}.*" for word in known))
    subjects = [name.split(":", 1) for name in query.subject]
    for kind, _ in subjects:
        if kind not in feed:
            raise Invalid.field("subject", "unknown_subject", "可用的对象类型：" + "、".join(sorted(feed)))
    return Wanted(
        tuple(kind[:-1] for kind in query.kind if kind.endswith("*")),
        frozenset(kind for kind in query.kind if not kind.endswith("*")),
        frozenset((kind, key) for kind, key in subjects),
    )
