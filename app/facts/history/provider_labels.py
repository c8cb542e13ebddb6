"""How what the log tells of lead providers is called in Chinese; what is personal it tells as changed only."""

from app.facts.history.labels import Named, Ref
from app.facts.rewards.providers.terms import IDENTITY_KIND_LABELS, PROVIDER_KIND_LABELS

PROVIDER_VERBS = {
    "lead_provider.registered": "登记引资人",
    "lead_provider.changed": "修改引资人",
    "lead_provider.unmasked": "查看完整号码",
}

PROVIDER_TABLES = {"lead_provider": "引资人"}

PROVIDER_COLUMNS: dict[str, dict[str, Named]] = {
    "lead_provider": {
        "kind": Named("类别", PROVIDER_KIND_LABELS),
        "name": Named("姓名或名称"),
        "identity_kind": Named("证件种类", IDENTITY_KIND_LABELS),
        "identity": Named("证件号码"),
        "phone": Named("电话"),
        "account": Named("银行账号"),
        "account_bank": Named("开户行"),
        "note": Named("备注"),
        "unit_id": Named("登记单位", points_at=Ref.UNIT),
        "created_at": Named("登记时间"),
        "created_by": Named("登记人", points_at=Ref.USER),
        "created_by_name": Named("登记人姓名"),
    }
}
