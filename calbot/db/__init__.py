"""The stores on maubot's database: SQLite by aiosqlite or PostgreSQL by asyncpg, one schema and one SQL for both.

Instants are BIGINT milliseconds since 1970 UTC, structured values are JSON in TEXT, and an absent recurrence id is an
empty text, so that it can be part of a key.
"""
