"""Wheels for environments that are to be made without an index: all that an installation needs, built where a package
has no wheel.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from axs_core.base.errors import NotFound, ProduceError, ProgramFailed
from axs_core.base.reporter import Reporter
from axs_core.process import run
from axs_core.producers.bundled import minor_of
from axs_core.producers.python_env import interpreter as interpreters
from axs_core.producers.python_env.installer import Installer, environment_for
from axs_core.producers.talk import hint_for, reasons, shortened, size_of, talk_since

DISTRIBUTION = "axs"
_SECONDS = 6 * 3600.0  # what has only a source archive may be built for hours
_VENV_SECONDS = 600.0


@dataclass
class Wheelhouse:
    """Fills the folder ``wheels`` below ``root``; ``environments`` says which of them belong together, and what for.

    ``environ`` is what pip inherits. One file stands for all that have its name: what is built here twice need not
    have the same bytes.
    """

    root: Path
    wheels: Path
    environ: Mapping[str, str]
    reporter: Reporter
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    _pips: dict[str, Path] = field(default_factory=dict)

    def add(
        self,
        base: str,
        lines: Sequence[str],
        options: Sequence[str] = (),
        *,
        versions: Mapping[str, str] | None = None,
        index_options: Sequence[str] = (),
    ) -> None:
        """The wheels of an environment of the interpreter ``base``: of these ``versions`` where they can be had."""
        this = interpreters.ask(base, self.environ)
        key = json.dumps([sorted(lines), minor_of(this.version), this.platform])
        if key in self.environments or not lines:
            return
        names = self._exact(base, lines, options, versions, index_options)
        about = {"lines": list(lines), "python": minor_of(this.version), "platform": this.platform}
        self.environments[key] = {**about, "wheels": names}

    def _exact(
        self,
        base: str,
        lines: Sequence[str],
        options: Sequence[str],
        versions: Mapping[str, str] | None,
        index_options: Sequence[str],
    ) -> list[str]:
        if not versions or options:
            return self.collect(base, lines, self.wheels, options, index_options=index_options)
        constraints = self.root / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
        try:
            return self.collect(
                base, lines, self.wheels, ["--constraint", str(constraints)], index_options=index_options
            )
        except ProgramFailed as error:
            if error.returncode is None or error.returncode < 0:
                raise
            self.reporter.note(
                f"not all of the installed versions can be had as wheels; the newest that fit: {lines[0]}"
            )
            return self.collect(base, lines, self.wheels, (), index_options=index_options)

    def collect(
        self,
        base: str,
        lines: Sequence[str],
        to: Path,
        options: Sequence[str] = (),
        *,
        index_options: Sequence[str] = (),
    ) -> list[str]:
        """Have pip gather the wheels for these lines in the folder ``to``; their names. Raises ProgramFailed with pip's
        reasons.
        """
        fresh = Path(tempfile.mkdtemp(dir=self.root))
        requirements, log = fresh / "requirements.txt", self.root / "log.txt"
        requirements.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        argv = [
            str(self._pip(base)),
            "-m",
            "pip",
            "wheel",
            "--wheel-dir",
            str(fresh),
            *options,
            "-r",
            str(requirements),
        ]
        environ, begin, what = (
            environment_for(Installer("pip"), self.environ, index_options),
            size_of(log),
            shortened(lines),
        )
        self.reporter.step(f"collecting wheels for {what}")
        try:
            run(
                argv,
                cwd=fresh,
                log=log,
                env=environ,
                timeout=_SECONDS,
                reporter=self.reporter,
                name=f"collecting wheels for {what}",
            )
        except ProgramFailed as error:
            talk = talk_since(log, begin)
            why = "\n".join(f"    {line}" for line in reasons(talk) or error.tail)
            message = f"pip could not collect the wheels for {what}\n{why}"
            raise ProgramFailed(
                message, argv=argv, returncode=error.returncode, hint=hint_for(talk, offline=False)
            ) from None
        to.mkdir(exist_ok=True)
        names = sorted(file.name for file in fresh.glob("*.whl"))
        for name in names:
            if not (to / name).exists():
                (fresh / name).rename(to / name)
        shutil.rmtree(fresh)
        return names

    def _pip(self, base: str) -> Path:
        """An interpreter with a pip of its own: neither every Python nor every environment has one."""
        if base not in self._pips:
            place = self.root / f"pip{len(self._pips)}"
            run(
                [base, "-m", "venv", str(place)],
                cwd=self.root,
                log=self.root / "log.txt",
                timeout=_VENV_SECONDS,
                env=interpreters.clean_environ(self.environ),
                reporter=self.reporter,
                name="python -m venv",
            )
            self._pips[base] = interpreters.own_interpreter(place)
        return self._pips[base]

    def add_axs(self, to: Path, others: Sequence[str]) -> None:
        """Wheels of axs itself and of what it depends on, in the folder ``to``: as it is installed here, or of its
        source where it runs from one. ``others`` are further interpreters that it is meant for.
        """
        source = _source()
        if source is None:
            from axs_core.exchange.bundle.repack import repack

            to.mkdir(exist_ok=True)
            source = repack(metadata.distribution(DISTRIBUTION), to)
        for base in (sys.executable, *others):
            self.collect(base, [f"{DISTRIBUTION} @ {source.as_uri()}"], to)


def _source() -> Path | None:
    """The folder with the source of the running axs; None where it was installed from a wheel."""
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / "pyproject.toml").is_file() else None


def other_pythons(wanted: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """Interpreters of these versions on this machine. Raises NotFound for one that is not here: only an interpreter
    knows for sure which packages it needs.
    """
    found = []
    for version in wanted:
        try:
            found.append(interpreters.find(version, environ).executable)
        except (NotFound, ProduceError) as error:
            error.hint = "wheels are collected by the Python that they are for: install it here too, or leave it out"
            raise
    return found
