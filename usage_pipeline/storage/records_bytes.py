"""A file's bytes as UTF-8 blocks: gzip, zstd or plain, told by the first bytes and not by the name; byte order marks are taken off.

Bounded memory: blocks are at most `BLOCK_BYTES`, whatever a compressed file swells to.
"""

import codecs
import io
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import pyarrow as pa

from usage_pipeline.storage.landing import BLOCK_BYTES

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZIP = b"PK\x03\x04"
RECORD_SEPARATOR = b"\x1e"
"""What each text of a JSON text sequence begins with (RFC 7464); no JSON holds one."""

READ_BYTES = 64 << 10


class BrokenStreamError(Exception):
    """A compressed file ends in the middle or does not check: what came before it is good."""

    state = "truncated_file"


class TrailingBytesError(BrokenStreamError):
    """A compressed file is whole, and other bytes follow it."""

    state = "trailing_bytes"


class ZipArchiveError(BrokenStreamError):
    """The file is a zip archive, or a spreadsheet, which is one inside: its members are files of their own."""

    state = "zip_archive"


def utf8_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The content as UTF-8 blocks (UTF-16 is recoded, with a byte order mark or without). Invalid bytes stay as they are.

    The separators of a JSON text sequence become blanks, so that it is JSON texts one after the other.

    Raises BrokenStreamError after the last good block (ZipArchiveError at once), OSError where the store fails.
    """
    blocks = _content(stream)
    head = next(blocks, b"")
    if head.startswith(codecs.BOM_UTF8):
        yield head[len(codecs.BOM_UTF8) :]
    elif wide := _wide_encoding(head):
        yield from _recoded(wide, head, blocks)
        return
    elif head.startswith(RECORD_SEPARATOR):
        yield from (block.replace(RECORD_SEPARATOR, b" ") for block in chain([head], blocks))
        return
    elif head:
        yield head
    yield from blocks


def _content(stream: BinaryIO) -> Iterator[bytes]:
    head = _read_block(stream)
    if head.startswith(GZIP):
        return _gunzipped(head, stream)
    if head.startswith(ZSTD):
        return _unzstd(head, stream)
    if head.startswith(ZIP):
        raise ZipArchiveError
    return _plain(head, stream)


def _read_block(stream: BinaryIO) -> bytes:
    """A full block, however little the store gives at once; shorter only at the end."""
    block = stream.read(BLOCK_BYTES)
    if not block or len(block) == BLOCK_BYTES:
        return block
    parts = [block]
    missing = BLOCK_BYTES - len(block)
    while missing and (more := stream.read(missing)):
        parts.append(more)
        missing -= len(more)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _plain(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    block = head
    while block:
        yield block
        block = _read_block(stream) if len(block) == BLOCK_BYTES else b""


def _gunzipped(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """All members of a gzip file, one after the other; zero padding at the end is allowed, as gzip(1) does."""
    compressed = _small_pieces(head, stream)
    member = zlib.decompressobj(wbits=31)
    raw = next(compressed)
    while True:
        before = member.copy()
        try:
            block = member.decompress(raw, BLOCK_BYTES)
        except zlib.error as error:
            yield _until_broken(before, raw)
            raise BrokenStreamError(str(error)) from error
        if block:
            yield block
        raw = member.unconsumed_tail
        if member.eof:
            raw = _next_member(member.unused_data, compressed)
            if not raw:
                return
            member = zlib.decompressobj(wbits=31)
        elif not raw and not block:
            raw = next(compressed, b"")
            if not raw:
                raise BrokenStreamError("the gzip file ends in the middle")


def _next_member(behind: bytes, compressed: Iterator[bytes]) -> bytes:
    """The begin of the next member; nothing where zeros alone are left. Raises TrailingBytesError where it is none."""
    raw = behind.lstrip(b"\0")
    while len(raw) < len(GZIP) and (more := next(compressed, b"")):
        raw = (raw + more).lstrip(b"\0")
    if raw and not raw.startswith(GZIP):
        raise TrailingBytesError
    return raw


def _until_broken(member: "zlib._Decompress", raw: bytes) -> bytes:
    """What a piece holds before the byte that breaks it: zlib keeps that back, also where only the checksum at the end is wrong."""
    parts: list[bytes] = []
    try:
        for place in range(len(raw)):
            parts.append(member.decompress(raw[place : place + 1]))  # noqa: PERF401 - the error ends it, and what came before is kept
    except zlib.error:
        pass
    return b"".join(parts)


def _small_pieces(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Compressed bytes in small pieces: where a piece is corrupt, only its own content is lost."""
    block = head
    while block:
        for start in range(0, len(block), READ_BYTES):
            yield block[start : start + READ_BYTES]
        block = stream.read(BLOCK_BYTES)


def _unzstd(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """All frames. In small pieces, since a piece that cannot be filled is lost when the file breaks off."""
    source = pa.PythonFile(_Joined(head, stream), mode="r")
    with pa.CompressedInputStream(source, "zstd") as content:
        while True:
            try:
                block = content.read(READ_BYTES)
            except OSError as error:
                raise BrokenStreamError(str(error)) from error
            if not block:
                return
            yield block


class _Joined(io.RawIOBase):
    """The block that was read to tell the format, then the rest of the stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._head.read(size) or self._stream.read(size)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark, or by two first characters of one byte each, as every JSON and header begins; None for anything else."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = [place for place, byte in enumerate(head[:4]) if byte == 0]
    return "utf-16-le" if zeros == [1, 3] else "utf-16-be" if zeros == [0, 2] else None


def _recoded(encoding: str, head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-16 as UTF-8. A lone surrogate or half a character becomes invalid UTF-8, so that its line is told as badly encoded."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    yield decoder.decode(head).encode("utf-8", errors="surrogatepass")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", errors="surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"
