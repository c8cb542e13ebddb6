"""What the standards print as examples: our parts must come to the same."""

import pytest
from cryptography.hazmat.primitives import hashes, hmac

from app.exchange.municipal.wire import bodies, sm2
from app.exchange.municipal.wire.refusals import Refused
from app.exchange.municipal.wire.signatures import digest

# GB/T 32918.5 annex A.2
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
FACTOR = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_of_gb_t_32905(text: bytes, expected: str) -> None:
    assert digest("hmac-sm3", text) == digest("sm2", text) == expected


def test_hmac_sm3() -> None:
    """The second message of RFC 2104's and RFC 4231's tests, as GmSSL and others print it for SM3."""
    counted = hmac.HMAC(b"Jefe", hashes.SM3())
    counted.update(b"what do ya want for nothing?")
    assert counted.finalize().hex() == "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882"


def test_sm4_gcm_of_rfc_8998() -> None:
    key, nonce = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("00001234567800000000ABCD")
    plain = b"".join(bytes([byte]) * 8 for byte in bytes.fromhex("AABBCCDDEEFFEEAA"))
    beside = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert bodies.unseal(key, nonce + sealed, beside) == plain
    with pytest.raises(Refused, match="无法解密"):
        bodies.unseal(key, nonce + sealed, beside[:-1])


def test_sm2_of_gb_t_32918() -> None:
    assert sm2.public_of(PRIVATE) == PUBLIC
    assert sm2.verify(PUBLIC, b"message digest", SIGNATURE)
    assert not sm2.verify(PUBLIC, b"message digesT", SIGNATURE)
    module = sm2._module()
    core = module.SM2Core(sm2._Curve(module._ecdlp), sm2._Sm3(), lambda bits: FACTOR)
    r, s = core.sign(b"message digest", int.from_bytes(PRIVATE, "big"), sm2.IDENTITY, sm2._point(PUBLIC))
    assert r.to_bytes(32, "big") + s.to_bytes(32, "big") == SIGNATURE


def test_sm2_multiplies_equally_long_and_rightly_at_the_ends() -> None:
    module = sm2._module()
    curve, order = sm2._Curve(module._ecdlp), module._ecdlp.fpn.p
    lengths = set()
    plain = curve.ec.mul
    for factor in (1, 2, 3, order // 2, order - 1):
        expected = plain(factor, curve.G)

        class Watched:
            @staticmethod
            def mul(k: int, point: object) -> object:
                lengths.add(k.bit_length())
                return plain(k, point)

        curve.ec = Watched()
        assert curve.kG(factor) == expected
    assert lengths == {257}


@pytest.mark.parametrize("key", [b"", bytes(32), b"\xff" * 32, PRIVATE[:-1]])
def test_a_wrong_private_key_is_told(key: bytes) -> None:
    with pytest.raises(ValueError, match="SM2 私钥"):
        sm2.public_of(key)


@pytest.mark.parametrize("key", [b"", PUBLIC[1:], PUBLIC[:-1] + b"\x00", b"\x02" + PUBLIC[1:]])
def test_a_wrong_public_key_is_told(key: bytes) -> None:
    with pytest.raises(ValueError, match="SM2 公钥"):
        sm2.check_public(key)
    assert not sm2.verify(key, b"message digest", SIGNATURE)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2, "find_spec", lambda name: None)
    sm2._module.cache_clear()
    try:
        with pytest.raises(sm2.Sm2Missing, match="pip install gmalg"):
            sm2.new_keys()
    finally:
        sm2._module.cache_clear()
