"""Digest authentication, by the examples of RFC 7616 and of servers."""

from __future__ import annotations

import hashlib
import re

import pytest

from calbot.dav.digest import Challenge, authorization, best_challenge

REALM, NONCE = "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE, CNONCE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OFFERED = (
    f'Digest realm="{REALM}", qop="auth, auth-int", algorithm=SHA-256, nonce="{NONCE}", opaque="{OPAQUE}"',
    f'Digest realm="{REALM}", qop="auth, auth-int", algorithm=MD5, nonce="{NONCE}", opaque="{OPAQUE}"',
)


def answered(challenge: Challenge, **changes: str) -> dict[str, str]:
    given = {"username": "Mufasa", "password": "Circle of Life", **changes}
    header = authorization(challenge, method="GET", target="/dir/index.html", count=1, cnonce=CNONCE, **given)
    assert header.startswith("Digest ")
    return dict(re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|)', header)) | dict(re.findall(r"(\w+)=([^\",]+)", header))


@pytest.mark.parametrize(
    ("offered", "response"),
    [
        (OFFERED[0], "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (OFFERED[1], "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_examples_of_the_rfc(offered: str, response: str) -> None:
    challenge = best_challenge([offered])
    assert challenge is not None
    found = answered(challenge)
    assert found["response"] == response
    assert (found["nc"], found["qop"], found["opaque"]) == ("00000001", "auth", OPAQUE)
    assert found["uri"] == "/dir/index.html"


def test_the_example_of_the_old_rfc_has_no_qop() -> None:
    """RFC 2617, 3.5, without qop: as RFC 2069 has it."""
    challenge = best_challenge(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'])
    assert challenge is not None
    found = answered(challenge, password="Circle Of Life")
    assert "qop" not in found
    assert "cnonce" not in found
    assert found["response"] == "670fd8c2df070c60b045671b8b24ff02"


def test_sessions_hash_the_nonces_in() -> None:
    challenge = Challenge("r", "n", "SHA-256-sess", True)
    plain = hashlib.sha256(b"Mufasa:r:Circle of Life").hexdigest()
    secret = hashlib.sha256(f"{plain}:n:{CNONCE}".encode()).hexdigest()
    request = hashlib.sha256(b"GET:/dir/index.html").hexdigest()
    expected = hashlib.sha256(f"{secret}:n:00000001:{CNONCE}:auth:{request}".encode()).hexdigest()
    assert answered(challenge)["response"] == expected


def test_quotes_in_names_are_escaped_and_hashed_as_they_are() -> None:
    challenge = best_challenge([r'Digest realm="a \"b\"", nonce="n", qop="auth"'])
    assert challenge is not None
    assert challenge.realm == 'a "b"'
    assert answered(challenge, username='x"y')["username"] == r"x\"y"


@pytest.mark.parametrize(
    ("headers", "algorithm"),
    [
        (list(OFFERED), "SHA-256"),
        (list(reversed(OFFERED)), "SHA-256"),
        ([", ".join(reversed(OFFERED))], "SHA-256"),
        (['Basic realm="x"', OFFERED[1]], "MD5"),
        ([f'Basic realm="x", {OFFERED[1]}'], "MD5"),
        ([f"Negotiate, {OFFERED[1]}"], "MD5"),
        ([f"Negotiate YWJjZA==, {OFFERED[1]}"], "MD5"),
        (['digest nonce=abc, realm="x"'], "MD5"),
        ([OFFERED[0].replace("SHA-256", "SHA-512-256"), OFFERED[0]], "SHA-512-256"),
        ([OFFERED[0].replace("SHA-256", "sha-256")], "sha-256"),
        ([OFFERED[0].replace("SHA-256", "CRC32")], None),
        ([OFFERED[0].replace('"auth, auth-int"', '"auth-int"')], None),
        (['Digest realm="x"'], None),
        (['Digest realm="x", nonce=""'], None),
        (['Basic realm="Digest"'], None),
        (["Digest"], None),
        (["Negotiate"], None),
        (["", ",", "=", '"', 'nonce="x"', "\x00"], None),
        ([], None),
    ],
)
def test_the_best_challenge_is_chosen(headers: list[str], algorithm: str | None) -> None:
    challenge = best_challenge(headers)
    assert (challenge and challenge.algorithm) == algorithm


def test_stale() -> None:
    for text, stale in (("stale=true", True), ('stale="TRUE"', True), ("stale=false", False), ("x=1", False)):
        challenge = best_challenge([f'Digest realm="x", nonce="n", {text}'])
        assert challenge is not None
        assert challenge.stale is stale


def test_reading_takes_time_in_proportion() -> None:
    for text in ("a " * 100_000, 'a="' + "\\" * 100_001, "=" * 100_000, "," * 100_000, "Digest a=" * 20_000):
        assert best_challenge([text]) is None


def test_each_use_has_a_nonce_of_its_own() -> None:
    challenge = Challenge("r", "n", "MD5", True)
    headers = {
        authorization(challenge, username="u", password="p", method="GET", target="/", count=1) for _ in range(5)
    }
    assert len(headers) == 5
