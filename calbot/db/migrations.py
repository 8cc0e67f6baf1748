"""The schema, in numbered steps. mautrix runs those that a database does not have yet, each in a transaction.

A step that installations have is never edited. No table is called mx_*, crypto_*, standalone_* or version: in maubot's
standalone mode those lie beside ours.
"""

from __future__ import annotations

from typing import Final

from mautrix.util.async_db import UpgradeTable

from .schema import v1, v2

upgrade_table: Final = UpgradeTable()

upgrade_table.register(v1.upgrade, description="Calendars, inbox, references, questions, reminders, polls")
upgrade_table.register(v2.upgrade, description="Answers, mails, edits of commands, language and zone")
