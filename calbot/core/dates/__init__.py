"""Dates as people type them, in German and English.

The one rule that outranks all others: a wrong reading is the worst result, a refusal the second worst. Every word of a
phrase has to be accounted for; where two readings are plausible, both are returned.

    text → tokens → every way to cover them with parts → every meaning of each way → one reading, a choice, or a refusal

`tokens` evens out the spelling; `vocabulary`, `german`, `english`, `holidays` and `zones` know the words; `parsing` is
the engine of the grammar in `clocks`, `days`, `repetitions` and `phrases`; `hours`, `candidates`, `series` and
`meanings` find out what the parts mean at a given moment; `tails` parts a title from a date.
"""

from __future__ import annotations

from .reader import read, read_duration, read_either
from .readings import At, Base, Choice, Day, Every, Locale, Reading, Reason, Single, Unread
from .tails import Split, Tail, split_tail
from .windows import MOST_DAYS, Window, read_window

__all__ = [
    "MOST_DAYS",
    "At",
    "Base",
    "Choice",
    "Day",
    "Every",
    "Locale",
    "Reading",
    "Reason",
    "Single",
    "Split",
    "Tail",
    "Unread",
    "Window",
    "read",
    "read_duration",
    "read_either",
    "read_window",
    "split_tail",
]
