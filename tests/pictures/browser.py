"""Takes pictures of pages with a Chromium that is installed, over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = "chromium fonts-inter fonts-noto-color-emoji"
_PATIENCE = 30  # seconds
_ADDRESS = re.compile(rb"DevTools listening on (ws://\S+)")
_SHARP = 2  # pixels of the picture for one of the page, as phones have them


@dataclass(slots=True)
class Browser:
    """A page of a running browser. Nothing it shows is fetched from anywhere."""

    _socket: aiohttp.ClientWebSocketResponse[bool]
    _session: str = ""
    _calls: int = 0

    async def picture(self, html: str, *, width: int, dark: bool) -> bytes:
        """The whole page as PNG, as wide as told and as high as it needs."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._call("Emulation.setEmulatedMedia", features=[scheme])
        await self._sized(width, 100)
        frame = (await self._call("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        await self._call("Page.setDocumentContent", frameId=frame, html=html)
        script = "document.fonts.ready.then(() => Math.ceil(document.body.getBoundingClientRect().height))"
        measured = await self._call("Runtime.evaluate", expression=script, awaitPromise=True)
        await self._sized(width, measured["result"]["value"])
        return base64.b64decode((await self._call("Page.captureScreenshot", format="png"))["data"])

    async def attach(self) -> None:
        """Open a page, which the calls that follow are about."""
        target = (await self._call("Target.createTarget", url="about:blank"))["targetId"]
        self._session = (await self._call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]

    async def _sized(self, width: int, height: int) -> None:
        await self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=_SHARP, mobile=False
        )

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._calls += 1
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": self._calls, "method": method, "params": params, **session})
        while True:
            answer = await asyncio.wait_for(self._socket.receive_json(), _PATIENCE)
            if answer.get("id") == self._calls:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result


def installed() -> str | None:
    """Where a browser is."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def running(path: str) -> AsyncIterator[Browser]:
    """The browser at `path`, with a profile of its own, until it is no longer needed."""
    with tempfile.TemporaryDirectory() as profile:
        process = await asyncio.create_subprocess_exec(
            path,
            "--headless",
            "--no-sandbox",  # it only shows pages of our own, and containers have none
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "about:blank",
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            address = await asyncio.wait_for(_address(process), _PATIENCE)
            limit = 64 * 1024 * 1024
            async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=limit) as socket:
                browser = Browser(socket)
                await browser.attach()
                yield browser
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        if found := _ADDRESS.match(line):
            return found[1].decode()
    raise RuntimeError("the browser does not start")
