"""Whether a normalisation can be meant for pixels of 0 to 255."""

from __future__ import annotations

from typing import Any

from axs_core.sdk import UsageError


def refuse_other_units(mean: Any, std: Any, scale: float | None) -> None:
    """UsageError for a mean or standard deviation that is none, and, where ``scale`` was not said, for what fits pixels
    of 0 to 1 only, as model cards have it. ``mean=0,std=1`` (the pixels as they are) fits both.
    """
    said = {name: _numbers(name, value) for name, value in (("mean", mean), ("std", std)) if value is not None}
    means, stds = said.get("mean", []), said.get("std", [])
    if not all(stds):
        raise UsageError(f"{_typed('std', stds)}: nothing can be divided by 0", hint="leave std out")
    if scale is not None:
        return
    if any(number > 1 for number in means):
        if any(0 < number < 1 for number in stds):
            divided = _typed("std", [1 / number for number in stds])
            raise UsageError(
                f"{_typed('std', stds)} is what is divided by: pixels would become larger than they are",
                hint=f"say {divided} if they are to be multiplied by it; or scale=1 if it is meant so",
            )
    elif any(0 < number < 1 for number in (*means, *stds)):
        typed = ",".join(_typed(name, numbers) for name, numbers in said.items())
        times = ",".join(_typed(name, [255 * number for number in numbers]) for name, numbers in said.items())
        raise UsageError(
            f"{typed} fits pixels of 0 to 1; here they are 0 to 255",
            hint=f"say {typed},scale=255, or the same as {times}; or scale=1 if it is meant so",
        )


def _numbers(name: str, value: Any) -> list[float]:
    values = value if isinstance(value, list | tuple) else [value]
    if not values or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        raise UsageError(f"{name} must be a number, or one a channel: {value!r}", hint=f"{name}:=R:G:B")
    return [float(each) for each in values]


def _typed(name: str, numbers: list[float]) -> str:
    """As it is typed in a query."""
    words = [f"{number:.6g}" for number in numbers]
    return f"{name}={words[0]}" if len(words) == 1 else f"{name}:={':'.join(words)}"
