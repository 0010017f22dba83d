"""A web server for a page, on this computer alone."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from wordspot.errors import UsageError

HOST = "127.0.0.1"


class Handler(SimpleHTTPRequestHandler):
    """Serves files with the headers that isolate a page, and says nothing of it."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",  # on Windows a program may have set it to text/plain
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        """Add the headers of an isolated page, whose browser may share memory with wasm threads."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def open_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Open a server of a folder on 127.0.0.1; port 0 takes a free one. Raises UsageError for one in use."""
    try:
        return ThreadingHTTPServer((HOST, port), partial(Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "must be from 0 to 65535"
        raise UsageError(f"port {port}: {reason}: choose another --port") from None
