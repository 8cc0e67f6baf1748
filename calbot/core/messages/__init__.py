"""Everything the bot says: functions from values to a `Message`, through the eyes of a `Reader`."""

from __future__ import annotations

from calbot.core.ask import Ask, Say
from calbot.core.i18n import Catalog, Reader

from .admin_news import AdminNews, AdminNewsKind, admin_news
from .agenda import agenda, agenda_order, next_meeting, posted_agenda, scheduled
from .answers import answered, undone_answer
from .card import Headline, Person, conflict_note, meeting_card, move_params
from .changes import calendars_shown, cancelled, change_notice, moved
from .digests import clock_words, digest_set, hours_words
from .editing import Wanted, edited, overlapping
from .errors import error, internal_error
from .events import event_data, when_data
from .feeds import feed_known, feed_link, feed_sent
from .help import CommandHelp, HelpExtent, help_command, help_overview
from .importing import (
    SHOWN_AFTER,
    Remainder,
    import_question,
    imported,
    nothing_to_import,
    remainder_notes,
    undone_import,
)
from .invitations import MailText, invitation
from .mappings import (
    CalendarHere,
    CalendarSeen,
    CalendarsHere,
    MappingPlan,
    calendars_here,
    calendars_seen,
    connected,
    disconnected,
    mapped_by_file,
    mapping_question,
)
from .notices import cannot_read_hint, moved_here, not_encrypted_hint, ok, welcome, welcome_unmapped
from .own_data import forget_question, forgotten, own_data
from .own_settings import Source, language_of_room, language_of_sender, zone_of_room, zone_of_sender
from .poll_cards import (
    ListedPoll,
    poll_card,
    poll_list,
    poll_nudge,
    poll_option_label,
    poll_option_name,
    poll_over,
    poll_start_content,
    poll_text,
    until_changed,
)
from .poll_results import poll_end_content, poll_result, poll_unbooked
from .questions import question, question_answered
from .readings import as_when, unread_error, when_answer
from .reminders import Due, reminder, reminders
from .reminding import EventReminders, LeadsInForce, event_reminders, lead_words, leads_set
from .room_settings import room_settings, setting_changed
from .slots import Inquiry, busy_note, slots, slots_over
from .status import CalendarReport, Crypto, MailReport, OutgoingReport, StatusReport, problem_line, status
from .text import clean
from .times import day_text, duration_text, instant_text, when_text
from .undoing import undone_booking, undone_cancel, undone_edit, undone_move, undone_new

Note = Say
"""A remark below a card, a result or a notice: a catalog id below ``note.`` with its parameters."""

__all__ = [
    "SHOWN_AFTER",
    "AdminNews",
    "AdminNewsKind",
    "Ask",
    "CalendarHere",
    "CalendarReport",
    "CalendarSeen",
    "CalendarsHere",
    "Catalog",
    "CommandHelp",
    "Crypto",
    "Due",
    "EventReminders",
    "Headline",
    "HelpExtent",
    "Inquiry",
    "LeadsInForce",
    "ListedPoll",
    "MailReport",
    "MailText",
    "MappingPlan",
    "Note",
    "OutgoingReport",
    "Person",
    "Reader",
    "Remainder",
    "Say",
    "Source",
    "StatusReport",
    "Wanted",
    "admin_news",
    "agenda",
    "agenda_order",
    "answered",
    "as_when",
    "busy_note",
    "calendars_here",
    "calendars_seen",
    "calendars_shown",
    "cancelled",
    "cannot_read_hint",
    "change_notice",
    "clean",
    "clock_words",
    "conflict_note",
    "connected",
    "day_text",
    "digest_set",
    "disconnected",
    "duration_text",
    "edited",
    "error",
    "event_data",
    "event_reminders",
    "feed_known",
    "feed_link",
    "feed_sent",
    "forget_question",
    "forgotten",
    "help_command",
    "help_overview",
    "hours_words",
    "import_question",
    "imported",
    "instant_text",
    "internal_error",
    "invitation",
    "language_of_room",
    "language_of_sender",
    "lead_words",
    "leads_set",
    "mapped_by_file",
    "mapping_question",
    "meeting_card",
    "move_params",
    "moved",
    "moved_here",
    "next_meeting",
    "not_encrypted_hint",
    "nothing_to_import",
    "ok",
    "overlapping",
    "own_data",
    "poll_card",
    "poll_end_content",
    "poll_list",
    "poll_nudge",
    "poll_option_label",
    "poll_option_name",
    "poll_over",
    "poll_result",
    "poll_start_content",
    "poll_text",
    "poll_unbooked",
    "posted_agenda",
    "problem_line",
    "question",
    "question_answered",
    "remainder_notes",
    "reminder",
    "reminders",
    "room_settings",
    "scheduled",
    "setting_changed",
    "slots",
    "slots_over",
    "status",
    "undone_answer",
    "undone_booking",
    "undone_cancel",
    "undone_edit",
    "undone_import",
    "undone_move",
    "undone_new",
    "unread_error",
    "until_changed",
    "welcome",
    "welcome_unmapped",
    "when_answer",
    "when_data",
    "when_text",
    "zone_of_room",
    "zone_of_sender",
]
