"""Keeps the secrets of feeds out of the access log.

maubot logs the path of every request, to aiohttp's logger, before or after anything that a plugin could do about it.
A filter on that logger is asked first, whatever handlers it has. It stays when the instance is stopped: subscribers go
on asking while it is, and maubot goes on logging.
"""

from __future__ import annotations

import logging
import re
from typing import Final

_LOGGER: Final = "aiohttp.access"
_PATH = re.compile(r"(/feed/)[^\s\"'?]+", re.IGNORECASE)
_MASK: Final = r"\1***"
_NAME: Final = "calbot feeds"


def mask_feeds() -> None:
    """From now on, what follows ``/feed/`` is masked; in the place of what an earlier start, or another instance, set
    up for that."""
    logger = logging.getLogger(_LOGGER)
    for filter in [one for one in logger.filters if isinstance(one, logging.Filter) and one.name == _NAME]:
        logger.removeFilter(filter)
    logger.addFilter(_Masking(_NAME))


class _Masking(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        masked = _PATH.sub(_MASK, said)
        if masked != said:
            record.msg, record.args = masked, ()
        line = record.__dict__.get("first_request_line")  # aiohttp's own format puts it beside the message
        if isinstance(line, str):
            record.__dict__["first_request_line"] = _PATH.sub(_MASK, line)
        return True
