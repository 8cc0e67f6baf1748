"""The configuration as maubot keeps it: exactly what an admin typed, comments included.

mautrix's own way of updating takes values that are null for absent, replaces whole maps, so that a partial one loses
its defaults, drops keys it does not know, so that nobody learns of a mistyped one, and loses comments. Here the text
stays as it is; what it leaves out has its default in `calbot.core.settings`. Only a new instance begins with our text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mautrix.util.config import BaseProxyConfig, ConfigUpdateHelper
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from calbot.core.configuration import NotYaml


class Config(BaseProxyConfig):
    """maubot's configuration object of one instance."""

    _mistake: object = None  # what was there instead of a map of keys

    def load(self) -> None:
        try:
            super().load()
        except MarkedYAMLError as error:
            self._mistake = NotYaml(error.problem_mark.line + 1 if error.problem_mark else 0)
        except (YAMLError, ValueError):  # ValueError: a date or a number that YAML allows and Python does not
            self._mistake = NotYaml()
        else:
            data: object = self._data
            self._mistake = None if isinstance(data, Mapping) else data

    def update(self, save: bool = True) -> None:
        if self._mistake is None and not self._data:
            super().update(save)

    def do_update(self, helper: ConfigUpdateHelper) -> None:
        """There is nothing to copy: this is only reached where nothing was typed."""

    def as_dict(self) -> Mapping[str, Any]:
        """What is there, for `read_settings`, which also answers where it is no map of keys."""
        return cast(Mapping[str, Any], self._data if self._mistake is None else self._mistake)
