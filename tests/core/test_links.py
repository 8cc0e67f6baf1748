"""Join links: which are found, and which are not taken for one."""

from __future__ import annotations

import pytest

from calbot.core.links import is_safe, join_link, links_in

TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%22Tid%22%3a%22y%22%7d"


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
