"""Where passwords are read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from calbot.core.settings import Secret
from calbot.secret_values import SecretMissing, reveal


def test_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from file\r\n")
    monkeypatch.setenv("CALBOT_TEST_SECRET", "from env")
    assert reveal(Secret("given")) == "given"
    assert reveal(Secret(env="CALBOT_TEST_SECRET")) == "from env"
    assert reveal(Secret(file=str(tmp_path / "secret"))) == "from file"


def test_secrets_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xe4")
    for missing in (
        Secret(env="CALBOT_TEST_MISSING"),
        Secret(file=str(tmp_path / "missing")),
        Secret(file=str(tmp_path)),
        Secret(file=str(tmp_path / "latin")),
    ):
        with pytest.raises(SecretMissing):
            reveal(missing)
