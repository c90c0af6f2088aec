"""What tests of faults begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.faults.world import World
from support.http_server import Server


@pytest.fixture
def world(tmp_path: Path, http_server: Server) -> Iterator[World]:
    """A place with recipes of every kind and real processes; whatever still runs of it ends with the test."""
    made = World(tmp_path, http_server)
    made.build()
    yield made
    made.end_all()
