"""calbot joins Matrix rooms and an organisation's CalDAV calendars."""
