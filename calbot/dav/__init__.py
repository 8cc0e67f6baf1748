"""The calendar servers, behind the port `CalendarGateway`."""

from __future__ import annotations
