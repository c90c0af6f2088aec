"""What is asked of a model with random weights and must not be answered."""

from __future__ import annotations

from typing import NoReturn

from axs_core.sdk import Refused


def reference_accuracy(accuracy_refusal: str) -> NoReturn:
    """Raise :class:`~axs_core.sdk.Refused`: random weights have no accuracy."""
    raise Refused(accuracy_refusal, hint="leave out weights=random to use the trained network")
