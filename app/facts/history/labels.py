"""How the log's tables, columns and verbs are called in Chinese."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from app.facts.agreements.models import AGREEMENT_TYPE_LABELS
from app.facts.evidence.terms import BOOK_LABELS, EVIDENCE_KIND_LABELS, EVIDENCE_STATE_LABELS
from app.facts.funds.models import FUND_KIND_LABELS, FUND_SOURCE_LABELS
from app.facts.outcomes.terms import OUTCOME_KIND_LABELS
from app.facts.pipeline.gates.terms import OVERRIDE_STATE_LABELS
from app.facts.projects.terms import (
    CHANNEL_LABELS,
    CONFIDENTIALITY_LABELS,
    ENTERPRISE_ROLE_LABELS,
    KIND_LABELS,
    SECTOR_LABELS,
    STAGE_LABELS,
    STATUS_LABELS,
    UNIT_ROLE_LABELS,
)
from app.facts.recognition.terms import ENTRY_STATE_LABELS
from app.facts.reviews.terms import OPINION_LABELS, REVIEW_KIND_LABELS, REVIEW_STATE_LABELS

VERBS = {
    "project.created": "新建项目",
    "project.changed": "修改项目",
    "project.imported": "导入项目",
    "project.moved": "阶段变更",
    "project.stage_corrected": "更正阶段",
    "project.paused": "暂缓",
    "project.resumed": "恢复推进",
    "project.terminated": "终止",
    "project.withdrawn": "退出",
    "project.archived": "归档",
    "project.unarchived": "取消归档",
    "project.units_changed": "调整责任单位",
    "project.confidentiality_changed": "调整密级",
    "project.noted": "登记备注",
    "project.problem_raised": "登记问题",
    "project.problem_solved": "问题已解决",
    "project.agreement_recorded": "登记合同协议",
    "project.agreement_corrected": "更正合同协议",
    "project.agreement_voided": "作废合同协议",
    "project.fund_declared": "申报到位资金",
    "project.fund_evidence_added": "补充到位资金的材料",
    "project.fund_recognised": "认定到位资金",
    "project.fund_rejected": "退回到位资金",
    "project.fund_reversed": "冲销到位资金",
    "project.funds_confirmed": "确认导入的到位资金",
    "project.funds_rejected": "退回导入的到位资金",
    "project.outcome_declared": "申报实际成效",
    "project.outcome_evidence_added": "补充实际成效的材料",
    "project.outcome_recognised": "认定实际成效",
    "project.outcome_rejected": "退回实际成效",
    "project.outcome_reversed": "冲销实际成效",
    "project.evidence_added": "上传佐证材料",
    "project.evidence_verified": "核验佐证材料",
    "project.evidence_rejected": "退回佐证材料",
    "project.evidence_replaced": "替换佐证材料",
    "project.review_requested": "送审",
    "project.review_concluded": "登记审查结论",
    "project.review_withdrawn": "撤回审查",
    "project.review_condition_met": "审查条件已落实",
    "project.review_condition_reopened": "审查条件改为未落实",
    "project.override_requested": "申请例外",
    "project.override_approved": "批准例外",
    "project.override_refused": "不批准例外",
    "project.override_lapsed": "例外申请失效",
    "project.duplicates_answered": "答复疑似重复",
    "project.engagement_linked": "关联对接活动",
    "project.progress_reported": "周报进展",
    "project.engagement_unlinked": "取消关联对接活动",
    "project.task_force_formed": "组建专班",
    "project.task_force_members_changed": "调整专班成员单位",
    "project.task_force_dissolved": "撤销专班",
}


class Ref(Enum):
    """What a column of row numbers points at."""

    UNIT = "unit"
    ENTERPRISE = "enterprise"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Named:
    """A column's Chinese name and how its values are read."""

    label: str
    words: Mapping[Any, str] | None = None
    points_at: Ref | None = None


YES_NO = {"True": "是", "False": "否"}
NOTE_KINDS = {"note": "备注", "problem": "问题"}

HIDDEN = frozenset(
    {"id", "project_id", "version", "sight", "squashed", "pinyin", "search", "changed_at"}
    | {"identity_mark", "account_mark"}
)
"""Columns that say nothing to people."""

TABLES = {
    "project": "项目",
    "project_alias": "别名",
    "project_unit": "单位",
    "project_enterprise": "企业",
    "project_plan": "计划",
    "project_grant": "可见范围",
    "project_note": "记录",
    "restatement": "统计重述",
    "agreement": "合同协议",
    "fund_entry": "到位资金",
    "outcome": "实际成效",
    "evidence": "佐证材料",
    "reliance": "依据",
    "review": "审查",
    "review_condition": "审查条件",
    "move": "阶段变更",
    "gate_override": "关口例外",
    "duplicate_answer": "疑似重复的答复",
    "engagement_project": "对接活动",
}

ENTRY = {
    "deferred_to": Named("顺延计入"),
    "state": Named("状态", ENTRY_STATE_LABELS),
    "reverses_id": Named("冲销的记录号"),
    "follows_id": Named("重新申报的记录号"),
    "reason": Named("原因"),
    "note": Named("备注"),
    "imported": Named("历史导入", YES_NO),
    "entered_at": Named("登记时间"),
    "entered_by": Named("登记人", points_at=Ref.USER),
    "entered_by_name": Named("登记人姓名"),
    "judged_at": Named("认定或退回的时间"),
    "judged_by": Named("认定人或退回人", points_at=Ref.USER),
    "judged_by_name": Named("认定人或退回人姓名"),
    "shared_reason": Named("同一材料另作依据的说明"),
    "rule": Named("认定所依据的规则"),
}
"""What every ledger's entries hold."""

COLUMNS: dict[str, dict[str, Named]] = {
    "project": {
        "code": Named("项目编号"),
        "name": Named("项目名称"),
        "kind": Named("项目类型", KIND_LABELS),
        "stage": Named("阶段", STAGE_LABELS),
        "status": Named("状态", STATUS_LABELS),
        "confidentiality": Named("密级", CONFIDENTIALITY_LABELS),
        "industry": Named("行业代码"),
        "industry_edition": Named("行业代码版本"),
        "sector": Named("产业类别", SECTOR_LABELS),
        "sector_reason": Named("产业类别手工指定理由"),
        "chain": Named("产业链"),
        "channel": Named("招商渠道", CHANNEL_LABELS),
        "origin_region": Named("来源地"),
        "park": Named("园区"),
        "place": Named("建设地点"),
        "longitude": Named("经度"),
        "latitude": Named("纬度"),
        "unit_id": Named("责任单位", points_at=Ref.UNIT),
        "officer": Named("项目负责人"),
        "leader": Named("牵头区领导"),
        "enterprise_id": Named("主要投资方", points_at=Ref.ENTERPRISE),
        "investment_fen": Named("总投资（元）"),
        "land_mu": Named("用地面积（亩）"),
        "jobs": Named("承诺用工"),
        "output_fen": Named("承诺产值（元）"),
        "tax_fen": Named("承诺税收（元）"),
        "national_code": Named("国家项目代码"),
        "problem": Named("存在问题"),
        "note": Named("备注"),
        "lead_on": Named("接洽日期"),
        "talk_on": Named("首谈日期"),
        "framework_on": Named("框架协议日期"),
        "signed_on": Named("签约日期"),
        "registered_on": Named("注册日期"),
        "approved_on": Named("立项日期"),
        "land_on": Named("供地日期"),
        "started_on": Named("开工日期"),
        "completed_on": Named("竣工日期"),
        "production_on": Named("投产日期"),
        "full_capacity_on": Named("达产日期"),
        "signed_deferred_to": Named("签约顺延计入"),
        "started_deferred_to": Named("开工顺延计入"),
        "completed_deferred_to": Named("竣工顺延计入"),
        "production_deferred_to": Named("投产顺延计入"),
        "full_capacity_deferred_to": Named("达产顺延计入"),
        "first_formal_fen": Named("首份正式合同金额（元）"),
        "contract_fen": Named("合同金额（元）"),
        "framework_fen": Named("框架协议金额（元）"),
        "funds_fen": Named("到位资金（元）"),
        "tracked_from": Named("入库日期"),
        "archived_on": Named("归档日期"),
        "paused_on": Named("暂缓日期"),
        "ended_on": Named("终止或退出日期"),
        "imported": Named("历史导入", YES_NO),
    },
    "project_alias": {"alias": Named("别名")},
    "project_unit": {
        "unit_id": Named("单位", points_at=Ref.UNIT),
        "role": Named("角色", UNIT_ROLE_LABELS),
        "valid_from": Named("自"),
        "valid_to": Named("至"),
    },
    "project_enterprise": {
        "enterprise_id": Named("企业", points_at=Ref.ENTERPRISE),
        "role": Named("角色", ENTERPRISE_ROLE_LABELS),
    },
    "project_plan": {"stage": Named("阶段", STAGE_LABELS), "planned_on": Named("计划日期")},
    "project_grant": {
        "user_id": Named("人员", points_at=Ref.USER),
        "unit_id": Named("单位", points_at=Ref.UNIT),
        "source": Named("来由"),
    },
    "project_note": {
        "kind": Named("类别", NOTE_KINDS),
        "text": Named("内容"),
        "at": Named("登记时间"),
        "by": Named("登记人", points_at=Ref.USER),
        "by_name": Named("登记人姓名"),
        "solved_on": Named("解决日期"),
    },
    "restatement": {
        "source": Named("重述的统计"),
        "day": Named("计入日期"),
        "recorded_on": Named("更正日期"),
        "reason": Named("原因"),
    },
    "agreement": {
        "type": Named("类型", AGREEMENT_TYPE_LABELS),
        "number": Named("合同编号"),
        "signed_on": Named("签订日期"),
        "deferred_to": Named("顺延计入"),
        "amount_fen": Named("金额（元）"),
        "increment_fen": Named("增资金额（元）"),
        "counted_fen": Named("计入合同引资（元）"),
        "first_formal": Named("首份正式合同", YES_NO),
        "parties": Named("签约主体"),
        "note": Named("备注"),
        "imported": Named("历史导入", YES_NO),
        "voided_reason": Named("作废原因"),
    },
    "fund_entry": {
        "arrived_on": Named("到位日期"),
        "amount_fen": Named("金额（元）"),
        "source": Named("资金来源", FUND_SOURCE_LABELS),
        "kind": Named("资金性质", FUND_KIND_LABELS),
        "origin_region": Named("来源地"),
        "currency": Named("币种"),
        "foreign_amount": Named("外币金额"),
        "rate": Named("汇率"),
        "rate_on": Named("汇率日期"),
        "split": Named("多区县共享", YES_NO),
        "import_id": Named("导入编号"),
        **ENTRY,
    },
    "outcome": {
        "kind": Named("种类", OUTCOME_KIND_LABELS),
        "period": Named("期间"),
        "starts_on": Named("期间的第一天"),
        "happened_on": Named("期间的最后一天"),
        "amount_fen": Named("金额（元）"),
        "persons": Named("人数"),
        **ENTRY,
    },
    "reliance": {
        "book": Named("账目", BOOK_LABELS),
        "entry_id": Named("记录号"),
        "evidence_id": Named("材料号"),
    },
    "evidence": {
        "kind": Named("种类", EVIDENCE_KIND_LABELS),
        "stage": Named("阶段", STAGE_LABELS),
        "dated_on": Named("材料日期"),
        "sha256": Named("文件指纹"),
        "filename": Named("文件名"),
        "note": Named("说明"),
        "uploaded_at": Named("上传时间"),
        "uploaded_by": Named("上传人", points_at=Ref.USER),
        "uploaded_by_name": Named("上传人姓名"),
        "state": Named("状态", EVIDENCE_STATE_LABELS),
        "judged_at": Named("核验时间"),
        "judged_by": Named("核验人", points_at=Ref.USER),
        "judged_by_name": Named("核验人姓名"),
        "reason": Named("退回原因"),
        "replaces_id": Named("替换的材料号"),
        "replaces_reason": Named("替换原因"),
    },
    "review": {
        "agreement_id": Named("合同协议的记录号"),
        "kind": Named("种类", REVIEW_KIND_LABELS),
        "state": Named("状态", REVIEW_STATE_LABELS),
        "requested_on": Named("送审日期"),
        "requested_at": Named("登记送审的时间"),
        "requested_by": Named("送审人", points_at=Ref.USER),
        "requested_by_name": Named("送审人姓名"),
        "note": Named("送审说明"),
        "opinion": Named("结论", OPINION_LABELS),
        "concluded_on": Named("结论日期"),
        "body": Named("审查机构"),
        "person": Named("审查机构负责人"),
        "summary": Named("意见摘要"),
        "evidence_id": Named("结论文件的材料号"),
        "concluded_at": Named("登记结论的时间"),
        "concluded_by": Named("登记结论的人", points_at=Ref.USER),
        "concluded_by_name": Named("登记结论的人的姓名"),
        "withdrawn_reason": Named("撤回原因"),
    },
    "review_condition": {
        "review_id": Named("审查号"),
        "text": Named("条件"),
        "met_on": Named("落实日期"),
        "met_note": Named("落实情况"),
        "judged_by": Named("确认人", points_at=Ref.USER),
        "judged_by_name": Named("确认人姓名"),
    },
    "gate_override": {
        "stage": Named("阶段", STAGE_LABELS),
        "happened_on": Named("发生日期"),
        "state": Named("状态", OVERRIDE_STATE_LABELS),
        "reason": Named("申请理由"),
        "missing": Named("申请时所缺"),
        "rule": Named("规则版本"),
        "requested_at": Named("申请时间"),
        "requested_by": Named("申请人", points_at=Ref.USER),
        "requested_by_name": Named("申请人姓名"),
        "decided_at": Named("审批时间"),
        "decided_by": Named("审批人", points_at=Ref.USER),
        "decided_by_name": Named("审批人姓名"),
        "decision": Named("审批意见"),
        "move_id": Named("所用于的阶段变更记录号"),
    },
    "duplicate_answer": {
        "other_id": Named("另一项目"),
        "same": Named("是否同一项目", YES_NO),
        "why": Named("理由"),
        "suspicions": Named("疑似原因"),
        "answered_at": Named("答复时间"),
        "answered_by": Named("答复人", points_at=Ref.USER),
        "answered_by_name": Named("答复人姓名"),
    },
    "engagement_project": {"engagement_id": Named("对接活动编号")},
    "move": {
        "from_stage": Named("原阶段", STAGE_LABELS),
        "to_stage": Named("新阶段", STAGE_LABELS),
        "happened_on": Named("发生日期"),
        "reason": Named("原因"),
        "imported": Named("历史导入", YES_NO),
        "entered_at": Named("登记时间"),
        "entered_by": Named("登记人", points_at=Ref.USER),
        "entered_by_name": Named("登记人姓名"),
    },
}
