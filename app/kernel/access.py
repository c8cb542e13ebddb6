"""Who may do what: the access table, and the actor it is asked about.

Three questions, three homes: *may this role?* is answered here; *may this person see this row?* by the
queries of the domain; *does the state allow it?* by its service.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    OFFICER = "officer"
    REVIEWER = "reviewer"
    REPORTER = "reporter"
    LEADER = "leader"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"


ROLE_LABELS = {
    Role.OFFICER: "招商局科室人员",
    Role.REVIEWER: "审核人",
    Role.REPORTER: "单位联络员",
    Role.LEADER: "区领导",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDITOR: "审计员",
}

# 三员分立 (GB/T 22239): one person holds at most one of these, and none of the business roles with it.
SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})


class Permission(StrEnum):
    SELF = "self"  # one's own account: password, sessions, notices
    META_READ = "meta.read"
    UNIT_READ = "unit.read"
    UNIT_EDIT = "unit.edit"
    USER_READ = "user.read"
    USER_EDIT = "user.edit"  # accounts: create, disable, reset
    ROLE_GRANT = "role.grant"  # roles, unlocking, ending sessions
    KEY_EDIT = "key.edit"
    ENTERPRISE_READ = "enterprise.read"
    ENTERPRISE_EDIT = "enterprise.edit"
    ENTERPRISE_MERGE = "enterprise.merge"
    CONTACT_READ = "contact.read"  # phone numbers in clear
    PROJECT_READ = "project.read"
    PROJECT_CREATE = "project.create"
    PROJECT_EDIT = "project.edit"
    PROJECT_SEAL = "project.seal"
    AGREEMENT_EDIT = "agreement.edit"
    FUND_DECLARE = "fund.declare"
    FUND_RECOGNISE = "fund.recognise"  # also reject and reverse; never what one declared oneself
    OUTCOME_DECLARE = "outcome.declare"
    OUTCOME_RECOGNISE = "outcome.recognise"  # the same
    EVIDENCE_READ = "evidence.read"  # papers themselves: no machine's key may be given it
    EVIDENCE_ADD = "evidence.add"
    EVIDENCE_VERIFY = "evidence.verify"
    ENGAGEMENT_READ = "engagement.read"
    ENGAGEMENT_EDIT = "engagement.edit"  # a reporter those of the own unit
    ENGAGEMENT_JOIN = "engagement.join"  # several reports of one trip
    REPORT_READ = "report.read"  # a reporter those of the own unit
    REPORT_EDIT = "report.edit"  # writing and submitting; a reporter that of the own unit
    REPORT_JUDGE = "report.judge"  # accepting, returning, moving a week's deadline
    TASK_FORCE_READ = "task_force.read"
    TASK_FORCE_EDIT = "task_force.edit"  # forming, members, ending
    TASK_EDIT = "task.edit"  # a reporter those of the own unit, or of a task force that it leads
    TASK_LIGHT = "task.light"  # lights set by hand; a leader those of the own task forces
    REVIEW_REQUEST = "review.request"
    REVIEW_CONCLUDE = "review.conclude"
    GATE_OVERRIDE = "gate.override"  # asking to pass a closed gate
    GATE_DECIDE = "gate.decide"
    REWARD_READ = "reward.read"  # leads, claims, payments; a reporter those of the own unit
    REWARD_FILE = "reward.file"  # registering leads, filing claims
    REWARD_CHECK = "reward.check"  # the unit's own check of a claim
    REWARD_REVIEW = "reward.review"  # checking exclusions, joint review, public notice, objections
    REWARD_APPROVE = "reward.approve"  # approving, clawing back, budgets
    REWARD_PAY = "reward.pay"
    PROVIDER_UNMASK = "provider.unmask"  # identity numbers, phones and accounts of lead providers in clear
    COMMITMENT_EDIT = "commitment.edit"  # clauses of agreements: recording, stopping, waiving
    COMMITMENT_DELIVER = "commitment.deliver"  # a reporter those of the own unit
    CLEARANCE_EDIT = "clearance.edit"  # beginning clearances, findings
    SUBSIDY_APPLY = "subsidy.apply"  # a reporter those of the own unit
    SUBSIDY_CHECK = "subsidy.check"
    SUBSIDY_APPROVE = "subsidy.approve"  # also taking back; never what one applied for or checked
    SUBSIDY_PAY = "subsidy.pay"
    FIGURE_READ = "figure.read"
    STATISTIC_EDIT = "statistic.edit"  # figures typed in from outside
    TICKET_READ = "ticket.read"  # a reporter those that the own unit owns or recorded
    TICKET_EDIT = "ticket.edit"  # recording, accepting, solving; a reporter those of the own unit
    ISSUE_READ = "issue.read"  # what was published
    ISSUE_PUBLISH = "issue.publish"
    LEDGER_IMPORT = "ledger.import"
    LEDGER_EXPORT = "ledger.export"
    PERIOD_EDIT = "period.edit"  # locking and re-opening
    CALENDAR_EDIT = "calendar.edit"
    RULE_READ = "rule.read"
    RULE_SAVE = "rule.save"
    RULE_ACTIVATE = "rule.activate"
    MUNICIPAL_READ = "municipal.read"  # what is reported to the city, and what it holds
    MUNICIPAL_SEND = "municipal.send"  # sending again, pausing, packages, reconciling
    MUNICIPAL_PULL = "municipal.pull"  # the city's machine: fetching
    MUNICIPAL_ANSWER = "municipal.answer"  # the city's machine: receipts that come later
    STREAM_READ = "stream.read"
    LOG_READ = "log.read"


P = Permission
_STAFF = {
    P.META_READ, P.UNIT_READ, P.ENTERPRISE_READ, P.PROJECT_READ, P.FIGURE_READ, P.STREAM_READ, P.LEDGER_EXPORT,
    P.RULE_READ, P.EVIDENCE_READ, P.ENGAGEMENT_READ, P.REPORT_READ, P.ISSUE_READ, P.REWARD_READ,
    P.TASK_FORCE_READ, P.TICKET_READ,
}  # fmt: skip
_OFFICER = _STAFF | {
    P.UNIT_EDIT, P.ENTERPRISE_EDIT, P.ENTERPRISE_MERGE, P.CONTACT_READ, P.PROJECT_CREATE, P.PROJECT_EDIT,
    P.AGREEMENT_EDIT, P.FUND_DECLARE, P.OUTCOME_DECLARE, P.STATISTIC_EDIT, P.LEDGER_IMPORT, P.CALENDAR_EDIT,
    P.RULE_SAVE, P.EVIDENCE_ADD, P.REVIEW_REQUEST, P.GATE_OVERRIDE, P.ENGAGEMENT_EDIT, P.ENGAGEMENT_JOIN,
    P.REPORT_EDIT, P.REPORT_JUDGE, P.REWARD_FILE, P.REWARD_REVIEW,
    P.REWARD_CHECK, P.REWARD_PAY,
    P.COMMITMENT_EDIT, P.COMMITMENT_DELIVER, P.SUBSIDY_APPLY, P.SUBSIDY_CHECK, P.SUBSIDY_PAY, P.CLEARANCE_EDIT,
    P.TASK_FORCE_EDIT, P.TASK_EDIT, P.TASK_LIGHT, P.TICKET_EDIT,
    P.MUNICIPAL_READ, P.MUNICIPAL_SEND,
}  # fmt: skip

TABLE: dict[Role, frozenset[Permission]] = {
    Role.OFFICER: frozenset(_OFFICER | {P.SELF}),
    Role.REVIEWER: frozenset(
        _OFFICER
        | {P.KEY_EDIT, P.SELF, P.PROJECT_SEAL, P.PERIOD_EDIT, P.RULE_ACTIVATE}
        | {P.EVIDENCE_VERIFY, P.REVIEW_CONCLUDE, P.GATE_DECIDE, P.FUND_RECOGNISE, P.OUTCOME_RECOGNISE, P.ISSUE_PUBLISH}
        | {P.PROVIDER_UNMASK, P.REWARD_APPROVE, P.SUBSIDY_APPROVE}
        | {P.MUNICIPAL_PULL, P.MUNICIPAL_ANSWER}
    ),
    Role.REPORTER: frozenset(
        _STAFF
        | {P.SELF, P.PROJECT_EDIT, P.EVIDENCE_ADD, P.FUND_DECLARE, P.OUTCOME_DECLARE, P.ENGAGEMENT_EDIT}
        | {P.REPORT_EDIT, P.REWARD_FILE, P.REWARD_CHECK}
        | {P.COMMITMENT_DELIVER, P.SUBSIDY_APPLY}
        | {P.TASK_EDIT, P.TICKET_EDIT}
    ),
    Role.LEADER: frozenset(_STAFF | {P.TASK_LIGHT, P.SELF, P.MUNICIPAL_READ}),
    Role.SYSTEM_ADMIN: frozenset({P.SELF, P.META_READ, P.UNIT_READ, P.UNIT_EDIT, P.USER_READ, P.USER_EDIT, P.KEY_EDIT}),
    Role.SECURITY_ADMIN: frozenset({P.SELF, P.META_READ, P.UNIT_READ, P.USER_READ, P.ROLE_GRANT, P.RULE_READ}),
    Role.AUDITOR: frozenset({P.SELF, P.META_READ, P.UNIT_READ, P.LOG_READ}),
}

KEY_SCOPES = frozenset(
    {P.META_READ, P.UNIT_READ, P.ENTERPRISE_READ, P.PROJECT_READ, P.FIGURE_READ, P.STREAM_READ, P.LEDGER_EXPORT}
    | {P.MUNICIPAL_READ, P.MUNICIPAL_PULL, P.MUNICIPAL_ANSWER}
)
"""What a machine's key may be given, by somebody who has it himself: administrators see no business data, and make no
machine that does."""

SEES_ALL = frozenset({Role.OFFICER, Role.REVIEWER, Role.LEADER})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person with a session, or a machine with a key.

    `units` are those whose projects are the actor's own; `named` tells that some project names this person,
    so that answers must not be shared with others of the same role.
    """

    id: int
    name: str
    kind: str  # "user", "key" or "system"
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    unit_id: int | None = None
    named: bool = False
    session_id: int | None = None
    must_change_password: bool = False

    @property
    def sees_all(self) -> bool:
        """All but sealed projects."""
        return self.kind == "system" or not self.roles.isdisjoint(SEES_ALL)

    @property
    def view(self) -> str:
        """Actors of one view see the same rows and fields."""
        own = "all" if self.sees_all else f"unit:{self.unit_id}"
        clear = "+phone" if Permission.CONTACT_READ in self.permissions else ""
        less = "" if Permission.ENGAGEMENT_READ in self.permissions else "-engagements"
        return f"{own}{clear}{less}{f'+user:{self.id}' if self.named else ''}"

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


SYSTEM = Actor(0, "system", "system", frozenset(), frozenset(Permission))
"""The house itself: scheduled jobs and commands."""


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    return frozenset().union(*(TABLE[role] for role in roles)) if roles else frozenset()
