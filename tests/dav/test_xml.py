"""XML from servers that mean no good, or have fallen among those that do not."""

from __future__ import annotations

import time

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from calbot.core.model import AccountName, CalendarName
from calbot.core.settings import Account, Calendar, Secret
from calbot.dav import xml
from calbot.dav.accounts import AccountClient, Answer
from calbot.dav.errors import TooLarge
from calbot.dav.place import Place
from calbot.errors import CalendarUnavailable

HEAD = '<?xml version="1.0"?>'
BOMB = (
    HEAD
    + "<!DOCTYPE x ["
    + '<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
    + ']><d:multistatus xmlns:d="DAV:"><d:response><d:href>&m;</d:href></d:response></d:multistatus>'
)
SMALL = '<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href></d:response></d:multistatus>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        BOMB.replace("<d:href>&m;</d:href>", '<d:href x="&m;"/>'),
        f'{HEAD}<!DOCTYPE x SYSTEM "file:///etc/passwd">{SMALL}',
        f'{HEAD}<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">{SMALL}',
        f'{HEAD}<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{SMALL.replace("/a", "&a;")}',
        f'{HEAD}<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/"> %a;]>{SMALL}',
        f"{HEAD}<!DOCTYPE multistatus>{SMALL}",
        f"{HEAD}{'<a>' * 100_000}{'</a>' * 100_000}",
        f'{HEAD}<d:multistatus xmlns:d="DAV:">{"<d:response>" * 5_000}',
        SMALL[:-5],
        SMALL[:40],
        "<",
        "",
        "\ufeff",
        "BEGIN:VCALENDAR",
    ],
)
def test_what_grows_fetches_or_breaks_off_is_refused(body: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        began = time.process_time()
        with pytest.raises(CalendarUnavailable) as refused:
            xml.read_multistatus(body.encode(encoding))
        assert refused.value.reason == "calendar_nonsense"
        assert time.process_time() - began < 1
        assert xml.error_conditions(body.encode(encoding)) == frozenset()


def test_more_elements_than_can_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "_MOST_TAGS", 1_000)
    body = f'<d:multistatus xmlns:d="DAV:">{"<a/>" * 998}</d:multistatus>'
    assert xml.read_multistatus(body.encode()).resources == ()
    with pytest.raises(TooLarge):
        xml.read_multistatus(body.replace("</d:m", "<a/></d:m").encode())


@pytest.mark.parametrize(
    "status",
    ["", "HTTP/1.1", "HTTP/1.1 OK", "200", "HTTP/1.1 ²00 OK", "HTTP/1.1 99999999999999999999 X", "HTTP/1.1 -1 X"],
)
def test_a_status_that_is_none(status: str) -> None:
    body = (
        '<d:multistatus xmlns:d="DAV:"><d:response><d:href>/a</d:href><d:propstat><d:prop><d:getetag>1</d:getetag>'
        f"</d:prop><d:status>{status}</d:status></d:propstat><d:status>{status}</d:status></d:response></d:multistatus>"
    )
    (resource,) = xml.read_multistatus(body.encode()).resources
    assert xml.GETETAG not in resource.texts


def test_names_of_elements_are_data() -> None:
    """Comments and processing instructions among them have none."""
    body = (
        '<d:multistatus xmlns:d="DAV:"><!-- x --><?x y?><d:response><d:href> /a </d:href><d:propstat><d:prop><!-- x -->'
        "<d:resourcetype><!-- x --><?x y?><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status>"
        "</d:propstat></d:response></d:multistatus>"
    )
    (resource,) = xml.read_multistatus(body.encode()).resources
    assert resource.href == "/a"
    assert resource.inside[xml.RESOURCETYPE] == {"{DAV:}collection"}


@pytest.mark.parametrize("status", ["HTTP/1.1 " + "9" * 5_000, "HTTP/1.1 x", "HTTP/1.1", ""])
def test_a_status_that_is_none_is_no_success(status: str) -> None:
    prop = f"<d:propstat><d:prop><d:getetag>e</d:getetag></d:prop><d:status>{status}</d:status></d:propstat>"
    body = SMALL.replace("</d:response>", f"{prop}</d:response>")
    (resource,) = xml.read_multistatus(body.encode()).resources
    assert resource.texts == {}


@pytest.mark.parametrize("href", ["http://[", "//[/c/a.ics", "http://[::1/c/a.ics", "http://other.example/c/a.ics"])
async def test_an_href_that_is_no_url_is_nothing_of_ours(href: str) -> None:
    account = Account(AccountName("city"), "http://caldav.example/", "svc", Secret("secret"))
    calendar = Calendar(CalendarName("team"), account.name, "http://caldav.example/c/")
    place = Place(calendar, AccountClient(account))
    mine = SMALL.replace("/a", "/c/mine.ics")
    body = mine.replace("<d:response>", f"<d:response><d:href>{href}</d:href></d:response><d:response>", 1)
    found = await place.members(Answer(207, CIMultiDictProxy(CIMultiDict()), body.encode()))
    assert [path for path, _ in found.members] == ["/c/mine.ics"]
    assert place.named(href) is None
