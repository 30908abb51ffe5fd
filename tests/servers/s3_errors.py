"""An answer of S3 that refuses, as a test makes it."""

from http.server import BaseHTTPRequestHandler


def refuse(handler: BaseHTTPRequestHandler, status: int, code: str) -> None:
    """Answer a request with an error of this code."""
    content = f"<Error><Code>{code}</Code><Message>made by the test</Message></Error>".encode()
    handler.send_response_only(status)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)
