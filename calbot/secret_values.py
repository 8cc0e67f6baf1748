"""Passwords, read from where the configuration says they are."""

from __future__ import annotations

import os
from pathlib import Path

from calbot.core.settings import Secret


class SecretMissing(Exception):
    """There is no such variable or file, or it cannot be read."""


def reveal(secret: Secret) -> str:
    """The password itself, read anew each time; blocking, for a worker thread."""
    try:
        if secret.env:
            return os.environ[secret.env]
        if secret.file:
            return Path(secret.file).read_text(encoding="utf-8").rstrip("\r\n")
    except (KeyError, OSError, UnicodeDecodeError) as error:
        raise SecretMissing from error
    return secret.value
