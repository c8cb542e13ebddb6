"""How what the log tells of leads and claims is called in Chinese."""

from app.facts.history.labels import YES_NO, Named, Ref
from app.facts.rewards.leads.terms import EXCLUSION_LABELS, PAPER_KIND_LABELS, VERDICT_LABELS

LEAD_VERBS = {
    "lead.registered": "登记线索",
    "lead.linked": "关联项目",
    "lead.confirmed": "登记投资方确认",
    "lead.withdrawn": "撤销线索",
    "lead.paper_added": "上传材料",
    "lead.declared": "登记引资人承诺",
    "lead.cleared": "核查为不属于排除情形",
    "lead.excluded": "核查为属于排除情形",
    "lead.honoured": "登记荣誉",
    "lead.changed": "修改线索",
}

LEAD_TABLES = {
    "lead": "线索",
    "lead_providing": "引资人",
    "reward_paper": "材料",
    "lead_exclusion": "排除情形",
    "reward_honour": "荣誉",
}

LEAD_COLUMNS: dict[str, dict[str, Named]] = {
    "lead": {
        "information": Named("线索内容"),
        "investor": Named("投资方"),
        "received_on": Named("收到日期"),
        "first_contact_on": Named("首次接洽日期"),
        "late": Named("逾期登记", YES_NO),
        "rule": Named("判断逾期所依据的规则"),
        "unit_id": Named("受理单位", points_at=Ref.UNIT),
        "registered_on": Named("登记日期"),
        "registered_at": Named("登记时间"),
        "registered_by": Named("登记人", points_at=Ref.USER),
        "registered_by_name": Named("登记人姓名"),
        "linked_at": Named("关联项目的时间"),
        "linked_by": Named("关联人", points_at=Ref.USER),
        "linked_by_name": Named("关联人姓名"),
        "confirmed_on": Named("投资方确认日期"),
        "confirmed_by": Named("代表投资方确认的人"),
        "confirmation_id": Named("确认书的材料号"),
        "confirmed_at": Named("登记确认的时间"),
        "confirmed_entered_by": Named("登记确认的人", points_at=Ref.USER),
        "confirmed_entered_by_name": Named("登记确认的人的姓名"),
        "withdrawn_at": Named("撤销时间"),
        "withdrawn_by": Named("撤销人", points_at=Ref.USER),
        "withdrawn_by_name": Named("撤销人姓名"),
        "withdrawn_reason": Named("撤销原因"),
    },
    "lead_providing": {"provider_id": Named("引资人编号")},
    "reward_paper": {
        "kind": Named("种类", PAPER_KIND_LABELS),
        "sha256": Named("文件指纹"),
        "filename": Named("文件名"),
        "note": Named("说明"),
        "uploaded_at": Named("上传时间"),
        "uploaded_by": Named("上传人", points_at=Ref.USER),
        "uploaded_by_name": Named("上传人姓名"),
    },
    "lead_exclusion": {
        "provider_id": Named("引资人编号"),
        "kind": Named("情形", EXCLUSION_LABELS),
        "declared": Named("引资人所填"),
        "declaration_id": Named("承诺书的材料号"),
        "declared_at": Named("填写登记时间"),
        "declared_entered_by": Named("填写登记人", points_at=Ref.USER),
        "declared_entered_by_name": Named("填写登记人姓名"),
        "verdict": Named("核查结论", VERDICT_LABELS),
        "paper_id": Named("核查材料的材料号"),
        "remarks": Named("核查说明"),
        "checked_at": Named("核查时间"),
        "checked_by": Named("核查人", points_at=Ref.USER),
        "checked_by_name": Named("核查人姓名"),
    },
    "reward_honour": {
        "provider_id": Named("引资人编号"),
        "title": Named("荣誉名称"),
        "awarded_on": Named("授予日期"),
        "basis": Named("依据"),
        "paper_id": Named("材料号"),
        "entered_at": Named("登记时间"),
        "entered_by": Named("登记人", points_at=Ref.USER),
        "entered_by_name": Named("登记人姓名"),
    },
}
