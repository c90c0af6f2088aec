"""Passwords and tokens: taken out of what is said, logged and written down.

Secret are what stands before the host in an address (``user:token@``), the values of parameters of an address that are
called as tokens and signatures are (``?X-Amz-Signature=...``), and the values of environment variables whose names end
as those of secrets do (``HF_TOKEN``, ``AWS_SECRET_ACCESS_KEY``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

# Patterns are compiled when a text may have such a thing: most have none.
_USERINFO = r"\b([a-zA-Z][a-zA-Z0-9+.-]*)://([^/\s'\"]*)@"
_VARIABLE = r"\$\{\w+\}(:\$\{\w+\})?"  # no secret: installers expand it from the environment
_NAME = r"[\w.-]*(?:token|signature|secret|password|passwd|api[-_]?key|access[-_]?key(?:[-_]?id)?|credential)|sig|auth"
_PARAMETER = rf"(?i)([?&](?:{_NAME})=)([^&#\s'\"<>]+)"
_SECRET_VARIABLES = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY", "API_KEY", "ACCESS_KEY",
                     "SECRET_KEY", "CREDENTIAL", "CREDENTIALS")  # fmt: skip
_SHORTEST = 8  # characters of a value that is looked for everywhere
HIDDEN = "***"


def without_credentials(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without ``user:token@`` in its URLs, without the values of their secret parameters, and without
    ``secrets``.

    The user name stays for ssh, where it is part of the address.

    >>> without_credentials("https://me:secret@host/x and ssh://git:pw@host/y")
    'https://host/x and ssh://git@host/y'
    >>> without_credentials("https://host/x?version=2&X-Amz-Signature=abc")
    'https://host/x?version=2&X-Amz-Signature=***'
    """

    def bare(match: re.Match[str]) -> str:
        scheme, user = match[1], match[2].partition(":")[0]
        return f"{scheme}://{user}@" if scheme.endswith("ssh") else f"{scheme}://"

    return _hidden(re.sub(_USERINFO, bare, text) if "://" in text else text, secrets, lambda _: HIDDEN)


def has_credentials(text: str) -> bool:
    """Does it hold an address with a password or a token?

    >>> has_credentials("https://host/x"), has_credentials("ssh://git@host/x"), has_credentials("https://token@host/x")
    (False, False, True)
    """
    for match in re.finditer(_USERINFO, text) if "://" in text else ():
        if not re.fullmatch(_VARIABLE, match[2]) and (":" in match[2] or not match[1].endswith("ssh")):
            return True
    return _has_parameters(text) and re.search(_PARAMETER, text) is not None


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables that are secrets by their name, and passwords in addresses; the longest first. A path is
    none.

    >>> secrets_in({"HF_TOKEN": "hf_0123456789", "TOKEN": "short", "HTTP_PROXY": "http://me:passw0rd@proxy:80"})
    ('hf_0123456789', 'passw0rd')
    """
    found = set()
    for name, value in environ.items():
        if name.upper().endswith(_SECRET_VARIABLES) and not value.startswith("/"):
            found.add(value.strip())
        for match in re.finditer(_USERINFO, value) if "://" in value else ():
            found.add(match[2].partition(":")[2])
    return tuple(sorted((value for value in found if len(value) >= _SHORTEST), key=lambda value: (-len(value), value)))


def scrubbed(value: Any, secrets: Iterable[str] = ()) -> Any:
    """Plain data with all of its texts :func:`without_credentials`."""
    if isinstance(value, str):
        return without_credentials(value, secrets)
    if isinstance(value, Mapping):
        return {key: scrubbed(item, secrets) for key, item in value.items()}
    return [scrubbed(item, secrets) for item in value] if isinstance(value, (list, tuple)) else value


def mask_log(file: Path, begin: int, secrets: Iterable[str]) -> None:
    """Put stars in the place of secrets in what a log holds from byte ``begin`` on."""
    hidden = [secret.encode().decode("latin-1") for secret in secrets]
    with file.open("r+b") as log:
        log.seek(begin)
        place = begin
        for line in iter(log.readline, b""):
            text = line.decode("latin-1")  # a character for each byte
            masked = _starred(text, hidden)
            if masked != text:
                log.seek(place)
                log.write(masked.encode("latin-1"))
            place += len(line)


def _starred(text: str, secrets: Iterable[str]) -> str:
    def stars(match: re.Match[str]) -> str:
        return f"{match[1]}://{'*' * len(match[2])}@"

    return _hidden(re.sub(_USERINFO, stars, text) if "://" in text else text, secrets, lambda secret: "*" * len(secret))


def _hidden(text: str, secrets: Iterable[str], instead: Callable[[str], str]) -> str:
    if _has_parameters(text):
        text = re.sub(_PARAMETER, lambda match: match[1] + instead(match[2]), text)
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, instead(secret))
    return text


def _has_parameters(text: str) -> bool:
    return "=" in text and ("?" in text or "&" in text)
