"""The words of leads: why somebody may not be rewarded, what was found, which papers there are."""

from enum import StrEnum


class Exclusion(StrEnum):
    """Why a provider may not be rewarded for a lead. Each is declared and checked for each provider."""

    PUBLIC_SERVANT = "public_servant"
    INVESTOR = "investor"
    PARTNER = "partner"
    RELATIVE = "relative"
    RELATED_PARTY = "related_party"
    AGENCY = "agency"
    TENDER = "tender"


EXCLUSION_LABELS = {
    Exclusion.PUBLIC_SERVANT: "在职公职人员（含国有企业、财政供养单位）",
    Exclusion.INVESTOR: "投资人本人",
    Exclusion.PARTNER: "投资人的合伙人",
    Exclusion.RELATIVE: "投资人或其合伙人的亲属",
    Exclusion.RELATED_PARTY: "投资人的关联方",
    Exclusion.AGENCY: "已签委托合同的中介机构",
    Exclusion.TENDER: "通过招标取得的项目",
}


class Verdict(StrEnum):
    """What an officer found of one exclusion."""

    PENDING = "pending"
    CLEAR = "clear"
    EXCLUDED = "excluded"


VERDICT_LABELS = {Verdict.PENDING: "待核查", Verdict.CLEAR: "不属于", Verdict.EXCLUDED: "属于"}


class PaperKind(StrEnum):
    """What a paper of a lead or of its claim is."""

    REGISTRATION = "registration"
    CONFIRMATION = "confirmation"
    DECLARATION = "declaration"
    EXCLUSION_CHECK = "exclusion_check"
    APPLICATION = "application"
    UNIT_OPINION = "unit_opinion"
    MINUTES = "minutes"
    OBJECTION = "objection"
    APPROVAL = "approval"
    RECEIPT = "receipt"
    CLAWBACK = "clawback"
    OTHER = "other"


PAPER_KIND_LABELS = {
    PaperKind.REGISTRATION: "线索登记表",
    PaperKind.CONFIRMATION: "投资方确认书",
    PaperKind.DECLARATION: "引资人承诺书",
    PaperKind.EXCLUSION_CHECK: "排除情形核查材料",
    PaperKind.APPLICATION: "奖励申报书",
    PaperKind.UNIT_OPINION: "单位审核意见",
    PaperKind.MINUTES: "联审纪要",
    PaperKind.OBJECTION: "异议材料",
    PaperKind.APPROVAL: "批准文件",
    PaperKind.RECEIPT: "支付凭证",
    PaperKind.CLAWBACK: "追回依据",
    PaperKind.OTHER: "其他",
}
