"""Settings, from the environment (and `.env`). Everything has a default that is safe on one machine."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.kernel import vault
from app.kernel.vault import Vault

DEMO_KEY = "demo-vault.key"
"""The file in the data folder that holds the key of the demo, and of nothing else."""
DEMO_CHANNELS = "municipal.toml"
"""The file in the data folder by which the demo reports to its sandbox, where no other is set."""


class Settings(BaseSettings):
    """What an administrator can set. Names are those of the environment variables."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    # The title is the meaning in Chinese, the description in English: `zhaoshang config` prints both.
    database_url: str = Field(
        "", title="数据库，postgresql://…；留空用 DATA_DIR 下的 SQLite",
        description="postgresql://…; empty for SQLite in DATA_DIR",
    )  # fmt: skip
    data_dir: Path = Field(
        Path("data"),
        title="SQLite 数据库与存储文件的目录",
        description="Folder of the SQLite database and stored files",
    )
    host: str = Field("127.0.0.1", title="监听地址", description="Address to listen on")
    port: int = Field(8000, ge=1, le=65535, title="监听端口", description="Port to listen on")
    workers: int = Field(
        1, ge=1, le=64, title="服务进程数；多于 1 须用 PostgreSQL",
        description="Server processes; more than one asks for PostgreSQL",
    )  # fmt: skip
    district: str = Field(
        "500114", pattern=r"^\d{6}$", title="区县的行政区划代码（GB/T 2260）",
        description="GB/T 2260 code of the district",
    )  # fmt: skip
    district_name: str = Field("黔江区", title="区县简称", description="Name of the district")
    bureau_name: str = Field(
        "黔江区招商投资促进局", title="印在通报、周展示上的发文单位", description="Who issues what is printed"
    )
    font_dir: Path | None = Field(
        None, title="另外存放字体的目录，供生成 PDF；留空只用系统字体",
        description="Folder of more fonts for PDF; empty for the system's only",
    )  # fmt: skip
    password_profile: Literal["djbh", "asvs"] = Field(
        "djbh", title="口令规则：djbh 等级保护，asvs 按 OWASP ASVS",
        description="Password rules: djbh (等级保护) or asvs (OWASP ASVS)",
    )  # fmt: skip
    session_idle_minutes: int = Field(
        30, ge=1, le=1440, title="会话闲置多少分钟后失效", description="A session unused for so long ends"
    )
    session_hours: int = Field(
        12, ge=1, le=168, title="会话最长多少小时", description="A session ends after so long, used or not"
    )
    secure_cookies: bool = Field(False, title="经 HTTPS 提供服务时设为 true", description="true behind HTTPS")
    trusted_proxies: str = Field(
        "127.0.0.1", title="采信其 X-Forwarded-For 的代理地址，以逗号分隔",
        description="Addresses whose X-Forwarded-For is believed, by comma",
    )  # fmt: skip
    demo_password: str | None = Field(
        None, title="演示账号的密码；留空则随机", description="Password of the demo users; random when empty"
    )
    worker_inside: bool = Field(
        True, title="在服务进程内执行定时任务", description="Run scheduled jobs inside the server"
    )
    stream_heartbeat_seconds: float = Field(
        15.0, gt=0, le=300, title="实时流的心跳间隔（秒）", description="A sign of life in every open stream"
    )
    stream_life_seconds: int = Field(
        3600, ge=1, le=86400, title="一条实时流最长多少秒，之后客户端重连",
        description="A stream ends after so long; clients come back",
    )  # fmt: skip
    log_format: Literal["json", "console"] = Field(
        "json", title="日志格式", description="Logs for machines or for people"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", title="日志级别", description="What is logged at least"
    )
    municipal_file: Path | None = Field(
        None, title="上报市级的通道设置（TOML：地址、密钥、签名算法）；留空则不上报",
        description="Channels to the municipal system (TOML: addresses, keys, suites); empty: nothing is reported",
    )  # fmt: skip
    max_upload_mb: int = Field(50, ge=1, le=1024, title="上传上限（MB）", description="Largest upload in MB")
    vault_key: SecretStr = Field(
        SecretStr(""), title="个人信息加密密钥（zhaoshang vault key 生成）；留空则不能保存引资人的证件、电话与账号",
        description="Key of personal data (zhaoshang vault key makes one); without it none of lead providers is stored",
    )  # fmt: skip
    vault_keys_old: SecretStr = Field(
        SecretStr(""), title="更换前的密钥，以逗号分隔；zhaoshang vault rotate 之后可去掉",
        description="Keys used before, by comma; needed until zhaoshang vault rotate has run",
    )  # fmt: skip
    vault_cipher: vault.Suite = Field(
        "aes-256-gcm", title="个人信息的加密算法：aes-256-gcm 或 sm4-gcm（国密）",
        description="Cipher for personal data: aes-256-gcm or sm4-gcm",
    )  # fmt: skip

    @field_validator("vault_cipher")
    @classmethod
    def _cipher_is_there(cls, given: vault.Suite) -> vault.Suite:
        if not vault.supported(given):
            raise ValueError(f"本机的密码库不支持 {given}")
        return given

    @field_validator("vault_key", "vault_keys_old")
    @classmethod
    def _keys_are_keys(cls, given: SecretStr) -> SecretStr:
        for key in _parts(given):
            vault.read_key(key)
        return given

    def open_vault(self) -> Vault:
        """The vault of these settings; that of the demo by its own key, where no other is set."""
        keys = _parts(self.vault_key)
        file = self.data_dir / DEMO_KEY
        if not keys and file.is_file():
            keys = [line for line in file.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
        return Vault([*keys, *_parts(self.vault_keys_old)] if keys else [], self.vault_cipher)

    @property
    def channels_file(self) -> Path | None:
        """Where the channels to the city are set; those of the demo, where no other file is named."""
        demo = self.data_dir / DEMO_CHANNELS
        return self.municipal_file or (demo if demo.is_file() else None)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'zhaoshang.db').as_posix()}"


def _parts(keys: SecretStr) -> list[str]:
    return [key for part in keys.get_secret_value().split(",") if (key := part.strip())]
