"""Changes by chance to what people type, most of which leave the grammar of it in place."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .corpus import KEYS, MARKS, ODD, WORDS

LONGEST = 12_000  # characters; what is longer is refused as a whole


class Mutator:
    """Inputs made of seeds; the same seed of chance makes the same ones."""

    def __init__(self, seeds: Sequence[str], chance: random.Random) -> None:
        self._seeds = seeds
        self._chance = chance
        self._ways = (
            self._swap_words,
            self._replace_word,
            self._insert_word,
            self._drop_word,
            self._repeat_word,
            self._join_another,
            self._insert_mark,
            self._insert_odd,
            self._drop_letter,
            self._repeat_letter,
            self._swap_letters,
            self._change_case,
            self._change_number,
            self._add_option,
            self._quote,
        )
        self._blow_up_every = 400

    def next(self) -> str:
        text = self._chance.choice(self._seeds)
        for _ in range(self._chance.choice((0, 1, 1, 2, 2, 3, 5, 8))):
            text = self._chance.choice(self._ways)(text)
        if self._chance.randrange(self._blow_up_every) == 0:
            text = self._blow_up(text)
        return text[:LONGEST]

    # ---------------------------------------------------------------------------------------------------------- words

    def _at(self, items: Sequence[object]) -> int:
        return self._chance.randrange(len(items) + 1)

    def _swap_words(self, text: str) -> str:
        words = text.split(" ")
        one, other = (self._chance.randrange(len(words)) for _ in range(2))
        words[one], words[other] = words[other], words[one]
        return " ".join(words)

    def _replace_word(self, text: str) -> str:
        words = text.split(" ")
        words[self._chance.randrange(len(words))] = self._chance.choice(WORDS)
        return " ".join(words)

    def _insert_word(self, text: str) -> str:
        words = text.split(" ")
        words.insert(self._at(words), self._chance.choice(WORDS))
        return " ".join(words)

    def _drop_word(self, text: str) -> str:
        words = text.split(" ")
        del words[self._chance.randrange(len(words))]
        return " ".join(words)

    def _repeat_word(self, text: str) -> str:
        words = text.split(" ")
        at = self._chance.randrange(len(words))
        return " ".join((*words[:at], words[at], *words[at:]))

    def _join_another(self, text: str) -> str:
        other = self._chance.choice(self._seeds).removeprefix("!meet ")
        return f"{text[: self._at(text)]}{self._chance.choice((' ', '; ', chr(10), ''))}{other[self._at(other) :]}"

    def _add_option(self, text: str) -> str:
        words = text.split(" ")
        value = self._chance.choice((*WORDS, '"Raum 4.12"', "„A B“", "", " x"))
        words.insert(self._at(words), self._chance.choice(KEYS) + value)
        return " ".join(words)

    def _quote(self, text: str) -> str:
        words = text.split(" ")
        start = self._at(words)
        end = start + self._chance.randrange(4)
        marks = self._chance.choice(('""', "„“", "«»", "»«", "''", "‚‘", "“”", '„"', "‹›"))
        return " ".join((*words[:start], marks[0] + " ".join(words[start:end]) + marks[1], *words[end:]))

    # -------------------------------------------------------------------------------------------------------- letters

    def _insert_mark(self, text: str) -> str:
        at = self._at(text)
        return text[:at] + self._chance.choice(MARKS) + text[at:]

    def _insert_odd(self, text: str) -> str:
        at = self._at(text)
        return text[:at] + self._chance.choice(ODD) + text[at:]

    def _drop_letter(self, text: str) -> str:
        at = self._at(text)
        return text[:at] + text[at + 1 :]

    def _repeat_letter(self, text: str) -> str:
        at = self._at(text)
        return text[:at] + text[at : at + 1] * self._chance.randrange(2, 5) + text[at + 1 :]

    def _swap_letters(self, text: str) -> str:
        at = self._at(text)
        return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]

    def _change_case(self, text: str) -> str:
        changed: str = self._chance.choice((text.upper(), text.lower(), text.title(), text.swapcase()))
        return changed

    def _change_number(self, text: str) -> str:
        digits = [at for at, letter in enumerate(text) if letter.isdecimal()]
        if not digits:
            return text
        at = self._chance.choice(digits)
        return text[:at] + str(self._chance.choice((0, 1, 2, 5, 9, 12, 24, 31, 60, 99, 2027))) + text[at + 1 :]

    def _blow_up(self, text: str) -> str:
        """As long as a message may be: a part of it over and over."""
        start = self._at(text)
        part = text[start : start + self._chance.randrange(1, 30)] or self._chance.choice(MARKS)
        return text[:start] + part * (LONGEST // len(part))
