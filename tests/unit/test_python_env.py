"""python_env without an index: requirements, the calling interpreter, checks, and an installer that only pretends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from axs_core.base.errors import NotFound, ProduceError, ProgramFailed, UsageError
from axs_core.base.reporter import Reporter
from axs_core.producers.base import Job
from axs_core.producers.python_env import interpreter as interpreters
from axs_core.producers.python_env.installer import Installer, choose, environment_for
from axs_core.producers.python_env.producer import PythonEnv
from axs_core.producers.python_env.requirements import look, own_paths, parse_requirements, refuse_credentials
from axs_core.producers.talk import hint_for, reasons, shortened

PATH = {"PATH": os.environ["PATH"]}
VERSION = ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Makes a job for the producer in an empty folder."""
    folder = tmp_path / "entry"
    folder.mkdir()

    def make(environ: Mapping[str, str] | None = None, **spec: Any) -> Job:
        log = folder / "log.txt"
        return Job(spec, folder, log, Reporter(), tmp_path / "recipe", environ=PATH | dict(environ or {}))

    return make


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., str]:
    """Installs packages by name, as far as metadata goes; returns their folder."""

    def install(*packages: tuple[str, str, Sequence[str]]) -> str:
        for name, version, requires in packages:
            folder = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
            folder.mkdir(parents=True)
            lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
            lines += [f"Requires-Dist: {text}" for text in requires]
            (folder / "METADATA").write_text("\n".join(lines) + "\n")
        return str(tmp_path / "site")

    return install


@pytest.fixture
def fake_uv(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """A program called uv, as a shell script; returns an environment that has it on PATH."""

    def make(script: str) -> dict[str, str]:
        program = tmp_path / "tools" / "uv"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo uv 0.9.1; exit; fi\n{script}\n')
        program.chmod(0o755)
        return {"PATH": f"{program.parent}:{os.environ['PATH']}", "AXS_INSTALLER": "uv"}

    return make


INSTALL_TOY = """site=$(echo venv/lib/python*/site-packages); mkdir $site/Toy_Pkg-1.5.dist-info
printf 'Metadata-Version: 2.1\\nName: Toy_Pkg\\nVersion: 1.5\\n' > $site/Toy_Pkg-1.5.dist-info/METADATA"""


class TestRequirements:
    def test_order_is_kept_and_repetitions_go(self) -> None:
        parsed = parse_requirements(["numpy == 2.2.6", None, " ", "torch[opt]>=2", "numpy==2.2.6"])
        assert [str(each) for each in parsed] == ["numpy==2.2.6", "torch[opt]>=2"]

    def test_a_single_text_and_nothing(self) -> None:
        assert [str(each) for each in parse_requirements("six")] == ["six"]
        assert parse_requirements(None) == []

    @pytest.mark.parametrize("text", ["nump y", "numpy==", "-r other.txt", "--pre", "numpy=2.2.6"])
    def test_the_wrong_one_is_named(self, text: str) -> None:
        with pytest.raises(InvalidRequirement) as reason:
            Requirement(text)
        with pytest.raises(UsageError) as error:
            parse_requirements(["six", text])
        assert str(error.value) == f"{text!r} is not a Python requirement: {str(reason.value).splitlines()[0]}"
        assert error.value.hint is not None and "numpy==2.2.6" in error.value.hint

    @pytest.mark.parametrize("url", ["https://me:secret@host/a.whl", "https://token@host/a.whl"])
    def test_credentials_are_refused_and_not_repeated(self, url: str) -> None:
        with pytest.raises(UsageError) as error:
            parse_requirements([f"toy @ {url}"])
        expected = "a requirement holds a user name or a password, which would be stored: toy @ https://host/a.whl"
        assert str(error.value) == expected

    @pytest.mark.parametrize("url", ["https://${TOKEN}@h/a.whl", "https://${USER}:${PW}@h/x", "https://h/a@b"])
    def test_variables_are_no_secret(self, url: str) -> None:
        refuse_credentials(url, "a requirement")


class TestLook:
    def test_dependencies_and_extras_are_followed(self, site: Callable[..., str]) -> None:
        paths = site(
            ("Top", "2.0", ["low>=1", "extra-thing; extra == 'more'", "never; python_version < '3'"]),
            ("low", "1.4", ["Top"]),
            ("extra_thing", "0.1", []),
            ("unrelated", "9", []),
        )
        plain = look(parse_requirements(["top"]), [paths])
        assert (plain.packages, plain.missing) == ({"top": "2.0", "low": "1.4"}, ())
        more = look(parse_requirements(["top[more]"]), [paths])
        assert more.packages == {"top": "2.0", "low": "1.4", "extra-thing": "0.1"}

    def test_what_is_missing_and_why(self, site: Callable[..., str]) -> None:
        paths = site(("top", "2.0", ["low>=2"]), ("low", "1.4", []), ("far", "1", []))
        wanted = [
            "top",
            "gone==1",
            "top>=3; python_version >= '3'",
            "far @ https://host/far.whl",
            "no; python_version<'3'",
        ]
        assert look(parse_requirements(wanted), [paths]).missing == (
            "gone==1 (not installed)",
            "top>=3 (2.0 is there)",
            "far @ https://host/far.whl (asked for by its address)",
            "low>=2 (1.4 is there; top needs it)",
        )

    def test_prereleases_that_are_there_count(self, site: Callable[..., str]) -> None:
        assert look(parse_requirements(["top>=2"]), [site(("top", "3.0rc1", []))]).missing == ()

    def test_metadata_of_old_packages(self, site: Callable[..., str]) -> None:
        paths = site(("top", "2.0", ["not a requirement (at all"]))
        assert look(parse_requirements(["top"]), [paths]).packages == {"top": "2.0"}
        (Path(paths) / "broken-1.0.dist-info").mkdir()
        assert look(parse_requirements(["broken"]), [paths]).missing == ("broken (not installed)",)

    def test_pythonpath_does_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", ["", "/a", "/b"])
        assert own_paths({"PYTHONPATH": f"/a{os.pathsep}"}) == ["/b"]


class TestCallingInterpreter:
    def test_it_is_taken_where_it_has_everything(self, job: Callable[..., Job]) -> None:
        found = PythonEnv().make(job(requirements=["packaging>=20", "pytest"])).found
        assert found["interpreter"] == sys.executable
        assert found["calling_interpreter"] is True
        assert found["python_version"] == VERSION
        assert {"packaging", "pytest", "pluggy"} <= set(found["packages"])
        assert f"packaging=={found['packages']['packaging']}" in found["frozen"]
        assert not any(line.startswith(("pip==", "setuptools==")) for line in found["frozen"])
        assert "installer_version" not in found

    def test_nothing_required(self, job: Callable[..., Job]) -> None:
        found = PythonEnv().make(job(requirements=[])).found
        assert (found["interpreter"], found["packages"]) == (sys.executable, {})

    @pytest.mark.parametrize("python", [f"{sys.version_info[0]}.{sys.version_info[1]}", VERSION, sys.executable])
    def test_it_is_the_python_that_is_wanted(self, job: Callable[..., Job], python: str) -> None:
        assert PythonEnv().make(job(requirements=["pytest"], python=python)).found["interpreter"] == sys.executable

    def test_leftovers_of_an_earlier_try_go(self, job: Callable[..., Job], tmp_path: Path) -> None:
        this, elsewhere = job(requirements=[]), tmp_path / "elsewhere"
        (elsewhere / "bin").mkdir(parents=True)
        (this.folder / "venv").symlink_to(elsewhere)
        (this.folder / "requirements.txt").write_text("old")
        PythonEnv().make(this)
        assert list(this.folder.iterdir()) == []
        assert (elsewhere / "bin").is_dir()

    def test_only_the_calling_one_may_be_used(self, job: Callable[..., Job]) -> None:
        with pytest.raises(ProduceError) as error:
            PythonEnv().make(job({"AXS_PYTHON_ENV": "calling"}, requirements=["no-such-thing==1"]))
        assert str(error.value) == (
            f"AXS_PYTHON_ENV=calling allows only {sys.executable}, which will not do: no-such-thing==1 (not installed)"
        )
        assert error.value.hint == f"{sys.executable} -m pip install 'no-such-thing==1', or unset AXS_PYTHON_ENV"

    def test_only_the_calling_one_but_isolated(self, job: Callable[..., Job]) -> None:
        with pytest.raises(ProduceError) as error:
            PythonEnv().make(job({"AXS_PYTHON_ENV": "calling"}, requirements=[], isolated=True))
        assert str(error.value) == (
            f"AXS_PYTHON_ENV=calling allows only {sys.executable}, which will not do: "
            "an environment of its own is asked for (isolated)"
        )
        assert error.value.hint == "unset AXS_PYTHON_ENV"

    def test_only_the_calling_one_but_another_version(self, job: Callable[..., Job]) -> None:
        with pytest.raises(ProduceError) as error:
            PythonEnv().make(job({"AXS_PYTHON_ENV": "calling"}, requirements=[], python="2.7"))
        assert str(error.value) == (
            f"AXS_PYTHON_ENV=calling allows only {sys.executable}, which will not do: "
            f"python=2.7 is wanted and this is Python {VERSION}"
        )

    def test_setting_without_meaning(self, job: Callable[..., Job]) -> None:
        with pytest.raises(UsageError) as error:
            PythonEnv().make(job({"AXS_PYTHON_ENV": "venv"}, requirements=[]))
        assert str(error.value) == "AXS_PYTHON_ENV=venv has no meaning"
        assert error.value.hint == "it is one of auto, calling, isolated"


class TestOwnEnvironment:
    @pytest.mark.process
    def test_made_inside_the_entry(self, job: Callable[..., Job], fake_uv: Callable[[str], dict[str, str]]) -> None:
        this = job(fake_uv(INSTALL_TOY), requirements=["toy-pkg>=1", "toy_pkg<2"], isolated=True)
        found = PythonEnv().make(this).found
        assert found == {
            "interpreter": "venv/bin/python",
            "calling_interpreter": False,
            "python_version": VERSION,
            "platform_tag": interpreters.this({}, ()).platform,
            "frozen": ["toy-pkg==1.5"],
            "packages": {"toy-pkg": "1.5"},
            "installer_version": "uv 0.9.1",
        }
        assert (this.folder / "requirements.txt").read_text() == "toy-pkg>=1\ntoy_pkg<2\n"
        assert PythonEnv().check(this.folder, found) is None

    @pytest.mark.process
    def test_begins_from_nothing(self, job: Callable[..., Job], fake_uv: Callable[[str], dict[str, str]]) -> None:
        this = job(fake_uv(INSTALL_TOY) | {"AXS_PYTHON_ENV": "isolated"}, requirements=["toy-pkg"])
        leftover = this.folder / "venv" / "lib" / "half" / "made"
        leftover.mkdir(parents=True)
        PythonEnv().make(this)
        assert not leftover.exists()

    @pytest.mark.process
    def test_failure_shows_the_reasons(self, job: Callable[..., Job], fake_uv: Callable[[str], dict[str, str]]) -> None:
        says = "  × No solution found:\n  ╰─▶ Because there is no version of toy==9"
        environ = fake_uv(f"echo Using Python\necho '{says}' >&2\nexit 1")
        this = job(environ, requirements=["toy==9"], isolated=True)
        with pytest.raises(ProgramFailed) as error:
            PythonEnv().make(this)
        assert str(error.value) == (
            "uv could not install toy==9\n      × No solution found:\n      ╰─▶ Because there is no version of toy==9"
        )
        assert error.value.hint == "check the name and the version, or ask for another Python: python=3.11"
        assert error.value.log == this.log

    @pytest.mark.process
    def test_time_out(self, job: Callable[..., Job], fake_uv: Callable[[str], dict[str, str]]) -> None:
        with pytest.raises(ProgramFailed) as error:
            PythonEnv().make(job(fake_uv("sleep 60"), requirements=["toy==9"], isolated=True, timeout=0.2))
        assert str(error.value) == "installing toy==9: timed out after 0.2 s"

    @pytest.mark.process
    def test_no_such_python(self, job: Callable[..., Job], tmp_path: Path) -> None:
        with pytest.raises(NotFound) as error:
            PythonEnv().make(job({"PATH": str(tmp_path)}, requirements=[], python="2.6"))
        assert str(error.value) == f"no Python 2.6 on PATH; there are {VERSION} ({sys.executable})"
        with pytest.raises(NotFound) as error:
            PythonEnv().make(job(requirements=[], python="/no/python"))
        assert str(error.value) == "no interpreter '/no/python' on PATH or at that path"
        assert error.value.hint == "install it, or give the path of an interpreter: python=/path/to/bin/python3"


class TestInterpreter:
    @pytest.mark.process
    def test_programs_that_only_look_like_one_are_passed_over(self, tmp_path: Path) -> None:
        major, minor = sys.version_info[:2]
        broken = tmp_path / f"python{major}.{minor + 1}"
        broken.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
        broken.chmod(0o755)
        with pytest.raises(ProduceError) as error:
            interpreters.ask(broken, PATH)
        assert str(error.value) == f"{broken} does not work as a Python interpreter: command not found"
        with pytest.raises(NotFound):
            interpreters.find(f"{major}.{minor + 1}", {"PATH": str(tmp_path)})

    @pytest.mark.process
    def test_by_path(self) -> None:
        assert interpreters.find(sys.executable, PATH).version == VERSION

    def test_children_see_nothing_of_ours(self) -> None:
        ours = {"PYTHONPATH": "/a", "PYTHONHOME": "/b", "VIRTUAL_ENV": "/c", "PIP_INDEX_URL": "x", "HOME": "/h"}
        assert interpreters.clean_environ(ours) == {"PIP_INDEX_URL": "x", "HOME": "/h"}


class TestInstaller:
    def test_auto_is_pip_without_uv(self, tmp_path: Path) -> None:
        assert choose("auto", {"PATH": str(tmp_path)}, sys.executable) == Installer("pip")

    @pytest.mark.process
    def test_auto_heeds_the_configuration_of_pip(
        self, tmp_path: Path, fake_uv: Callable[[str], dict[str, str]]
    ) -> None:
        environ = {"PATH": fake_uv("")["PATH"], "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
        (tmp_path / "pip.conf").write_text("[global]\ntimeout = 5\n")
        python = tmp_path / "python"
        python.write_text('#!/bin/sh\ncat "$PIP_CONFIG_FILE.list"\n')
        python.chmod(0o755)
        (tmp_path / "pip.conf.list").write_text(":env:.index-url='https://host'\nglobal.timeout='5'\n")
        assert choose("auto", environ, str(python)) == Installer("uv", str(tmp_path / "tools" / "uv"))
        (tmp_path / "pip.conf.list").write_text("global.index-url='https://host'\n")
        assert choose("auto", environ, str(python)) == Installer("pip")
        assert choose("uv", environ, str(python)).name == "uv"

    def test_uv_wanted_but_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ProduceError) as error:
            choose("auto", {"PATH": str(tmp_path), "AXS_INSTALLER": "uv"}, sys.executable)
        assert str(error.value) == "uv is wanted as installer but is not on PATH"

    def test_another_one(self) -> None:
        with pytest.raises(UsageError) as error:
            choose("conda", PATH, sys.executable)
        assert str(error.value) == "there is no installer 'conda'"

    def test_environment(self) -> None:
        environ = {"PIP_USER": "1", "PIP_INDEX_URL": "https://a", "PYTHONPATH": "x", "HOME": "/h"}
        result = environment_for(
            Installer("pip"), environ, ["--extra-index-url=https://b", "--extra-index-url https://c --pre"]
        )
        assert result == {
            "HOME": "/h",
            "PIP_INDEX_URL": "https://a",
            "PIP_EXTRA_INDEX_URL": "https://b https://c",
            "PIP_PRE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_PROGRESS_BAR": "off",
            "NO_COLOR": "1",
        }

    @pytest.mark.parametrize(("environ", "no_index"), [({}, "1"), ({"PIP_INDEX_URL": "file:///mirror"}, None)])
    def test_offline(self, environ: dict[str, str], no_index: str | None) -> None:
        assert environment_for(Installer("pip"), environ | {"AXS_OFFLINE": "1"}, ()).get("PIP_NO_INDEX") == no_index

    def test_uv_gets_what_pip_would_read(self) -> None:
        environ = {
            "PIP_INDEX_URL": "https://a",
            "PIP_FIND_LINKS": "/w1 /w2",
            "UV_DEFAULT_INDEX": "https://own",
            "AXS_OFFLINE": "1",
        }
        result = environment_for(Installer("uv", "/uv"), environ, ())
        assert (result["UV_DEFAULT_INDEX"], result["UV_FIND_LINKS"]) == ("https://own", "/w1,/w2")
        assert result["UV_OFFLINE"] == "1" and "PIP_NO_INDEX" not in result

    def test_options(self) -> None:
        with pytest.raises(UsageError) as error:
            environment_for(Installer("pip"), {}, ["https://a"])
        assert str(error.value) == "index_options: 'https://a' is not an option"
        with pytest.raises(UsageError) as error:
            environment_for(Installer("pip"), {}, ["--index-url https://me:secret@a"])
        assert str(error.value) == "index_options holds a user name or a password, which would be stored: https://a"


CONFLICT = """Collecting six==1.16.0 (from -r requirements.txt (line 1))
ERROR: Cannot install six==1.15.0 and six==1.16.0 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested six==1.16.0
    The user requested six==1.15.0

To fix this you could try to:
1. loosen the range of package versions you've specified

ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/
"""
NO_MATCH = "ERROR: No matching distribution found for six==99"
LOST = "WARNING: Retrying after connection broken by 'NewConnectionError('...: Connection refused')': /simple/six/"


class TestReasons:
    def test_conflict(self) -> None:
        assert reasons(CONFLICT.splitlines()) == [
            CONFLICT.splitlines()[1],
            "The conflict is caused by:",
            "    The user requested six==1.16.0",
            "    The user requested six==1.15.0",
            "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/",
        ]

    def test_long_lists_of_versions_are_cut(self) -> None:
        many = ", ".join(f"1.{n}" for n in range(30))
        line = "ERROR: Could not find a version that satisfies the requirement six==99 (from versions: {})"
        assert reasons([line.format(many), NO_MATCH]) == [
            line.format("..., 1.22, 1.23, 1.24, 1.25, 1.26, 1.27, 1.28, 1.29"),
            NO_MATCH,
        ]
        assert reasons([line.format("none")]) == [line.format("none")]

    @pytest.mark.parametrize(
        ("talk", "hint"),
        [
            ([*CONFLICT.splitlines()], "loosen or leave out one of the versions that exclude each other"),
            ([NO_MATCH], "check the name and the version, or ask for another Python: python=3.11"),
            (
                [LOST, NO_MATCH],
                "set PIP_INDEX_URL to an index that can be reached, "
                "or AXS_OFFLINE=1 and PIP_FIND_LINKS=FOLDER_OF_WHEELS",
            ),
            (
                [LOST.replace("'NewConn", "'ProxyError('Cannot connect to proxy.', NewConn"), NO_MATCH],
                "the proxy did not let it through: correct or unset https_proxy and http_proxy "
                "(or the proxy in pip.conf)",
            ),
            (
                ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"],
                "free some space there and in TMPDIR, or set AXS_WORK_COLLECTION to a folder with more room",
            ),
            (
                ["WARNING: 401 Error, Credentials not correct for http://h/simple/six/", NO_MATCH],
                "the index refuses access: put the credentials into ~/.netrc or PIP_INDEX_URL",
            ),
            (
                [
                    "ERROR: Ignored the following versions that require a different python version: "
                    "9 Requires-Python >=4",
                    NO_MATCH,
                ],
                "ask for another Python: python=3.11",
            ),
            (
                ["error: subprocess-exited-with-error"],
                "there is no wheel of it for this Python: "
                "ask for another version or python=, or install what the log misses",
            ),
            (["ERROR: something else"], None),
        ],
    )
    def test_hints(self, talk: list[str], hint: str | None) -> None:
        assert hint_for(talk, offline=False) == hint

    def test_offline(self) -> None:
        expected = "AXS_OFFLINE=1 keeps pip from the index: set PIP_FIND_LINKS=FOLDER_OF_WHEELS, or unset AXS_OFFLINE"
        assert hint_for([NO_MATCH], offline=True) == expected

    def test_shortened(self) -> None:
        assert shortened(list("ab")) == "a, b"
        assert shortened(list("abcdef")) == "a, b, c, d and 2 more"


class TestCheck:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """An environment as far as files go, whose interpreter is a link to a base that says it is Python 3.11."""
        base = tmp_path / "base" / "bin" / "python3.11"
        base.parent.mkdir(parents=True)
        base.write_text("")
        base.chmod(0o755)
        folder = tmp_path / "entry"
        (folder / "venv" / "bin").mkdir(parents=True)
        (folder / "venv" / "bin" / "python").symlink_to(base)
        (folder / "venv" / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.11.2\n")
        return folder

    OWN: Mapping[str, Any] = {"interpreter": "venv/bin/python", "python_version": "3.11.2"}

    def test_fine(self, folder: Path) -> None:
        assert PythonEnv().check(folder, self.OWN) is None

    def test_gone(self, folder: Path) -> None:
        interpreter = folder / "venv" / "bin" / "python"
        interpreter.resolve().unlink()
        assert PythonEnv().check(folder, self.OWN) == f"its interpreter is gone: {interpreter}"

    def test_not_executable(self, folder: Path) -> None:
        interpreter = folder / "venv" / "bin" / "python"
        interpreter.resolve().chmod(0o644)
        assert PythonEnv().check(folder, self.OWN) == f"its interpreter is not executable: {interpreter}"

    def test_base_gone(self, folder: Path) -> None:
        (folder / "venv" / "pyvenv.cfg").write_text("home = /no/such/bin\n")
        assert PythonEnv().check(folder, self.OWN) == "the Python it was made from is gone: /no/such/bin"

    def test_base_is_another_version_now(self, folder: Path) -> None:
        interpreter = folder / "venv" / "bin" / "python"
        interpreter.resolve().rename(interpreter.resolve().with_name("python3.12"))
        interpreter.unlink()
        interpreter.symlink_to(folder.parent / "base" / "bin" / "python3.12")
        assert PythonEnv().check(folder, self.OWN) == (
            f"it was made with Python 3.11.2 and {interpreter} is Python 3.12 now"
        )

    def test_packages_of_the_calling_interpreter(self, folder: Path, site: Callable[..., str]) -> None:
        paths = site(("top", "2.0", []), ("low", "1.4", []))
        found = {
            "interpreter": sys.executable,
            "calling_interpreter": True,
            "packages": {"top": "2.0", "low": "1.4"},
            "site_packages": [paths],
        }
        assert PythonEnv().check(folder, found) is None
        found["packages"] = {"top": "1.9", "low": "1.4", "gone": "1"}
        assert PythonEnv().check(folder, found) == (
            "packages of the interpreter changed: top was 1.9 and is 2.0, gone was 1 and is gone"
        )
