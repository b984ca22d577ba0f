"""A small picture of few colours as a PNG, the same bytes for the same picture: lines of colour numbers in, bytes out.

Format: https://www.w3.org/TR/png-3/ - colour type 3 (palette) at 4 bits a pixel, one transparency value a colour.
"""

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS_MAX = 16
Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255 each."""


def png(lines: Sequence[bytes], palette: Sequence[Colour]) -> bytes:
    """The picture whose `lines`, all of one length, from the top hold a number of `palette` for each pixel."""
    if not lines or not lines[0] or len(palette) > COLOURS_MAX or any(len(line) != len(lines[0]) for line in lines):
        raise ValueError("a picture needs lines of one length and at most 16 colours")
    head = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 4, 3, 0, 0, 0)
    packed: dict[bytes, bytes] = {}
    raw = b"".join(packed.setdefault(line, b"\0" + _packed(line)) for line in lines)
    colours = b"".join(bytes(colour[:3]) for colour in palette)
    opacity = bytes(colour[3] for colour in palette)
    chunks = [(b"IHDR", head), (b"PLTE", colours), (b"tRNS", opacity), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def _packed(line: bytes) -> bytes:
    """Two pixels a byte, the left one in the upper half."""
    even = line + b"\0" * (len(line) % 2)
    return bytes(left << 4 | right for left, right in zip(even[::2], even[1::2], strict=True))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
