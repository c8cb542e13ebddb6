"""How each channel reaches the city: settings of the machine (`MUNICIPAL_FILE`), never of the database.

Whoever may edit data must not be able to say where data goes, and credentials belong into no backup.
"""

import base64
import binascii
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationError, model_validator

from app.exchange.municipal.wire import bodies, signatures, sm2
from app.exchange.municipal.wire.contract import MOST_RECORDS, BodyCipher, SignatureSuite
from app.exchange.municipal.wire.signatures import Keys
from app.kernel.errors import field_errors


class Connection(BaseModel):
    """One channel's section of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field("市级招商项目库", min_length=1, max_length=60, description="界面与通知中的名称")
    mode: Literal["push", "pull", "file"] = Field("push", description="push 推送，pull 由市级来取，file 以文件报送")
    address: HttpUrl | None = Field(None, description="市级接口的根地址；只由此处设定，不随对方的重定向改变")
    suite: SignatureSuite = Field("hmac-sha256", description="签名算法")
    key_id: str = Field("", max_length=64, description="市级发给本区的密钥编号")
    secret: SecretStr = Field(SecretStr(""), description="HMAC 共享密钥，或 SM2 本方私钥，base64")
    city_key: SecretStr = Field(SecretStr(""), description="SM2 对方公钥，base64")
    cipher: BodyCipher = Field("none", description="是否以 SM4-GCM 加密报文")
    cipher_key: SecretStr = Field(SecretStr(""), description="SM4 密钥，16 字节的 base64")
    authority: Path | None = Field(None, description="对方证书的签发机构（PEM 文件），内网自签证书时填写")
    batch: int = Field(100, ge=1, le=MOST_RECORDS, description="每批条数")
    connect_seconds: float = Field(5, gt=0, le=60, description="连接超时，秒")
    answer_seconds: float = Field(30, gt=0, le=300, description="一次报送的总时限，秒")
    lease_seconds: float = Field(90, gt=0, le=900, description="报送中的记录多久无结果即由他人重报，秒")
    clock_seconds: int = Field(300, ge=5, le=3600, description="双方时钟允许的偏差，秒")
    backoff_seconds: float = Field(2, gt=0, le=600, description="首次重试的等待，秒；之后逐次加倍")
    longest_backoff_seconds: float = Field(900, gt=0, le=86_400, description="重试等待的上限，秒")
    failures_to_open: int = Field(5, ge=1, le=100, description="连续失败多少次后暂停报送")
    receipt_hours: float = Field(24, gt=0, le=720, description="待回执多久未到即重报，小时")
    alarm_minutes: int = Field(60, ge=1, le=10_080, description="积压多久即通知，分钟")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.mode == "push":
            if self.address is None:
                raise ValueError("推送须有 address")
            if self.lease_seconds <= self.answer_seconds + self.connect_seconds:
                raise ValueError(
                    "lease_seconds 须大于 answer_seconds 与 connect_seconds 之和，否则一条记录会同时报送两次"
                )
        if self.mode != "file" and not (self.key_id and self.secret.get_secret_value()):
            raise ValueError("须有 key_id 与 secret")
        if self.suite == "sm2" and self.mode != "file" and not self.city_key.get_secret_value():
            raise ValueError("SM2 须有 city_key")
        if self.suite == "sm2" and self.secret.get_secret_value():
            if not sm2.installed():
                raise ValueError(sm2.MISSING)
            sm2.public_of(self.shared)
            sm2.check_public(_bytes(self.city_key))
        if not signatures.supported(self.suite):
            raise ValueError(f"本机的密码库不支持 {self.suite}")
        if self.cipher == "sm4-gcm" and not bodies.supported():
            raise ValueError("本机的密码库不支持 sm4-gcm")
        if self.cipher == "sm4-gcm" and len(_bytes(self.cipher_key)) != 16:
            raise ValueError("cipher_key 应为 16 字节的 base64")
        if self.suite.startswith("hmac") and self.secret.get_secret_value() and len(_bytes(self.secret)) < 16:
            raise ValueError("secret 应为至少 16 字节的 base64")
        return self

    @property
    def keys(self) -> Keys:
        """What our side signs, checks and seals with."""
        sealing = self.sealing if self.cipher == "sm4-gcm" else b""
        return Keys(self.suite, self.key_id, self.shared, _bytes(self.city_key), sealing)

    @property
    def shared(self) -> bytes:
        """The shared or private key."""
        return _bytes(self.secret)

    @property
    def sealing(self) -> bytes:
        """The key of sealed bodies."""
        return _bytes(self.cipher_key)


def _bytes(secret: SecretStr) -> bytes:
    try:
        return base64.b64decode(secret.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        return b""


Connections = Mapping[str, Connection]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    channels: dict[str, Connection] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _codes(self) -> Self:
        for code in self.channels:
            if not (code.isascii() and code.replace("_", "").isalnum() and len(code) <= 32):
                raise ValueError(f"通道代码 {code!r} 应为字母、数字、下划线，至多 32 个字符")
        return self


class BadChannels(ValueError):
    """The file of channels cannot be used; the text says in Chinese which field is wrong, and tells no secret."""


def read(path: Path | None) -> Connections:
    """The channels of a file; none without one. BadChannels when it is not right."""
    if path is None:
        return {}
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).channels
    except OSError as error:
        raise BadChannels(f"读不到上报设置 {path}：{error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadChannels(f"上报设置 {path} 不是 TOML：{error}") from None
    except ValidationError as error:
        told = "；".join(f"{one.field}：{one.message}".lstrip("：") for one in field_errors(error.errors()))
        raise BadChannels(f"上报设置 {path} 有误：{told}") from None
