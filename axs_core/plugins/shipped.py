"""The producers that come with axs. Their code is imported when one of them is used; to find what is there, it is not.

Beside them stand the two ways in which an entry comes in as a whole; they are no producers, and have traits alike.
"""

from __future__ import annotations

from pathlib import Path

from axs_core.plugins.traits import Traits

_SCHEMAS = Path(__file__).parents[1] / "producers" / "schemas"
BROUGHT_BY = "unbundle"
"""What made an entry that is a bundle: what its maker wrote may be in it, as a collection."""
IMPORTED_BY = "unzip"
"""What made a collection that came in as an archive. Its entries are asked last."""

PLACES = {
    "fetch": "axs_core.producers.fetch.producer:Fetch",
    "extract": "axs_core.producers.archives.producer:Extract",
    "git": "axs_core.producers.git.producer:Git",
    "python_env": "axs_core.producers.python_env.producer:PythonEnv",
    "detect": "axs_core.producers.detect:Detect",
    "program": "axs_core.producers.program:Program",
    "python": "axs_core.producers.python:Python",
}
"""Where the code of each is: module and class, as entry points of packages say it."""

TRAITS = {
    "fetch": Traits(_SCHEMAS / "fetch.json", fetches=True, brings="files"),
    "extract": Traits(_SCHEMAS / "extract.json", brings="files"),
    "git": Traits(_SCHEMAS / "git.json", fetches=True, brings="git"),
    "python_env": Traits(_SCHEMAS / "python_env.json", fetches=True, bound=True, checked=True),
    "detect": Traits(_SCHEMAS / "detect.json", bound=True, checked=True, may_not_apply=True),
    "program": Traits(_SCHEMAS / "program.json", runs="program"),
    "python": Traits(_SCHEMAS / "python.json", runs="function"),
    IMPORTED_BY: Traits(brings="files"),
    BROUGHT_BY: Traits(brings="files", bound=True),
}
