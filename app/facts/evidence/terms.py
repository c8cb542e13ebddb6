"""The words of evidence: what a paper is, how far it is believed, what relies on it, and their Chinese labels."""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """What a paper is; the order is that of a project's life."""

    TALK_RECORD = "talk_record"
    LETTER_OF_INTENT = "letter_of_intent"
    FRAMEWORK_AGREEMENT = "framework_agreement"
    CONTRACT = "contract"
    DUE_DILIGENCE_REPORT = "due_diligence_report"
    LEGAL_OPINION = "legal_opinion"
    FAIR_COMPETITION_REVIEW = "fair_competition_review"
    MINUTES = "minutes"
    BUSINESS_LICENCE = "business_licence"
    FILING = "filing"
    DEED = "deed"
    LEASE_CONTRACT = "lease_contract"
    CONSTRUCTION_PERMIT = "construction_permit"
    START_ORDER = "start_order"
    SITE_PHOTO = "site_photo"
    EQUIPMENT_PHOTO = "equipment_photo"
    ACCEPTANCE = "acceptance"
    FIRST_SALES_INVOICE = "first_sales_invoice"
    POWER_USE = "power_use"
    TAX_CERTIFICATE = "tax_certificate"
    CAPACITY_PROOF = "capacity_proof"
    CAPITAL_VERIFICATION = "capital_verification"
    BANK_SLIP = "bank_slip"
    INVOICE = "invoice"
    PAYMENT_RECEIPT = "payment_receipt"
    SPLIT_CERTIFICATE = "split_certificate"
    STATISTICS_REPORT = "statistics_report"
    SOCIAL_INSURANCE = "social_insurance"
    OTHER = "other"


EVIDENCE_KIND_LABELS = {
    EvidenceKind.TALK_RECORD: "洽谈记录",
    EvidenceKind.LETTER_OF_INTENT: "意向书",
    EvidenceKind.FRAMEWORK_AGREEMENT: "框架协议",
    EvidenceKind.CONTRACT: "合同文本",
    EvidenceKind.DUE_DILIGENCE_REPORT: "尽职调查报告",
    EvidenceKind.LEGAL_OPINION: "合法性审查意见",
    EvidenceKind.FAIR_COMPETITION_REVIEW: "公平竞争审查意见",
    EvidenceKind.MINUTES: "会议纪要",
    EvidenceKind.BUSINESS_LICENCE: "营业执照",
    EvidenceKind.FILING: "立项备案",
    EvidenceKind.DEED: "不动产权证",
    EvidenceKind.LEASE_CONTRACT: "租赁合同",
    EvidenceKind.CONSTRUCTION_PERMIT: "施工许可证",
    EvidenceKind.START_ORDER: "开工令",
    EvidenceKind.SITE_PHOTO: "现场照片",
    EvidenceKind.EQUIPMENT_PHOTO: "设备到场照片",
    EvidenceKind.ACCEPTANCE: "验收材料",
    EvidenceKind.FIRST_SALES_INVOICE: "首张销售发票",
    EvidenceKind.POWER_USE: "用电凭证",
    EvidenceKind.TAX_CERTIFICATE: "完税证明",
    EvidenceKind.CAPACITY_PROOF: "达产证明",
    EvidenceKind.CAPITAL_VERIFICATION: "验资报告",
    EvidenceKind.BANK_SLIP: "进账单",
    EvidenceKind.INVOICE: "发票",
    EvidenceKind.PAYMENT_RECEIPT: "缴款凭证",
    EvidenceKind.SPLIT_CERTIFICATE: "分割证明",
    EvidenceKind.STATISTICS_REPORT: "统计报表",
    EvidenceKind.SOCIAL_INSURANCE: "社保缴纳证明",
    EvidenceKind.OTHER: "其他",
}


class EvidenceState(StrEnum):
    """Only `verified` evidence proves anything, and only until it is replaced."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REJECTED = "rejected"


EVIDENCE_STATE_LABELS = {
    EvidenceState.SUBMITTED: "待核验",
    EvidenceState.VERIFIED: "已核验",
    EvidenceState.REJECTED: "已退回",
}


class Book(StrEnum):
    """The ledgers whose entries rely on evidence."""

    FUND = "fund"
    OUTCOME = "outcome"


BOOK_LABELS = {Book.FUND: "到位资金", Book.OUTCOME: "实际成效"}
