"""One address to one file: streamed, resumed, retried, and verified while it comes.

What came so far lies in ``part``; a JSON file beside it remembers from where, and the server's word for that version of
it (RFC 9110: a strong ETag or Last-Modified goes into If-Range, so that halves of two versions are never joined).
"""

from __future__ import annotations

import email.utils
import errno
import http.client
import io
import json
import re
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import tenacity
import urllib3

from axs_core import __version__
from axs_core.base.credentials import without_credentials
from axs_core.base.reporter import Reporter
from axs_core.producers.fetch.checksums import Digests, Expected
from axs_core.producers.fetch.sources import Candidate
from axs_core.producers.paths import disk_error, write_all
from axs_core.producers.proxies import Proxy

_BLOCK = 1 << 20
_LONGEST_PAUSE = 60.0  # seconds between two tries; a server that asks for more is left for the next address
_REDIRECTS = 10
_TRANSIENT_STATUS = (408, 425, 429)
_OF_PROXIES = (407, 502, 504)  # where there is a proxy: it wants a password, or gets no answer
_TUNNEL = re.compile(r"Tunnel connection failed: (\d+)(.*)")
_CUT_OFF = "the connection ended before all of it had come"
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html)", re.IGNORECASE)


@dataclass(frozen=True)
class Patience:
    """Seconds to connect and between two bytes; how often to try again, and the first pause, which then doubles."""

    connect: float = 10.0
    read: float = 60.0
    retries: int = 4
    backoff: float = 1.0


class Failed(Exception):
    """This address does not give the file; ``str()`` says why, ``hint`` what to do about it, where that is known."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.hint = hint


class TryAgain(Failed):
    """It may do so later; ``after`` is what the server asks to wait, in seconds."""

    def __init__(self, reason: str, after: float | None = None, hint: str | None = None) -> None:
        super().__init__(reason, hint)
        self.after = after


class Mismatch(Failed):
    """Bytes came, not the right ones, and were deleted: ``what`` (algorithm or ``size``), ``expected``, ``got``."""

    def __init__(self, what: str, expected: str, got: str, page: bool) -> None:
        self.what, self.expected, self.got, self.page = what, expected, got, page
        why = "a web page came, a proxy's login page perhaps" if page else "truncated, or changed upstream"
        super().__init__(f"wrong {what}: expected {expected}, got {got} ({why}); deleted")


def download(source: Candidate, part: Path, expected: Expected, patience: Patience, reporter: Reporter) -> Digests:
    """Bring what ``source`` holds to ``part`` and return its digests, which are as ``expected``.

    Raises :class:`Failed` with the reason, and ``ProduceError`` where it cannot be written.
    """
    transfer = _Transfer(source, part, expected, patience, reporter)
    if source.scheme == "file":
        return transfer.verified(transfer.copy())
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(patience.retries + 1),
        wait=_pause(patience.backoff),
        retry=tenacity.retry_if_exception_type(TryAgain),
        before_sleep=lambda state: _say_pause(state, source, reporter),
        reraise=True,
    )
    with requests.Session() as session:
        session.max_redirects = _REDIRECTS
        session.headers.update({"User-Agent": f"axs/{__version__}", "Accept-Encoding": "identity"})
        resumed = part.exists()
        try:
            return transfer.verified(retrying(transfer.fetch, session))
        except Mismatch:
            if not (resumed or transfer.resumed):
                raise
            # The older half may be to blame: all of it anew.
            return transfer.verified(retrying(transfer.fetch, session))


class _Transfer:
    """The state of one download: what came, and from which version of the file."""

    def __init__(
        self, source: Candidate, part: Path, expected: Expected, patience: Patience, reporter: Reporter
    ) -> None:
        self.source, self.part, self.expected = source, part, expected
        self.patience, self.reporter = patience, reporter
        self.resumed = False
        self._note = part.with_name(part.name + ".json")

    def fetch(self, session: requests.Session) -> Digests:
        """One try over HTTP."""
        came = self._came_so_far()
        headers = self._range(came)
        timeouts = (self.patience.connect, self.patience.read)
        try:
            with session.get(self.source.url, headers=headers, stream=True, timeout=timeouts) as response:
                return self._body(response, came if headers else 0)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            request = getattr(error, "request", None)
            raise _as_failure(error, self.patience, request.url if request else self.source.url) from error

    def copy(self) -> Digests:
        """From a file on this machine."""
        file = local_file(self.source.url)
        self.forget()
        seen = Digests(self.expected)
        try:
            with file.open("rb") as stream:
                self._write(iter(lambda: stream.read(_BLOCK), b""), seen, file.stat().st_size)
        except OSError as error:
            raise Failed(f"cannot be read: {error.strerror or error}") from error
        return seen

    def verified(self, seen: Digests) -> Digests:
        """``seen`` if it is as expected; otherwise what came is deleted."""
        wrong = self.expected.difference(seen)
        if wrong is None:
            self._note.unlink(missing_ok=True)
            return seen
        with self.part.open("rb") as stream:
            page = _PAGE.match(stream.read(512)) is not None
        self.forget()
        raise Mismatch(*wrong, page=page)

    def forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _told(self) -> dict[str, Any]:
        try:
            told = json.loads(self._note.read_text())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def _came_so_far(self) -> int:
        """The bytes to go on from: those of this version of this address, or of any where a checksum will judge."""
        told = self._told()
        same = told.get("url") == self.source.bare and told.get("version")
        if not self.part.is_file() or not told or not (same or self.expected.checksums):
            return 0
        return self.part.stat().st_size

    def _range(self, came: int) -> dict[str, str]:
        if came == 0:
            return {}
        told = self._told()
        version = told.get("version") if told.get("url") == self.source.bare else None
        return {"Range": f"bytes={came}-", **({"If-Range": version} if version else {})}

    def _body(self, response: requests.Response, asked_from: int) -> Digests:
        self._refuse_downgrade(response)
        if response.status_code == 416 and asked_from:
            return self._all_here(response, asked_from)
        if response.status_code not in (200, 206):
            raise _status_failure(response)
        begin = asked_from if response.status_code == 206 else 0
        length = response.headers.get("Content-Length", "")
        total = begin + int(length) if length.isdecimal() else None
        if response.status_code == 206 and not self._continues(response, begin):
            self.forget()
            raise TryAgain("the server sent another part than was asked for", after=0)
        seen = Digests(self.expected)
        if begin:
            self.resumed = True
            seen.update_from(self.part)
        else:
            self._remember(response, total)
        self._write(response.raw.stream(_BLOCK, decode_content=False), seen, total, begin)
        if total is not None and seen.size < total:
            raise TryAgain(_CUT_OFF)
        return seen

    def _all_here(self, response: requests.Response, came: int) -> Digests:
        """Nothing is left to send: either all has come already, or what is here is longer than the file."""
        if response.headers.get("Content-Range", "") != f"bytes */{came}":
            self.forget()
            raise TryAgain("the file has changed on the server", after=0)
        self.resumed = True
        seen = Digests(self.expected)
        seen.update_from(self.part)
        return seen

    def _continues(self, response: requests.Response, begin: int) -> bool:
        """Whether the part begins where it was asked to, of a file as long as the one that was begun."""
        match = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        total = self._told().get("total")
        return match is not None and int(match[1]) == begin > 0 and (total is None or match[2] in ("*", str(total)))

    def _refuse_downgrade(self, response: requests.Response) -> None:
        hops = [urlsplit(each.url).scheme for each in (*response.history, response)]
        if hops[0] == "https" and "http" in hops and not self.expected.checksums:
            raise Failed("redirected from https to http, and there is no checksum to tell whether it is the file")

    def _remember(self, response: requests.Response, total: int | None) -> None:
        etag = response.headers.get("ETag", "")
        version = etag if etag.startswith('"') else response.headers.get("Last-Modified")
        told = {"url": self.source.bare, "version": version, "total": total}
        try:
            self._note.write_text(json.dumps(told))
        except OSError as error:
            raise disk_error(error, self._note, total) from error

    def _write(self, blocks: Iterator[bytes], seen: Digests, total: int | None, begin: int = 0) -> None:
        """Write ``blocks`` from ``begin`` on; stops where more come than were expected.

        The network may raise here, and so may the disk: only the latter is explained here.
        """
        limit = self.expected.size
        with self.reporter.progress(f"fetching {self.source.bare}", total) as bar, self._opened(begin, total) as file:
            bar.advance(begin)
            for block in blocks:
                write_all(block, file, self.part, total)
                seen.update(block)
                bar.advance(len(block))
                if limit is not None and seen.size > limit:
                    return

    def _opened(self, begin: int, total: int | None) -> io.FileIO:
        try:
            if total is not None and shutil.disk_usage(self.part.parent).free < total - begin:
                raise OSError(errno.ENOSPC, "the disk is full")  # said now, not after an hour
            file = self.part.open("r+b" if begin else "wb", buffering=0)
            file.seek(begin)
            return file
        except OSError as error:
            raise disk_error(error, self.part, total) from error


def local_file(url: str) -> Path:
    """The file that a ``file://`` address names; :class:`Failed` where it is not a regular file of this machine."""
    split = urlsplit(url)
    if split.netloc not in ("", "localhost"):
        raise Failed(f"file:// with a host ({split.netloc}); of this machine it is file:///PATH")
    path = Path(unquote(split.path))
    if not path.is_absolute() or "\0" in str(path):
        raise Failed("not an absolute path")
    if not path.is_file():
        raise Failed("not a file" if path.exists() else "no such file")
    return path


def _pause(first: float) -> Callable[[tenacity.RetryCallState], float]:
    back_off = tenacity.wait_random_exponential(multiplier=first, max=_LONGEST_PAUSE)

    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, TryAgain) else None
        return back_off(state) if asked is None else asked

    return pause


def _say_pause(state: tenacity.RetryCallState, source: Candidate, reporter: Reporter) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = state.next_action.sleep if state.next_action else 0
    reporter.note(f"{source.bare}: {error}; trying again in {pause:.0f} s")


def _status_failure(response: requests.Response) -> Failed:
    code = response.status_code
    reason = f"HTTP {code} {response.reason or ''}".rstrip()
    if code in _OF_PROXIES and (proxy := Proxy.towards(response.url)):
        if code == 407:
            return Failed(f"{proxy} wants a user name and a password: {reason}", hint=proxy.password_hint)
        return TryAgain(f"{reason}, through {proxy}", hint=proxy.hint)
    if code not in _TRANSIENT_STATUS and code < 500:
        return Failed(reason)
    after = _retry_after(response.headers.get("Retry-After"))
    if after is not None and after > _LONGEST_PAUSE:
        return Failed(f"{reason}: it asks to wait {after:.0f} s")
    return TryAgain(reason, after)


def _retry_after(value: str | None) -> float | None:
    """Seconds or an HTTP date, as in RFC 9110."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _as_failure(error: Exception, patience: Patience, url: str) -> Failed:
    """Words for what requests and urllib3 raise; what may pass is to be tried again. Where a proxy is to blame, it is
    named.
    """
    proxy = Proxy.towards(url)
    if proxy and proxy.fault:
        return Failed(f"{proxy} {proxy.fault}", hint=proxy.hint)
    failure = _in_words(error, patience)
    if proxy is None or not any(_of_proxy(cause) for cause in _causes(error)):
        return failure
    return type(failure)(f"{proxy}: {failure}", hint=proxy.password_hint if "HTTP 407" in str(failure) else proxy.hint)


def _of_proxy(cause: BaseException) -> bool:
    """Was it raised on the way to a proxy, or by what it answered? PySocks has errors of its own."""
    return isinstance(cause, requests.exceptions.ProxyError) or type(cause).__module__ == "socks"


def _in_words(error: Exception, patience: Patience) -> Failed:
    if isinstance(error, requests.exceptions.InvalidSchema):
        return Failed("redirected to something else than http or https, which is refused")
    if isinstance(error, requests.TooManyRedirects):
        return Failed(f"more than {_REDIRECTS} redirects")
    if isinstance(error, requests.ConnectTimeout):
        return TryAgain(f"no connection within {patience.connect:g} s")
    chain = list(_causes(error))
    if any(isinstance(cause, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)) for cause in chain):
        return TryAgain(f"no data for {patience.read:g} s")
    if any(isinstance(cause, http.client.IncompleteRead) for cause in chain):
        return TryAgain(_CUT_OFF)
    for cause in reversed(chain):
        if answer := _TUNNEL.match(str(cause)):
            return (Failed if int(answer[1]) < 500 else TryAgain)(f"it answers HTTP {answer[1]}{answer[2]}")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failed(f"its certificate is not trusted: {cause.verify_message}")
        if isinstance(cause, socket.gaierror):
            temporary = cause.errno == socket.EAI_AGAIN
            return (TryAgain if temporary else Failed)(f"the host's name is not known: {cause.strerror}")
        if isinstance(cause, OSError) and cause.strerror:
            return TryAgain(cause.strerror.lower())
    kind = TryAgain if isinstance(error, (requests.ConnectionError, urllib3.exceptions.HTTPError)) else Failed
    return kind(without_credentials(str(error)))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that it came from; urllib3 keeps some of it in ``reason`` and ``args`` only."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
