"""What runs with calbot: its dependencies and theirs, as they are installed, and under which licences.

``python -m tests.dependencies`` prints what calbot asks for, one requirement a line, for an environment with nothing
else in it; `make sbom` and `make audit` look at that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What may be part of a whole under AGPL-3.0-or-later, by the identifiers of SPDX.
COMPATIBLE: Final = frozenset(
    {
        "AGPL-3.0-or-later",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "GPL-3.0-or-later",
        "ISC",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
    }
)
# What packages say that do not name their licence by its identifier (PEP 639): classifiers, or words of their own.
_OLDER_NAMES: Final[Mapping[str, str]] = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Public Domain": "MIT-0",  # pycryptodome's oldest files
    "Python Software Foundation License": "PSF-2.0",
}


def requirements() -> list[Requirement]:
    """What calbot itself asks for on this Python, extras aside."""
    return _asked_for(distribution("calbot"), frozenset())


def running() -> Mapping[str, Distribution]:
    """Every package that comes with calbot, by its normalized name."""
    found: dict[str, Distribution] = {}
    known: set[tuple[str, frozenset[str]]] = set()
    waiting = requirements()
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) not in known:
            known.add((name, extras))
            found[name] = distribution(name)
            waiting += _asked_for(found[name], extras)
    return found


def licence_of(package: Distribution) -> str:
    """An expression of SPDX, as far as the package's own metadata tell."""
    told = package.metadata
    if "License-Expression" in told:
        return str(told["License-Expression"])
    classifiers = [line for line in told.get_all("Classifier") or [] if line.startswith("License")]
    names = [line.rpartition(" :: ")[2] for line in classifiers]
    if not names:
        names = [str(told["License"]) if "License" in told else "not said"]
    return " AND ".join(_OLDER_NAMES.get(name, name) for name in names)


def is_compatible(licence: str) -> bool:
    """Whether one of the alternatives of an expression is. One with brackets or exceptions is for somebody to read."""
    return any(COMPATIBLE.issuperset(choice.split(" AND ")) for choice in licence.split(" OR "))


def _asked_for(package: Distribution, extras: frozenset[str]) -> list[Requirement]:
    wanted = [Requirement(line) for line in package.requires or ()]
    names = extras or {""}
    return [one for one in wanted if one.marker is None or any(one.marker.evaluate({"extra": name}) for name in names)]


if __name__ == "__main__":
    sys.stdout.writelines(f"{requirement}\n" for requirement in requirements())
