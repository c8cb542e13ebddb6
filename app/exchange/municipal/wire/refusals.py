"""Why a message of the other side is not believed."""

from typing import Literal

RefusalCode = Literal[
    "missing", "malformed", "suite", "key", "clock", "digest", "signature", "replayed", "sealed", "oversize"
]

REASONS: dict[RefusalCode, str] = {
    "missing": "报文没有签名，或签名的报头不全",
    "malformed": "签名报头或报文的格式有误",
    "suite": "签名算法与通道约定的不同",
    "key": "密钥编号与通道约定的不同",
    "clock": "报文的时间与本机时间相差过大",
    "digest": "报文摘要不符，内容已被改动",
    "signature": "签名不符",
    "replayed": "报文的随机数已用过，疑为重放",
    "sealed": "报文未按约定加密，或无法解密",
    "oversize": "报文过大",
}


class Refused(Exception):
    """A message that is not believed: nothing in it was used. `code` is for machines, the text for people."""

    def __init__(self, code: RefusalCode, detail: str = "") -> None:
        self.code = code
        super().__init__(f"{REASONS[code]}：{detail}" if detail else REASONS[code])
