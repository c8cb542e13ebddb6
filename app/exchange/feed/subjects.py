"""What of the log goes into the live stream, and to whom."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from app.exchange.feed.messages import Message
from app.kernel.access import Actor
from app.kernel.subjects import Subject

Feed = Mapping[str, Subject]
"""Every streamed subject. What is not in it goes to nobody: people, sessions, keys."""

Present = Mapping[tuple[str, int], Any]


def kinds_of(feed: Feed) -> list[str]:
    """The first words by which a stream can be filtered."""
    return sorted({kind for subject in feed.values() for kind in subject.kinds})


def present(feed: Feed, connection: Connection, messages: Collection[Message]) -> Present:
    """The sights that the subjects of these messages have now; those that are gone are left out."""
    found: dict[tuple[str, int], Any] = {}
    for name, subject in feed.items():
        if subject.newest is None:
            continue
        ids = {message.subject_id for message in messages if message.subject == name}
        if ids:
            found.update(((name, key), sight) for key, sight in subject.newest(connection, ids).items())
    return found


def fate(feed: Feed, actor: Actor, message: Message, now: Present | None = None) -> bool | None:
    """True: the actor sees the message. False: it took the subject out of the actor's sight. None: neither.

    `now` holds the present sights when the message is an old one; what has become visible since is shown, what has
    become invisible is not.
    """
    subject = feed.get(message.subject)
    if subject is None or subject.permission not in actor.permissions:
        return None
    place = (message.subject, message.subject_id)
    sight = message.sight if now is None or place not in now else now[place]
    if subject.admits(actor, sight):
        return True
    # An old message that took the subject out of sight says so also when the present is the same.
    if message.sight_before is None or subject.admits(actor, message.sight):
        return None
    return False if subject.admits(actor, message.sight_before) else None
