"""The lock file of an entry: the archives of the Python packages that it was made with."""

from __future__ import annotations

from axs_core.base.errors import NotFound, UsageError
from axs_core.entry import Entry, Record
from axs_core.producers.python_env.lock import lock_text


def lock_of(entry: Entry, need: str | None = None) -> str:
    """The text of a ``pylock.toml`` for an environment, or for that of an entry's need.

    Raises UsageError where there is no or more than one such need, NotFound that names the packages whose archives are
    not known.
    """
    if entry.values.get("frozen") is not None:
        return lock_text(entry.values.get("archives", ()), entry.values["frozen"], str(entry.values["python_version"]))
    record = Record.read(entry.path)
    environments = record.packages
    if not environments:
        raise UsageError(f"{entry.name} was not made with packages in a Python environment")
    if need is None and len(environments) > 1:
        needs = ", ".join(environments)
        raise UsageError(
            f"{entry.name} was made with several environments: {needs}", hint=f"--need={next(iter(environments))}"
        )
    chosen = need or next(iter(environments))
    if chosen not in environments:
        raise NotFound(f"{entry.name} has no environment {chosen!r}, but {', '.join(environments)}")
    if record.python is None:
        raise UsageError(f"the record of {entry.name} does not say which Python it was made with")
    return lock_text(record.archives.get(chosen, ()), environments[chosen], record.python)
