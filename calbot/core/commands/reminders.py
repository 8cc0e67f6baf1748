"""``remind [me] LEADS [REF [all]]``: how long before what somebody wants to be reminded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from calbot.core.dates import read_duration
from calbot.core.lead_times import MAX_LEAD, MAX_LEADS
from calbot.errors import Code

from . import model
from .context import ParseContext
from .model import ByReply, Ref, Scope
from .numbers import number
from .references import Tokens, scope_at, take_ref
from .refusal import Refusal
from .tokens import Pill, Word, fold, spoken

_ME: Final = frozenset({"me", "mich", "mir", "myself"})
_OFF: Final = frozenset({"off", "aus", "none", "never", "nie", "keine", "keinen", "nicht", "abschalten", "ausschalten"})
_STANDARD: Final = frozenset({"default", "standard"})
_AT_START: Final = frozenset({"start", "beginn", "anfang", "0"})
_BETWEEN: Final = frozenset(
    """und and & + , vorher davor zuvor vor before ahead earlier jeweils je an about of for fuer zu zum am at the bei
    uns us bitte please
    """.split()  # noqa: SIM905 - a list of so many is easier to read so
)
# Between digits a comma is part of a number.
_COMMA: Final = re.compile(r"(?<!\d),|,(?!\d)")
_LONGEST: Final = 3  # words of one lead time: "eine halbe Stunde"
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


def parse_remind(tokens: Tokens, context: ParseContext) -> model.Remind:
    """Without a lead time: only to tell what is set. A reply to what stands for an event means that one."""
    if any(isinstance(token, Pill) for token in tokens):
        raise Refusal("remind_others")
    text = spoken(tokens)
    words = _COMMA.sub(" , ", text.replace(";", " , ")).split()
    me = bool(words) and fold(words[0]) in _ME
    return _Reader(text, words[1:] if me else words, context, me=me).read()


class _Reader:
    """Takes words from the front until none is left; every one has to mean something."""

    def __init__(self, text: str, words: Sequence[str], context: ParseContext, *, me: bool) -> None:
        self._text = text
        self._words = list(words)
        self._context = context
        self._me = me
        self._leads: list[timedelta] = []
        self._off = False
        self._standard = False
        self._ref: Ref | None = None
        self._scope = Scope.UNSAID

    def read(self) -> model.Remind:
        while self._words:
            word = fold(self._words[0])
            if not (self._take_lead() or self._take_ref()):
                if word in _OFF:
                    self._off = True
                elif word in _STANDARD:
                    self._standard = True
                elif word not in _BETWEEN:
                    raise self._not_understood()
                self._words.pop(0)
        return self._command()

    def _take_lead(self) -> bool:
        found = self._lead_at(0)
        if found is None:
            return False
        lead, used = found
        following = self._lead_at(used)
        # "1 Stunde 30 Minuten" is one time to most people; "1h 30m" are two, as "1d 15m" are.
        if following and used > 1:
            end = used + following[1]
            together = self._duration(self._words[:end])
            if together is not None:
                one = f"{together // _HOUR}h{together % _HOUR // _MINUTE:02}"
                two = f"{' '.join(self._words[:used])}, {' '.join(self._words[used:end])}"
                raise Refusal("leads_unclear", one=one, two=two)
        self._leads.append(lead)
        del self._words[:used]
        return True

    def _lead_at(self, place: int) -> tuple[timedelta, int] | None:
        """The lead time there, and how many words it takes: as few as will do."""
        words = self._words[place : place + _LONGEST]
        for used in range(1, len(words) + 1):
            lead = self._duration(words[:used])
            if lead is not None:
                return lead, used
        return (timedelta(0), 1) if words and fold(words[0]) in _AT_START else None

    def _duration(self, words: Sequence[str]) -> timedelta | None:
        text = " ".join(words)
        if ":" in text:  # a time of day
            return None
        lengths = (read_duration(text, locale=locale) for locale in self._context.locales)
        return next((length for length in lengths if length is not None and length >= timedelta(0)), None)

    def _take_ref(self) -> bool:
        """A number, or "last", and how much of the series; a number alone may have lost its unit."""
        tokens = tuple(Word(word, gap=True) for word in self._words)
        count = number(self._words[0])
        if count is not None and not self._words[0].startswith("#") and not self._says_something():
            raise Refusal("lead_without_unit", text=self._words[0], example=f"{count}m", marked=f"#{count}")
        try:
            ref, rest = take_ref(tokens, replying=False)
        except Refusal:
            scope = scope_at(tokens, 0)
            if scope is Scope.UNSAID or not (self._ref or self._context.replying):
                return False
            self._scope = scope
            self._words.pop(0)
            return True
        if self._ref is not None:
            raise self._not_understood()
        self._ref = ref
        self._words = [token.text for token in rest if isinstance(token, Word)]
        return True

    def _says_something(self) -> bool:
        return bool(self._leads) or self._off or self._standard

    def _command(self) -> model.Remind:
        if bool(self._leads) + self._off + self._standard > 1:
            raise self._not_understood()
        if any(lead % _MINUTE for lead in self._leads):
            raise self._not_understood()
        if any(lead > MAX_LEAD for lead in self._leads):
            raise Refusal("lead_too_long", Code.LIMIT, maximum=MAX_LEAD.days)
        leads = tuple(sorted(set(self._leads), reverse=True))
        if len(leads) > MAX_LEADS:
            raise Refusal("too_many_leads", Code.LIMIT, maximum=MAX_LEADS)
        return model.Remind(
            leads=leads if leads or self._off else None,
            standard=self._standard,
            me=self._me,
            ref=self._ref or (ByReply() if self._context.replying else None),
            scope=self._scope,
        )

    def _not_understood(self) -> Refusal:
        return Refusal("leads_not_understood_me" if self._me else "leads_not_understood", text=self._text)
