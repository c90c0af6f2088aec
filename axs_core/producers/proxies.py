"""The proxy that stands between this machine and an address, as ``http_proxy`` and its like say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from axs_core.base.credentials import without_credentials

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_UNSET = "the system's proxy settings"


@dataclass(frozen=True)
class Proxy:
    """``address``: where it is; ``source``: the environment variable that says so; ``host``: what lies behind it."""

    address: str
    source: str
    host: str

    @classmethod
    def towards(cls, url: str) -> Proxy | None:
        """The proxy that requests takes for ``url``: ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``
        decide, in small or capital letters; None where it goes straight.
        """
        address = select_proxy(url, get_environ_proxies(url, no_proxy=None))
        if not address:
            return None
        split = urlsplit(url)
        names = [f"{kind}_proxy" for kind in (split.scheme, "all")]
        said = (name for each in names for name in (each, each.upper()) if os.environ.get(name) == address)
        return cls(address, next(said, _UNSET), split.hostname or "")

    def __str__(self) -> str:
        return f"the proxy {without_credentials(self.address)} ({self.source})"

    @property
    def hint(self) -> str:
        """What to do where it is to blame."""
        return f"correct or unset {self.source}, or add {self.host} to no_proxy"

    @property
    def password_hint(self) -> str:
        """What to do where it wants to know who asks."""
        return f"{self.source}=http://USER:PASSWORD@HOST:PORT, or add {self.host} to no_proxy"

    @property
    def fault(self) -> str | None:
        """Why it cannot be used at all, as the end of a sentence about it."""
        try:
            split = urlsplit(self.address if "://" in self.address else f"http://{self.address}")
            usable = split.scheme in _SCHEMES and bool(split.hostname) and split.port != 0
        except ValueError:
            usable = False
        if not usable:
            return "is no address of a proxy: expected http://HOST:PORT"
        if split.scheme.startswith("socks") and find_spec("socks") is None:
            return "needs a Python package beside axs: pip install PySocks"
        return None
