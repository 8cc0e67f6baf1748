"""Join links: which are found, and which are not taken for one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from calbot.core.ical.reading import read_object
from calbot.core.links import is_safe, join_link, links_in
from calbot.core.model import CalendarName, Href

TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%22y%22%7d"

# As Outlook passes links on.
WRAPPED = (
    "https://deu01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19"
    "%253ameeting&data=05%7C02%7C&sdata=x&reserved=0"
)


@pytest.mark.parametrize(
    "link",
    [
        TEAMS,
        "https://teams.live.com/meet/9312345678?p=abc",
        "https://stadt.webex.com/meet/anna.huber",
        "https://stadt.webex.com/stadt-de/j.php?MTID=m1234",
        "https://stadt.webex.com/wbxmjs/joinservice/sites/stadt/meeting/download/123",
        "https://us02web.zoom.us/j/123456789?pwd=abc",
        "https://meet.jit.si/StadtratSitzung",
        "https://jitsi.example.org/abc-def",
        "https://meet.example.org/k3j4h5",
        "https://bbb.example.org/b/ann-xyz-123",
        "https://bbb.example.org/rooms/ann-xyz-123-abc/join",
        "https://call.element.io/room/#/team?password=x",
        "https://element.example.org/room/#/Jour-fixe?roomId=!a:example.org&password=x&viaServers=example.org",
        "https://chat.example.org/room?intent=join#roomId=!a:example.org",
        "https://gov.teams.microsoft.us/l/meetup-join/19%3ameeting_x%40thread.v2/0",
        "https://teams.microsoft.com/dl/launcher/launcher.html?url=%2f_%23%2fl%2fmeetup-join%2f19",
        "https://www.zoomgov.com/j/1601234567?pwd=abc",
        "https://stadt.zoom-x.de/j/61234567890",
        "https://zoom.us/wc/join/123456789",
        "https://meet.goto.com/123456789",
        "https://global.gotomeeting.com/join/123456789",
        "https://app.opentalk.eu/room/1b2c3d4e-0000-4000-8000-1234567890ab",
        "https://konferenz.example.org/invite/1b2c3d4e-0000-4000-8000-1234567890ab?ref=x",
        "https://cloud.example.org/call/k3j4h5abc",
        "https://cloud.example.org/index.php/call/k3j4h5abc#/chat",
        WRAPPED,
    ],
)
def test_known_products_are_found_in_place_and_text(link: str) -> None:
    assert join_link(conferences=[], url="", location=f"Raum 4 / {link}", description="") == link
    text = f"Unterlagen: https://intranet.example.org/akte/17\nTeilnehmen: <{link}> (auch per Telefon)."
    assert join_link(conferences=[], url="", location="", description=text) == link


def test_what_is_given_as_conference_comes_first_and_the_url_last() -> None:
    page, ours = "https://www.example.org/event/1", "https://video.example.org/1"
    assert join_link(conferences=["tel:+49891234", ours], url=TEAMS, location=TEAMS, description="") == ours
    assert join_link(conferences=[], url=page, location="", description=f"Join: {TEAMS}") == TEAMS
    assert join_link(conferences=[], url=page, location="", description="nothing") == page


@pytest.mark.parametrize(
    "link",
    [
        "http://meet.jit.si/room",
        "javascript:alert(1)",
        "https://anna@meet.jit.si/room",
        "https://meet.jit.si:x/room",
        "https://meet.jit.si/ro om",
        "https://meet.jit.si/ro\u202eom",
        "https://mеet.jit.si/room",  # a Cyrillic letter
        "https:///room",
        "https://meet.jit.si/" + "x" * 3000,
        'https://meet.jit.si/"onclick',
        "ftp://meet.jit.si/room",
        "",
    ],
)
def test_what_is_no_plain_https_link_is_not_taken(link: str) -> None:
    assert not is_safe(link)
    assert join_link(conferences=[link], url=link, location="", description="") == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://www.meetup.com/group/1",
        "https://intranet.example.org/b/akte",
        "https://webex.com.evil.example/meet/a",
        "meet.jit.si/room",
    ],
)
def test_other_links_in_texts_are_no_join_links(text: str) -> None:
    assert join_link(conferences=[], url="", location=text, description=text) == ""


def test_punctuation_around_a_link_is_not_part_of_it() -> None:
    assert links_in("(https://a.example/x), https://b.example/y_(z). [https://c.example/]!") == [
        "https://a.example/x",
        "https://b.example/y_(z)",
        "https://c.example/",
    ]


@pytest.mark.parametrize(
    "link",
    [
        "https://www.example.org/rooms/overview",
        "https://www.example.org/room/4.12",
        "https://www.example.org/call/for-papers/2026",
        "https://intranet.example.org/akte/1b2c3d4e-0000-4000-8000-1234567890ab",
        "https://nam.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.example.org%2Fagenda.pdf",
        "https://nam.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)",
        "https://nam.safelinks.protection.outlook.com/",
        "https://safelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Fzoom.us%2Fj%2F1",
    ],
)
def test_other_links_in_a_text_are_not_taken_for_one(link: str) -> None:
    assert join_link(conferences=[], url="", location="", description=f"Siehe {link}") == ""


@pytest.mark.parametrize(
    "name",
    [
        "CONFERENCE;VALUE=URI",
        "X-GOOGLE-CONFERENCE",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL",
        "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
        "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    ],
)
def test_properties_of_all_makers_are_read(name: str) -> None:
    event = ["BEGIN:VEVENT", "UID:u", "DTSTART:20261125T090000Z", f"{name}:https://video.example.org/1", "END:VEVENT"]
    data = "\r\n".join(["BEGIN:VCALENDAR", *event, "END:VCALENDAR", ""])
    zone = ZoneInfo("Europe/Berlin")
    parsed = read_object(data, calendar=CalendarName(""), href=Href(""), hidden=False, zone=zone)
    assert parsed.events[0].details.link == "https://video.example.org/1"
