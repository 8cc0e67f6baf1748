"""The languages the bot speaks: catalogs of texts by symbolic id, and through whose eyes something is shown.

A catalog is a ``.po`` file whose msgids are names such as ``card.created``. Everything that differs between languages
is in there, date patterns included, so a further language is one more file. The bytes come from the caller.
"""

from __future__ import annotations

import gettext
import re
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import babel
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from .model import Locale

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
MISSING = "…"  # in place of a parameter that a caller forgot: no reason to refuse the whole answer


class Catalog:
    """The texts of one language. An unknown id raises KeyError: ids are names in the code, and checked by tests."""

    def __init__(self, locale: babel.Locale, ids: frozenset[str], translations: gettext.GNUTranslations) -> None:
        self.locale = locale
        self._ids = ids
        self._translations = translations

    @classmethod
    def read(cls, po: bytes, locale: str) -> Catalog:
        """Make a catalog of the bytes of a ``.po`` file. Entries without a translation do not count as there."""
        source = read_po(BytesIO(po), locale=locale)
        binary = BytesIO()
        write_mo(binary, source)
        binary.seek(0)
        ids = frozenset(
            message.id if isinstance(message.id, str) else message.id[0]
            for message in source
            if message.id and message.string and not message.fuzzy
        )
        return cls(babel.Locale.parse(locale), ids, gettext.GNUTranslations(binary))

    def __contains__(self, id: str) -> bool:
        return id in self._ids

    def template(self, id: str, n: int | None = None) -> str:
        """The text with its placeholders; in the plural form for `n` where it has several."""
        if id not in self._ids:
            raise KeyError(id)
        return self._translations.gettext(id) if n is None else self._translations.ngettext(id, id, n)

    def text(self, id: str, /, **params: str | int) -> str:
        """The text, `{name}` replaced by the parameter of that name and by nothing else."""
        return fill(self.template(id), params)

    def plural(self, id: str, n: int, /, **params: str | int) -> str:
        """As `text`, in the form that the language uses for `n`, which is also the parameter `{n}`."""
        return fill(self.template(id, n), {"n": n, **params})


def fill(template: str, params: dict[str, str | int]) -> str:
    """Replace `{name}` by plain look-up: unlike str.format this reaches no attribute, item or format specification."""
    return PLACEHOLDER.sub(lambda match: str(params.get(match[1], MISSING)), template)


@dataclass(frozen=True, slots=True)
class Reader:
    """Through whose eyes a message is written: language, zone, the present moment, and how commands begin here."""

    catalog: Catalog
    locale: Locale
    zone: ZoneInfo
    now: datetime
    prefix: str = "!meet"

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()
