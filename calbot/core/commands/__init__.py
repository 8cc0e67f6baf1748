"""From a message to a command: the text with people at their places, whether the bot is addressed, what is asked of it.

typed = read_text(event.content)
said = addressed(typed, prefix="!meet", bot=bot, bot_name=name, direct=False)
command = None if said is None else parse(said, ParseContext(now, ("de", "en")))
"""

from __future__ import annotations

from .addressing import addressed
from .context import ParseContext
from .finding import USUAL, poll_over
from .message import read_text, reply_target, thread_root
from .model import (
    Answer,
    Book,
    ByNumber,
    ByReply,
    Cancel,
    Close,
    Command,
    CommandId,
    Digest,
    Event,
    Find,
    Help,
    Last,
    List,
    Misunderstood,
    Move,
    New,
    Next,
    Off,
    Poll,
    Polls,
    Proposal,
    Ref,
    Remind,
    Scope,
    Show,
    Status,
    Sync,
    Undo,
    Until,
    Vote,
    When,
)
from .parser import parse
from .proposals import check_settled
from .tokens import Typed
from .vocabulary import ENTRIES, Entry, entry_of

__all__ = [
    "ENTRIES",
    "USUAL",
    "Answer",
    "Book",
    "ByNumber",
    "ByReply",
    "Cancel",
    "Close",
    "Command",
    "CommandId",
    "Digest",
    "Entry",
    "Event",
    "Find",
    "Help",
    "Last",
    "List",
    "Misunderstood",
    "Move",
    "New",
    "Next",
    "Off",
    "ParseContext",
    "Poll",
    "Polls",
    "Proposal",
    "Ref",
    "Remind",
    "Scope",
    "Show",
    "Status",
    "Sync",
    "Typed",
    "Undo",
    "Until",
    "Vote",
    "When",
    "addressed",
    "check_settled",
    "entry_of",
    "parse",
    "poll_over",
    "read_text",
    "reply_target",
    "thread_root",
]
