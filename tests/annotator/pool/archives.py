"""Archives of lists and WARC files, as other tools write them."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping

HTML = "text/html; charset=utf-8"


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def tar_of(files: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    """A tar of these files, gzipped unless `mode` says otherwise."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return sink.getvalue()


def record(url: str, body: bytes, *, status: str = "200 OK", kind: str = HTML, **headers: str) -> bytes:
    """A `response` record of WARC 1.0."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return any_record("response", url, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def any_record(kind: str, url: str, block: bytes, date: str = "2026-03-01T10:00:00Z") -> bytes:
    """A record of this type."""
    http = "Content-Type: application/http; msgtype=response\r\n" if kind == "response" else ""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
        f"WARC-Record-ID: <urn:uuid:{url}>\r\n{http}Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def packed(*records: bytes) -> bytes:
    """Records each gzipped on its own, as in a .warc.gz."""
    return b"".join(map(gzip.compress, records))
