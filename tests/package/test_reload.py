"""Other builds of the package take its place: the file replaced and reloaded, or uploaded as an admin does."""

from __future__ import annotations

from .builds import VERSION, build
from .conftest import Play


async def test_a_build_takes_the_place_of_another(play: Play) -> None:
    """A file replaced in place moves the modules in the archive: "bad local file header", if places were remembered."""
    in_place = build("0.9.1", replace={"calbot/locales/de.po": ("Keine Termine:", "Nichts los:")})
    uploaded = build("0.9.2", replace={"calbot/locales/de.po": ("Keine Termine:", "Alles frei:")})
    broken = build("0.9.3", replace={"calbot/plugin.py": ("from __future__", "form __future__")})
    report = await play("reload", in_place, uploaded, broken)

    seen = {
        name: (part["version"], part["answers"][0].partition(":")[0])
        for name, part in report.items()
        if "version" in part
    }
    assert seen == {
        "first": (VERSION, "Keine Termine"),
        "in_place": ("0.9.1", "Nichts los"),
        "uploaded": ("0.9.2", "Alles frei"),
        "same_version": ("0.9.2", "Alles frei"),
        # maubot goes back to the build before if a new one cannot be loaded.
        "rolled_back": ("0.9.2", "Alles frei"),
    }
    for name, part in report.items():
        if name in seen:
            # The other instance runs the same build.
            assert part["answers"][1] == part["answers"][0], name
            # Nothing is left of the build before.
            assert all(f"/{part['file']}/calbot/" in module for module in part["modules"]), name
    assert report["in_place"]["file"] == report["first"]["file"]
    assert report["uploaded"]["file"].endswith("-v0.9.2.mbp")
    assert "-v0.9.2-ts" in report["same_version"]["file"]
    assert [report[name]["status"] for name in ("uploaded", "same_version", "rolled_back")] == [200, 200, 400]
    assert report["left"] == {}
    assert report["unraisable"] == []
