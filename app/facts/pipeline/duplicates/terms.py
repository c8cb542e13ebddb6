"""The words of the guard against signing twice: why another project may be the same one."""

from enum import StrEnum


class Suspicion(StrEnum):
    """Why another project may be the same one; the strongest reason first."""

    SAME_USCC = "same_uscc"
    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SAME_PLACE_AND_AMOUNT = "same_place_and_amount"
    SAME_PARENT = "same_parent"


SUSPICION_LABELS = {
    Suspicion.SAME_USCC: "参与企业相同",
    Suspicion.SAME_NAME: "名称相同",
    Suspicion.SIMILAR_NAME: "名称相近",
    Suspicion.SAME_PLACE_AND_AMOUNT: "地点与金额相同",
    Suspicion.SAME_PARENT: "参与企业同属一个母公司",
}
