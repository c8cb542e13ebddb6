"""How the demo reports to the city: a channel to the sandbox on this machine, with keys of its own."""

import base64
import secrets

from app.config import DEMO_CHANNELS, DEMO_KEY, Settings

CHANNEL, PORT = "city", 8100
_FILE = """\
# 演示数据的上报通道：报送到本机的市级沙箱（zhaoshang municipal-sandbox）。密钥是随机生成的，仅供演示。
# 正式使用须另写一个文件，以 MUNICIPAL_FILE 指明其位置；各项含义见 README。

[channels.{channel}]
name = "市级招商项目库（沙箱）"
mode = "push"
address = "http://127.0.0.1:{port}"
suite = "hmac-sm3"
key_id = "demo-{number}"
secret = "{secret}"
cipher = "sm4-gcm"
cipher_key = "{cipher_key}"
"""


def keep_a_channel(settings: Settings, fresh: bool) -> None:
    """Write the channel of the demo beside its data, once. `fresh`: the demo was loaded just now.

    Only where the data are those of the demo: nobody's real projects go anywhere because a command was called.
    """
    file = settings.data_dir / DEMO_CHANNELS
    ours = fresh or (settings.data_dir / DEMO_KEY).is_file()
    if not ours or settings.municipal_file is not None or file.exists():
        return
    file.touch(mode=0o600)
    file.write_text(
        _FILE.format(
            channel=CHANNEL,
            port=PORT,
            number=secrets.token_hex(4),
            secret=_random(32),
            cipher_key=_random(16),
        ),
        encoding="utf-8",
    )


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()
