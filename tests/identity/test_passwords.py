import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.auth import passwords
from app.identity.auth.passwords import PROFILES, check, generate, verify, wrong
from app.kernel.errors import Invalid

DJBH, ASVS = PROFILES["djbh"], PROFILES["asvs"]


@pytest.mark.parametrize("password", ["Abcdef12", "abcdef1!", "ABCDEF1!", "Abcdef!!", "招商引资Abc123"])
def test_djbh_takes_three_classes_of_eight(password: str) -> None:
    assert wrong(DJBH, "wang", password) == []


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Abcde1!", "至少 8 个字符"),
        ("abcdefg1", "三类"),
        ("ABCDEFG!", "三类"),
        ("wAnG-2026x", "登录名"),
        ("A1!" * 50, "至多 128"),
    ],
)
def test_djbh_refuses(password: str, reason: str) -> None:
    assert any(reason in said for said in wrong(DJBH, "wang", password))


@pytest.mark.parametrize("password", ["correct horse battery", "mylittleponies", "一二三四五六七八九十甲乙"])
def test_asvs_asks_for_length_not_for_classes(password: str) -> None:
    assert wrong(ASVS, "wang", password) == []


@pytest.mark.parametrize("password", ["Abcdef12", "Password1234", "aaaaaaaaaaaa", "abababababab", "QwertyUiop123"])
def test_asvs_refuses_what_is_short_common_or_repeated(password: str) -> None:
    assert wrong(ASVS, "wang", password)


def test_the_last_five_are_not_taken_again() -> None:
    stored = [passwords.hash_password(f"Zhaoshang-2026-{n}") for n in range(6)]
    with pytest.raises(Invalid) as refused:
        check(DJBH, "wang", "Zhaoshang-2026-4", stored, field="new_password")
    assert refused.value.errors[0].field == "new_password"
    check(DJBH, "wang", "Zhaoshang-2026-5", stored)
    check(ASVS, "wang", "Zhaoshang-2026-4", stored[:4])


def test_profiles_name_ages_and_locks() -> None:
    assert DJBH.max_age is not None and DJBH.max_age.days == 90
    assert ASVS.max_age is None
    assert {(p.failures, p.locked_for.seconds) for p in PROFILES.values()} == {(5, 1800)}
    assert max(p.history for p in PROFILES.values()) <= passwords.REMEMBERED


def test_a_stored_form_is_argon2id_and_opens_for_its_password_only() -> None:
    stored = passwords.hash_password("Zhaoshang-2026")
    assert stored.startswith("$argon2id$") and not passwords.outdated(stored)
    assert passwords.outdated("$argon2id$v=19$m=65536,t=3,p=4$abc$def")
    assert verify("Zhaoshang-2026", stored) and not verify("zhaoshang-2026", stored)
    assert not verify("", "no password opens this account")


def test_a_composed_and_a_decomposed_letter_are_one() -> None:
    assert verify("cafe\u0301-Zhaoshang", passwords.hash_password("caf\u00e9-Zhaoshang"))


def test_a_generated_password_pleases_every_profile() -> None:
    made = {generate() for _ in range(50)}
    assert len(made) == 50
    assert [wrong(profile, "wang", password) for profile in PROFILES.values() for password in made if
            wrong(profile, "wang", password)] == []  # fmt: skip


@given(st.text(max_size=200), st.text(max_size=64))
def test_any_text_is_judged(password: str, login: str) -> None:
    for profile in PROFILES.values():
        assert all(isinstance(reason, str) for reason in wrong(profile, login, password))
