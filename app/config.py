"""Settings, from the environment (and `.env`). Everything has a default that is safe on one machine."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an administrator can set. Names are those of the environment variables."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field("", description="postgresql://… ; empty for SQLite in DATA_DIR")
    data_dir: Path = Field(Path("data"), description="SQLite database and stored files")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    workers: int = Field(1, ge=1, le=64, description="Server processes; more than one asks for PostgreSQL")
    district: str = Field("500114", pattern=r"^\d{6}$", description="GB/T 2260 code of the district")
    district_name: str = "黔江区"
    password_profile: Literal["djbh", "asvs"] = "djbh"
    session_idle_minutes: int = Field(30, ge=1, le=1440, description="A session unused for so long ends")
    session_hours: int = Field(12, ge=1, le=168, description="A session ends after so long, used or not")
    secure_cookies: bool = Field(False, description="true behind HTTPS")
    trusted_proxies: str = Field("127.0.0.1", description="Addresses whose X-Forwarded-For is believed, by comma")
    demo_password: str | None = Field(None, description="Password of the demo users; random when empty")
    worker_inside: bool = Field(True, description="Run scheduled jobs inside the server")
    stream_heartbeat_seconds: float = Field(15, gt=0, le=300, description="A sign of life in every open stream")
    stream_life_seconds: int = Field(3600, ge=1, le=86400, description="A stream ends after so long; clients come back")
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_upload_mb: int = Field(50, ge=1, le=1024)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'zhaoshang.db').as_posix()}"
