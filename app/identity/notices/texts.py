"""Everything that notices say, in one table. Who tells fills in the names in braces."""

from app.kernel.notices import declare

PROJECT_ASSIGNED = declare("project.assigned", "项目分派", "项目「{project}」自 {since} 起以{unit}为{role}")
PROJECT_MOVED = declare("project.moved", "阶段变更", "项目「{project}」由{before}变更为{after}，发生于 {on}")
PROJECT_STATUS = declare("project.status", "状态变更", "项目「{project}」自 {on} 起{status}")
PROJECT_NOTED = declare("project.noted", "新增备注", "项目「{project}」有新的备注")
PROJECT_PROBLEM = declare("project.problem", "待解决问题", "项目「{project}」有待解决的问题：{problem}", waits=True)
PROJECT_SOLVED = declare("project.problem_solved", "问题已解决", "项目「{project}」的问题已于 {on} 解决：{problem}")

EVIDENCE_WAITS = declare("evidence.submitted", "材料待核验", "项目「{project}」的{paper}待核验：{file}", waits=True)
EVIDENCE_REJECTED = declare("evidence.rejected", "材料被退回", "项目「{project}」的{paper}被退回：{reason}")
REVIEW_WAITS = declare(
    "review.requested", "待登记审查结论", "项目「{project}」的{review}已于 {on} 送审，待登记结论", waits=True
)
REVIEW_CONCLUDED = declare("review.concluded", "审查结论", "项目「{project}」的{review}已有结论：{opinion}")

OVERRIDE_WAITS = declare(
    "gate.override_requested",
    "例外待审批",
    "项目「{project}」申请不经关口变更为{stage}，待审批；理由：{reason}",
    waits=True,
)
OVERRIDE_DECIDED = declare("gate.override_decided", "例外申请结果", "项目「{project}」变更为{stage}的例外申请{outcome}")

ENTRY_WAITS = declare("entry.declared", "申报待认定", "项目「{project}」申报的{entry}待认定", waits=True)
ENTRY_DECIDED = declare("entry.decided", "申报结果", "项目「{project}」的{entry}{decision}")
ENTRY_DOUBTED = declare(
    "entry.doubted", "已认定的记录须复核", "项目「{project}」已认定的{entry}材料不再齐全：{lacks}", waits=True
)

FOLLOW_UP_ADDED = declare(
    "follow_up.added", "对接落实", "对接活动「{engagement}」须由{unit}于 {on} 前落实：{what}", waits=True
)
FOLLOW_UP_DUE = declare("follow_up.due", "对接落实将到期", "「{engagement}」的落实事项 {on} 到期：{what}", waits=True)
FOLLOW_UP_OVERDUE = declare(
    "follow_up.overdue", "对接落实已逾期", "「{engagement}」的落实事项应于 {on} 完成，已逾期：{what}", waits=True
)
FOLLOW_UP_CLOSED = declare("follow_up.closed", "对接落实结果", "「{engagement}」的落实事项「{what}」：{outcome}")

FUNDS_WAIT = declare(
    "ledger_import.funds",
    "导入的资金待确认",
    "台账「{file}」带入到位资金 {count} 笔、共 {amount}，待确认后计入",
    waits=True,
)
FUNDS_DECIDED = declare(
    "ledger_import.funds_decided", "导入的资金已处理", "台账「{file}」带入的到位资金 {count} 笔{decision}"
)
IMPORT_ENDED = declare("ledger_import.ended", "导入有误", "台账「{file}」的导入已结束。{outcome}")

REPORT_DUE = declare("report.due", "周报待报", "{unit}{week}的周报请于 {deadline} 前报送", waits=True)
REPORT_MISSING = declare(
    "report.missing", "周报漏报", "{unit}未在 {deadline} 前报送{week}的周报，请尽快补报", waits=True
)
REPORT_RETURNED = declare("report.returned", "周报被退回", "{unit}{week}的周报被退回：{remarks}", waits=True)
REPORT_WAITS = declare("report.submitted", "周报待接收", "{unit}{week}的周报待接收", waits=True)
WEEK_SETTLED = declare("report_week.settled", "周报已截止", "{week}的周报已截止；{outcome}")

CLAIM_WAITS = declare("claim.waits", "奖励申报待办", "项目「{project}」的引资奖励申报待{what}", waits=True)
CLAIM_DECIDED = declare("claim.decided", "奖励申报结果", "项目「{project}」的引资奖励申报：{outcome}")
CLAIM_DIFFERS = declare(
    "claim.differs",
    "奖励须重新核定",
    "项目「{project}」的事实已变化：引资奖励按当前事实为 {now}，所存为 {kept}，支付前须重新核定",
    waits=True,
)

TASK_FORCE_FORMED = declare("task_force.formed", "组建专班", "项目「{project}」已组建专班，由{leader}牵头")
TASK_ASSIGNED = declare("task.assigned", "交办", "项目「{project}」专班任务「{task}」交由{unit}办理：{why}", waits=True)
TASK_URGED = declare("task.urged", "催办", "项目「{project}」专班任务「{task}」（{unit}）催办：{why}", waits=True)
TASK_SUPERVISED = declare(
    "task.supervised", "督办", "项目「{project}」专班任务「{task}」（{unit}）督办：{why}", waits=True
)

TICKET_WAITS = declare(
    "ticket.waits",
    "诉求待受理",
    "「{enterprise}」的{category}诉求由{unit}首接负责，请受理并于 {by} 前办结{assumed}",
    waits=True,
)
TICKET_YOURS = declare(
    "ticket.yours", "诉求待办理", "「{enterprise}」的{category}诉求由您负责，请于 {by} 前办结{assumed}", waits=True
)
TICKET_DUE_SOON = declare(
    "ticket.due_soon", "诉求将到期", "「{enterprise}」的{category}诉求（{unit}）将于 {by} 到期{assumed}", waits=True
)
TICKET_OVERDUE = declare(
    "ticket.overdue",
    "诉求已逾期",
    "「{enterprise}」的{category}诉求（{unit}）应于 {by} 办结，已逾期{assumed}",
    waits=True,
)
TICKET_URGED = declare(
    "ticket.urged", "诉求催办", "催办：「{enterprise}」的{category}诉求（{unit}）应于 {by} 办结{assumed}", waits=True
)
TICKET_SUPERVISED = declare(
    "ticket.supervised",
    "诉求督办",
    "督办：「{enterprise}」的{category}诉求（{unit}）应于 {by} 办结{assumed}",
    waits=True,
)
TICKET_SOLVED = declare("ticket.solved", "诉求已办结", "「{enterprise}」的{category}诉求已由{unit}办结：{result}")
TICKET_RATED = declare("ticket.rated", "企业评价", "「{enterprise}」对{category}诉求的办理（{unit}）评分 {score} 分")

COMMITMENT_DUE = declare(
    "commitment.due", "履约条款将到期", "项目「{project}」的履约条款将于 {on} 到期：{what}", waits=True
)
COMMITMENT_OVERDUE = declare(
    "commitment.overdue", "履约条款逾期", "项目「{project}」的履约条款应于 {on} 履行，已逾期：{what}", waits=True
)
SUBSIDY_WAITS = declare("commitment.payment", "兑现待办", "项目「{project}」申请兑现 {amount}，待{what}", waits=True)

RULE_DRAFT = declare(
    "rule.draft", "规则待启用", "规则「{rule}」第 {number} 版待启用，拟自 {since} 起生效；依据：{basis}", waits=True
)

PASSWORD_EXPIRES = declare("account.password", "密码将到期", "您的密码将于 {on} 到期，请在此之前修改", waits=True)

ATTENTION = declare("attention.digest", "每周提醒", "{whose}今有 {count} 项需要关注：{parts}")
