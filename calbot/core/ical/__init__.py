"""iCalendar: texts of calendar objects to and from the values of the model. Nobody else sees a content line."""

from __future__ import annotations

from .attendees import answered
from .building import EventDraft, build_event
from .editing import Changes, cancelled_occurrence, edited, has_occurrence, moved, time_of
from .reading import ParsedObject, details_of, read_object, uid_of
from .recurrence import Expanded, expand, order_of, overlaps, read_and_expand
from .redaction import redacted
from .versions import is_same_revision, is_same_version

__all__ = [
    "Changes",
    "EventDraft",
    "Expanded",
    "ParsedObject",
    "answered",
    "build_event",
    "cancelled_occurrence",
    "details_of",
    "edited",
    "expand",
    "has_occurrence",
    "is_same_revision",
    "is_same_version",
    "moved",
    "order_of",
    "overlaps",
    "read_and_expand",
    "read_object",
    "redacted",
    "time_of",
    "uid_of",
]
