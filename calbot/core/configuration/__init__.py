"""Reads the configuration: whatever the YAML holds, a usable `Settings` comes out, and a finding for every mistake.

`schema` describes every key, in terms of `keys` and of the kinds of values in `values`; `section` reads maps by that
description and `findings` notes what is wrong where; `reading` connects what refers to each other; `wording` says it,
and `writing` says what the defaults are; `secrets` takes passwords out of what is kept.
"""

from .findings import below, is_consequence, is_error
from .reading import NotYaml, read_settings
from .secrets import with_secrets_of, without_secrets
from .wording import EXPECTED, kind_text, place_text, worded

__all__ = [
    "EXPECTED",
    "NotYaml",
    "below",
    "is_consequence",
    "is_error",
    "kind_text",
    "place_text",
    "read_settings",
    "with_secrets_of",
    "without_secrets",
    "worded",
]
