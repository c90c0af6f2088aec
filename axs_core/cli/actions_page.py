"""The page docs/actions.md, made of the texts that help shows.

python -m axs_core.cli.actions_page > docs/actions.md
"""

from __future__ import annotations

from axs_core.base.settings import VARIABLES
from axs_core.cli.help import OF, USAGE, actions, options_in_full, shown

PARTS = (
    ("How it is typed", "axs_core.cli.pipeline"),
    ("What is printed", "axs_core.cli.format"),
    ("Exit codes", "axs_core.__main__"),
)


def reference() -> str:
    """The page docs/actions.md."""
    lines = [
        "# Actions",
        "",
        "A command line is a pipeline of actions, separated by a lone comma:",
        "",
        f"    {USAGE}",
        "",
        "<!-- Made by `python -m axs_core.cli.actions_page > docs/actions.md`; a test compares it. -->",
    ]
    for title, module in PARTS:
        lines += ["", f"## {title}", "", *_module_text(module)]
    lines += ["", "## Options before the first action", "", "| option | variable | meaning |", "|---|---|---|"]
    lines += [f"| `{typed}` | `{variable}` | {meaning} |" for typed, variable, meaning in options_in_full()]
    lines += ["", "## Settings", "", *_module_text("axs_core.base.settings"), ""]
    lines += ["| variable | meaning |", "|---|---|", *(f"| `{name}` | {VARIABLES[name]} |" for name in VARIABLES)]
    for target, where in OF.items():
        lines += ["", f"## Actions {where}"]
        for each in actions(target):
            lines += ["", f"### `{each.usage}`", "", shown(each)]
    return "\n".join(lines) + "\n"


def _module_text(module: str) -> list[str]:
    """The description in a module's docstring, without the remarks that are for its readers."""
    from importlib import import_module
    from inspect import cleandoc

    text = cleandoc(import_module(module).__doc__ or "")
    _, _, body = text.partition("\n\n")
    return body.removeprefix("::\n\n").partition("\n\nNothing here ")[0].splitlines()


if __name__ == "__main__":
    print(reference(), end="")
