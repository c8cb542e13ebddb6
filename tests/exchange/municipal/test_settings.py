"""A file of channels that is not right stops the start, says where, and tells no secret."""

from pathlib import Path

import pytest

from app.config import Settings
from app.exchange.municipal import channels
from app.exchange.municipal.channels import BadChannels
from app.main import create_app

WRONG = {
    "[channels.city]\nkey_id='k'\nsecret='aHVzaCBodXNoIGh1c2ggaHVzaA=='": "channels.city：推送须有 address",
    "[channels.city]\nmode='smoke'\nsecret='hush'": "channels.city.mode：不在可选值之中",
    "[channels.city]\nmode='file'\nsecrets='hush'": "channels.city.secrets：不认识的字段",
    "[channels.'a b']\nmode='file'": "有误：通道代码 'a b' 应为字母",
    "[channels.city": "不是 TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_stops_the_start_and_says_why(tmp_path: Path, text: str) -> None:
    file = tmp_path / "channels.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadChannels) as told:
        create_app(Settings(_env_file=None, data_dir=tmp_path, municipal_file=file, log_level="error"))
    assert WRONG[text] in str(told.value) and str(file) in str(told.value)
    assert "hush" not in str(told.value) and "aHVz" not in str(told.value)


def test_no_file_is_no_channel_and_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert channels.read(None) == {}
    with pytest.raises(BadChannels, match="读不到上报设置"):
        channels.read(tmp_path / "nowhere.toml")
