"""Tokens cannot be guessed, and what is stored does not give them back."""

import re

from app.kernel.secrets import new_token, same, token_hash


def test_tokens_carry_256_bits_and_their_purpose() -> None:
    tokens = {new_token("zs") for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"zs_[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_a_hash_is_stable_and_tells_tokens_apart() -> None:
    token = new_token("zk")
    assert token_hash(token) == token_hash(token)
    assert re.fullmatch(r"[0-9a-f]{64}", token_hash(token))
    assert token not in token_hash(token)
    assert token_hash(token) != token_hash(token + " ")
    assert token_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_secrets_are_compared_whole_whatever_characters_they_have() -> None:
    assert same("密", "密")
    assert same("", "")
    assert not same("密", "蜜")
    assert not same("a", "ab")
    assert not same("a", "")
