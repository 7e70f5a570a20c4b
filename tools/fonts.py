"""Which characters the fonts of the documents can print."""

import struct
from functools import cache
from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"


@cache
def coverage():
    """Characters that one of the fonts in ``static/fonts`` has a picture of, as a frozen set of
    code points."""
    return frozenset().union(*(_characters(path.read_bytes()) for path in FONTS.glob("*.ttf")))


def _characters(font):
    """Code points of a TrueType font, read from its table ``cmap``, formats 4 and 12 (OpenType
    specification 1.9, https://learn.microsoft.com/typography/opentype/spec/cmap)."""
    for at in range(12, 12 + 16 * struct.unpack_from(">H", font, 4)[0], 16):
        tag, _checksum, start, _length = struct.unpack_from(">4sLLL", font, at)
        if tag == b"cmap":
            break
    found = set()
    for at in range(start + 4, start + 4 + 8 * struct.unpack_from(">H", font, start + 2)[0], 8):
        table = start + struct.unpack_from(">L", font, at + 4)[0]
        kind = struct.unpack_from(">H", font, table)[0]
        if kind == 4:
            double = struct.unpack_from(">H", font, table + 6)[0]
            count = double // 2
            ends = struct.unpack_from(f">{count}H", font, table + 14)
            starts = struct.unpack_from(f">{count}H", font, table + 16 + double)
            ranges = zip(starts, ends, strict=True)
        elif kind == 12:
            count = struct.unpack_from(">L", font, table + 12)[0]
            ranges = struct.iter_unpack(">LLL", font[table + 16 : table + 16 + 12 * count])
        else:
            continue
        for first, last, *_glyph in ranges:
            found.update(range(first, last + 1))
    return found - {0xFFFF}
