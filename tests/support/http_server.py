"""A small HTTP server on loopback that serves bytes with ranges, and misbehaves when it is told to."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What happens instead of the file: ``status`` with ``headers``; ``drop`` hangs up after that many bytes of the
    body; ``pause`` sleeps that many seconds before the body; ``wait`` does nothing before the server's ``go`` is set;
    ``body`` sends other bytes."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: int | None = None
    pause: float = 0
    wait: bool = False
    body: bytes | None = None


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]


class Server:
    """``serve(path, data)`` returns the URL of a file; ``fail(path, fault, ...)`` queues faults, each for one request.

    ``requests`` are those that came, in order. ``ranges`` and ``etags`` may be switched off.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, deque[Fault]] = {}
        self.requests: list[Request] = []
        self.ranges = self.etags = True
        self.go = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def serve(self, path: str, data: bytes) -> str:
        self.files[path] = data
        return self.root + path

    def fail(self, path: str, *faults: Fault) -> str:
        self.faults.setdefault(path, deque()).extend(faults)
        return self.root + path

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            server.requests.append(Request(self.path, dict(self.headers)))
            queue = server.faults.get(self.path)
            fault = queue.popleft() if queue else Fault()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # some tests want the client to go away
                self._answer(fault)

        do_CONNECT = do_GET  # as a proxy is asked for a way to HOST:PORT

        def _answer(self, fault: Fault) -> None:
            if fault.wait:
                server.go.wait()
            if fault.status is not None:
                return self._send(fault.status, fault.headers, fault.body or b"", fault)
            data = server.files.get(self.path)
            if data is None:
                return self._send(404, {}, b"nothing here", fault)
            etag = f'"{hashlib.md5(data).hexdigest()}"'
            headers = {"ETag": etag} if server.etags else {}
            begin = self._range(etag, len(data)) if server.ranges else None
            if begin is None:
                return self._send(200, {**headers, **fault.headers}, fault.body or data, fault)
            if begin >= len(data):
                return self._send(416, {"Content-Range": f"bytes */{len(data)}"}, b"", fault)
            part = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            return self._send(206, {**headers, "Content-Range": part}, data[begin:], fault)

        def _range(self, etag: str, size: int) -> int | None:
            asked = self.headers.get("Range")
            if asked is None or self.headers.get("If-Range", etag) != etag:
                return None
            return int(asked.removeprefix("bytes=").rstrip("-"))

        def _send(self, status: int, headers: dict[str, str], body: bytes, fault: Fault) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.flush()
            time.sleep(fault.pause)
            self.wfile.write(body if fault.drop is None else body[: fault.drop])
            self.wfile.flush()
            if fault.drop is not None:
                self.close_connection = True

    return Handler
