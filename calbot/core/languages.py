"""Languages by what people call them: ``de``, Deutsch, German."""

from __future__ import annotations

from collections.abc import Collection

import babel

from .commands.tokens import fold
from .model import Locale


def name_of(language: Locale, reads: Locale) -> str:
    """What a language is called in the language `reads`: "Deutsch", "German"."""
    return babel.Locale.parse(language).get_display_name(reads) or language


def language_called(said: str, spoken: Collection[Locale]) -> Locale | None:
    """The one of the languages `spoken` that is meant: by its code, or by its name in any of them."""
    wanted = fold(said.strip(" ."))
    for language in spoken:
        names = {language, *(name_of(language, reads) for reads in (*spoken, language))}
        if wanted in {fold(name) for name in names}:
            return language
    return None
