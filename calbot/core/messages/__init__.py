"""Everything the bot says: functions from values to a `Message`, through the eyes of a `Reader`."""

from __future__ import annotations

from calbot.core.ask import Ask, Say
from calbot.core.i18n import Catalog, Reader

from .agenda import agenda, agenda_order, next_meeting, posted_agenda, scheduled
from .card import Headline, Person, conflict_note, meeting_card
from .changes import calendars_shown, cancelled, change_notice, moved
from .digests import clock_words, digest_set, hours_words
from .errors import error, internal_error
from .events import event_data, when_data
from .help import CommandHelp, help_command, help_overview
from .notices import cannot_read_hint, moved_here, not_encrypted_hint, ok, welcome, welcome_unmapped
from .poll_cards import (
    ListedPoll,
    poll_card,
    poll_list,
    poll_nudge,
    poll_option_label,
    poll_over,
    poll_start_content,
    poll_text,
    until_changed,
)
from .poll_results import poll_end_content, poll_result, poll_unbooked
from .questions import question
from .readings import as_when, unread_error, when_answer
from .reminders import Due, reminder, reminders
from .reminding import EventReminders, LeadsInForce, event_reminders, leads_set
from .slots import Inquiry, busy_note, slots, slots_over
from .status import CalendarReport, Crypto, OutgoingReport, StatusReport, problem_line, status
from .text import clean
from .times import day_text, duration_text, instant_text, when_text
from .undoing import undone_booking, undone_cancel, undone_move, undone_new

Note = Say
"""A remark below a card, a result or a notice: a catalog id below ``note.`` with its parameters."""

__all__ = [
    "Ask",
    "CalendarReport",
    "Catalog",
    "CommandHelp",
    "Crypto",
    "Due",
    "EventReminders",
    "Headline",
    "Inquiry",
    "LeadsInForce",
    "ListedPoll",
    "Note",
    "OutgoingReport",
    "Person",
    "Reader",
    "Say",
    "StatusReport",
    "agenda",
    "agenda_order",
    "as_when",
    "busy_note",
    "calendars_shown",
    "cancelled",
    "cannot_read_hint",
    "change_notice",
    "clean",
    "clock_words",
    "conflict_note",
    "day_text",
    "digest_set",
    "duration_text",
    "error",
    "event_data",
    "event_reminders",
    "help_command",
    "help_overview",
    "hours_words",
    "instant_text",
    "internal_error",
    "leads_set",
    "meeting_card",
    "moved",
    "moved_here",
    "next_meeting",
    "not_encrypted_hint",
    "ok",
    "poll_card",
    "poll_end_content",
    "poll_list",
    "poll_nudge",
    "poll_option_label",
    "poll_over",
    "poll_result",
    "poll_start_content",
    "poll_text",
    "poll_unbooked",
    "posted_agenda",
    "problem_line",
    "question",
    "reminder",
    "reminders",
    "scheduled",
    "slots",
    "slots_over",
    "status",
    "undone_booking",
    "undone_cancel",
    "undone_move",
    "undone_new",
    "unread_error",
    "until_changed",
    "welcome",
    "welcome_unmapped",
    "when_answer",
    "when_data",
    "when_text",
]
