"""Everything the bot says: functions from values to a `Message`, through the eyes of a `Reader`."""

from __future__ import annotations

from calbot.core.ask import Ask, Say
from calbot.core.i18n import Catalog, Reader

from .agenda import agenda, agenda_order, next_meeting
from .card import Headline, Person, conflict_note, meeting_card
from .changes import cancelled, change_notice, moved
from .errors import error, internal_error
from .events import event_data, when_data
from .help import CommandHelp, help_command, help_overview
from .notices import cannot_read_hint, not_encrypted_hint, ok, welcome, welcome_unmapped
from .polls import poll_end_content, poll_option_label, poll_result, poll_start_content, poll_text
from .questions import question
from .readings import as_when, unread_error, when_answer
from .reminders import Due, reminder, reminders
from .status import CalendarReport, Crypto, StatusReport, problem_line, status
from .text import clean
from .times import day_text, duration_text, instant_text, when_text

Note = Say
"""A remark below a card, a result or a notice: a catalog id below ``note.`` with its parameters."""

__all__ = [
    "Ask",
    "CalendarReport",
    "Catalog",
    "CommandHelp",
    "Crypto",
    "Due",
    "Headline",
    "Note",
    "Person",
    "Reader",
    "Say",
    "StatusReport",
    "agenda",
    "agenda_order",
    "as_when",
    "cancelled",
    "cannot_read_hint",
    "change_notice",
    "clean",
    "conflict_note",
    "day_text",
    "duration_text",
    "error",
    "event_data",
    "help_command",
    "help_overview",
    "instant_text",
    "internal_error",
    "meeting_card",
    "moved",
    "next_meeting",
    "not_encrypted_hint",
    "ok",
    "poll_end_content",
    "poll_option_label",
    "poll_result",
    "poll_start_content",
    "poll_text",
    "problem_line",
    "question",
    "reminder",
    "reminders",
    "status",
    "unread_error",
    "welcome",
    "welcome_unmapped",
    "when_answer",
    "when_data",
    "when_text",
]
