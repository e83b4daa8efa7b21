"""Where bytes come from: a path, an open file, or bytes; packed with gzip or not. Always rereadable."""

import gzip
import io
import tempfile
from pathlib import Path
from typing import BinaryIO

from quire_usage.counter.reading.limits import Limits, NotReadable

_CHUNK = 1024 * 1024


def open_bytes(source: Path | BinaryIO | bytes, limits: Limits) -> BinaryIO:
    """A seekable stream of the unpacked bytes; streams that cannot seek go to a temporary file.

    Raises NotReadable when the input is empty or larger than the limit.
    """
    stream: BinaryIO
    if isinstance(source, bytes):
        stream = io.BytesIO(source)
    elif isinstance(source, Path):
        stream = source.open("rb")
    else:
        stream = source
    if not stream.seekable():
        stream = _spooled(stream, limits)
    head = stream.read(2)
    stream.seek(0)
    if not head:
        raise NotReadable("The file is empty.")
    if head == b"\x1f\x8b":
        try:
            stream = _spooled(gzip.GzipFile(fileobj=stream), limits)
        except (OSError, EOFError) as fault:
            raise NotReadable(f"The file is packed with gzip and damaged: {fault}.") from fault
    return stream


def _spooled(stream: "BinaryIO | gzip.GzipFile", limits: Limits) -> BinaryIO:
    spool = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limits.bytes:
            spool.close()
            raise NotReadable(f"The input is larger than {limits.bytes // 1024**2} MB; split it by month or by report.")
        spool.write(chunk)
    spool.seek(0)
    return spool
