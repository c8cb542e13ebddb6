"""What people are told of rules and of their own accounts."""

from sqlalchemy.orm import Session

from app.identity.notices import recipients, texts
from app.kernel import notices
from app.kernel.events import Entry
from app.kernel.rules import RuleVersion, kind_of


def rule_saved(db: Session, entry: Entry) -> None:
    """A draft waits for those who may put it into force: never for who wrote it."""
    version = db.get_one(RuleVersion, entry.subject_id)
    kind = kind_of(version.rule)
    activators = [person for person in recipients.who_may(db, kind.activate) if person.id != version.saved_by]
    notices.tell(
        db, activators, texts.RULE_DRAFT, version,
        rule=kind.label, number=version.number, since=version.valid_from.isoformat(), basis=version.basis,
    )  # fmt: skip


def rule_settled(db: Session, entry: Entry) -> None:
    """The draft is in force, or was given up."""
    version = db.get_one(RuleVersion, entry.subject_id)
    notices.settle(db, f"{texts.RULE_DRAFT.code}:{version.subject_key()}")


def password_changed(db: Session, entry: Entry) -> None:
    """There is nothing to remind of any more."""
    notices.settle(db, texts.PASSWORD_EXPIRES.code, entry.subject_id)
