"""The only casts around maubot and mautrix, whose own annotations are wider or narrower than what happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mautrix.client import Client, SyncStream
from mautrix.types import JSON, EncryptedEvent, EventContent, EventType, FilterID, ToDeviceEvent


def encrypted_event(raw: Mapping[str, Any]) -> EncryptedEvent:
    """Raises SerializerError, or what mautrix lets through of wrong types: TypeError, AttributeError, ValueError."""
    return EncryptedEvent.deserialize(cast("JSON", dict(raw)))


def to_device_event(raw: Mapping[str, Any]) -> ToDeviceEvent:
    """As mautrix's own sync hands it on, with where it came from."""
    event = ToDeviceEvent.deserialize(cast("JSON", dict(raw)))
    event.type = event.type.with_class(EventType.Class.TO_DEVICE)
    cast("Any", event).source = SyncStream.TO_DEVICE
    return event


def event_content(content: Mapping[str, Any]) -> EventContent:
    """Contents are sent as they are; mautrix's classes would add and drop fields."""
    return cast("EventContent", content)


def syncs_by_itself(client: Client) -> bool | None:
    """Whether a maubot server keeps this client's sync running; None in standalone mode, where no server does.

    In a maubot server its own database row of the client is the sync store, and has the switch of the admin's page.
    """
    switch: object = getattr(client.sync_store, "sync", None)
    return switch if isinstance(switch, bool) else None


def joins_by_itself(client: Client) -> bool | None:
    """Whether a maubot server accepts invitations for this client; None in standalone mode, which does not tell."""
    switch: object = getattr(client.sync_store, "autojoin", None)
    return switch if isinstance(switch, bool) else None


def stored_filter(client: Client) -> FilterID | None:
    """The filter that maubot made for this client's sync."""
    stored: object = getattr(client.sync_store, "filter_id", None)
    return FilterID(stored) if isinstance(stored, str) and stored else None
