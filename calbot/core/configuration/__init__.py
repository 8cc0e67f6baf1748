"""Reads the configuration: whatever the YAML holds, a usable `Settings` comes out, and a finding for every mistake.

`findings` walks through maps and notes what is wrong where; `values` says what a single value has to look like;
`sections` reads the parts that stand for themselves, `reading` those that refer to each other; `secrets` takes
passwords out of what is kept.
"""

from .findings import below, is_error
from .reading import NotYaml, read_settings
from .secrets import with_secrets_of, without_secrets

__all__ = ["NotYaml", "below", "is_error", "read_settings", "with_secrets_of", "without_secrets"]
