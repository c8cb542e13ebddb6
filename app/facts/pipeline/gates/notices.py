"""What people are told of overrides: those who may decide of what was asked, whoever asked of what was decided."""

from sqlalchemy.orm import Session

from app.facts.pipeline.gates.overrides import label_of
from app.facts.pipeline.gates.terms import OverrideState
from app.facts.pipeline.models import GateOverride
from app.facts.projects.models import Project
from app.identity.notices import recipients, texts
from app.kernel.access import Permission
from app.kernel.events import Entry
from app.kernel.notices import others, settle, tell


def requested(db: Session, entry: Entry) -> None:
    """A decision waits for another person."""
    override = db.get_one(GateOverride, entry.data["override"])
    project = db.get_one(Project, override.project_id)
    tell(
        db, others(db, recipients.who_may(db, Permission.GATE_DECIDE)), texts.OVERRIDE_WAITS, project,
        key=_key(override.id), project=project.name, stage=label_of(override), reason=override.reason[:200],
    )  # fmt: skip


def decided(db: Session, entry: Entry) -> None:
    """It waits no more, and whoever asked hears the answer."""
    override = db.get_one(GateOverride, entry.data["override"])
    settle(db, _key(override.id))
    project = db.get_one(Project, override.project_id)
    outcome = "已获批准，可以变更阶段" if override.state is OverrideState.APPROVED else "未获批准"
    if override.decision:
        outcome += f"：{override.decision[:200]}"
    tell(
        db, recipients.person(db, override.requested_by), texts.OVERRIDE_DECIDED, project,
        key=f"{texts.OVERRIDE_DECIDED.code}:{override.id}", project=project.name, stage=label_of(override),
        outcome=outcome,
    )  # fmt: skip


def lapsed(db: Session, entry: Entry) -> None:
    """What has become pointless waits no more."""
    settle(db, _key(entry.data["override"]))


def _key(number: int) -> str:
    return f"{texts.OVERRIDE_WAITS.code}:{number}"
