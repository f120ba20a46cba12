"""Batches of facts: zstd over a header line and one stored body a line.

    {"epoch":1,"first":101,"n":2,"head":"<link after the last fact, hex>"}
    {"v":1,"agent":"ea-1","epoch":1,"seq":101,...}
    {"v":1,"agent":"ea-1","epoch":1,"seq":102,...}

The receiver computes the links again from the bodies; a body never holds a line feed, because JSON escapes it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Annotated

import msgspec
import zstandard

from edge_agent.sync.contract import limits
from edge_agent.sync.contract.codes import Code, RefusedError

Count = Annotated[int, msgspec.Meta(ge=1, le=limits.BATCH_FACTS)]
Place = Annotated[int, msgspec.Meta(ge=1, lt=1 << 40)]
Epoch = Annotated[int, msgspec.Meta(ge=1, lt=1 << 22)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

_LEVEL = 3  # the level that measured best: 6 costs nine times as much for the same size
_HEADER_BYTES = 512
_BATCH_LIMIT = limits.FACT_BYTES + limits.BATCH_BYTES + _HEADER_BYTES


class BatchHeader(msgspec.Struct, frozen=True, gc=False):
    """`head` is the link after the last of `n` facts, the first of which is `first`."""

    epoch: Epoch
    first: Place
    n: Count
    head: Sha256

    @property
    def last(self) -> int:
        return self.first + self.n - 1


class Batch(msgspec.Struct, frozen=True, gc=False):
    header: BatchHeader
    bodies: list[bytes]


class DocumentHeader(msgspec.Struct, frozen=True, kw_only=True):
    """A document made at the venue; its bytes follow the header's line."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    subject: Annotated[str, msgspec.Meta(max_length=64)]
    revision: Annotated[int, msgspec.Meta(ge=1)]
    sha256: Sha256


class _Codec(threading.local):
    """Contexts of zstd are not thread-safe, and making one a message costs more than using it."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 23)


_codec = _Codec()
_header = msgspec.json.Decoder(BatchHeader)
_document = msgspec.json.Decoder(DocumentHeader)


def encode_batch(epoch: int, first: int, bodies: Sequence[bytes], head: bytes) -> bytes:
    header = b'{"epoch":%d,"first":%d,"n":%d,"head":"%s"}' % (epoch, first, len(bodies), head.hex().encode())
    return _codec.compressor.compress(b"\n".join((header, *bodies)))


def decode_batch(message: bytes) -> Batch:
    """Unpack a batch; `RefusedError` for garbage, bombs, and a header that does not describe its bodies."""
    first, *bodies = _unpack(message, _BATCH_LIMIT).split(b"\n")
    try:
        header = _header.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(Code.MALFORMED, f"Header of a batch: {error}.") from error
    if len(bodies) != header.n:
        raise RefusedError(Code.MALFORMED, f"The header announces {header.n} facts, {len(bodies)} follow.")
    return Batch(header, bodies)


def chain(prev: bytes, first: int, bodies: Sequence[bytes]) -> bytes:
    """Give the link after the last of `bodies`, as `model.fact.next_link` does one by one; a test holds both together.

    Written out here because a call a fact is a fifth of what the receiver may spend on one.
    """
    sha256, link = hashlib.sha256, prev
    for seq, body in enumerate(bodies, first):
        link = sha256(link + seq.to_bytes(8, "big") + sha256(body).digest()).digest()
    return link


def encode_document(header: DocumentHeader, body: bytes) -> bytes:
    return _codec.compressor.compress(msgspec.json.encode(header) + b"\n" + body)


def decode_document(message: bytes) -> tuple[DocumentHeader, bytes]:
    """Unpack a document and check its digest."""
    line, _, body = _unpack(message, limits.DOCUMENT_BYTES + _HEADER_BYTES).partition(b"\n")
    try:
        header = _document.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(Code.MALFORMED, f"Header of a document: {error}.") from error
    if hashlib.sha256(body).hexdigest() != header.sha256:
        raise RefusedError(Code.HASH_DIFFERS, f"Document {header.id}: its bytes are not those of its sha256.")
    return header, body


def _unpack(message: bytes, limit: int) -> bytes:
    if len(message) > limits.MESSAGE_BYTES:
        raise RefusedError(Code.TOO_LARGE, f"A message of {len(message)} bytes; {limits.MESSAGE_BYTES} are allowed.")
    try:
        # The size is written in the frame; one that lies is found out when it unpacks. -1: not written.
        size = zstandard.frame_content_size(message)
        if size > limit:
            raise RefusedError(Code.TOO_LARGE, f"Unpacks to {size} bytes; {limit} are allowed.")
        return _codec.decompressor.decompress(message, max_output_size=limit, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise RefusedError(Code.MALFORMED, f"Not a whole zstd frame within {limit} bytes: {error}.") from error
