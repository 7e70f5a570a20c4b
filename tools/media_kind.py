"""What a file really is, by its first bytes; neither its name nor its sender is believed."""

import struct

MB = 1024 * 1024
#: Most bytes of a file that is kept, by its type. Meta's limits, but 16 MB for documents.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
LIMITS = {
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "image/webp": 1 * MB,
    "application/pdf": 16 * MB,
    "audio/ogg": 16 * MB,
    "audio/mpeg": 16 * MB,
    "audio/aac": 16 * MB,
    "audio/amr": 16 * MB,
    "audio/mp4": 16 * MB,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
}
#: No file is read further than this.
MOST = max(LIMITS.values())
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
}
#: Pixels of a picture that a browser can be asked to show.
PIXELS = 50_000_000
#: Markers of a JPEG that hold its size: all frames but DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def kind_of(content):
    """Return the media type of ``content`` (bytes), None where it is none that is kept."""
    head = content[:16]
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand.startswith(b"3g"):
            return "video/3gpp"
        return "audio/mp4" if brand.startswith(b"M4A") else "video/mp4"
    if head.startswith(b"ID3"):
        return "audio/mpeg"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # Layer 0 in the frame's header is what AAC has in the place of MPEG's layers.
        return "audio/aac" if head[1] & 0x06 == 0 else "audio/mpeg"
    return None


def problem_of(content, kind):
    """Return why ``content`` of type ``kind`` is not kept: ``empty``, ``large``, ``pixels``; or
    None."""
    if not content:
        return "empty"
    if len(content) > LIMITS[kind]:
        return "large"
    size = {"image/png": _png_size, "image/jpeg": _jpeg_size, "image/webp": _webp_size}.get(kind)
    if size:
        try:
            width, height = size(content)
        except (struct.error, IndexError, ValueError):
            return "broken"
        if not width or not height or width * height > PIXELS:
            return "pixels"
    return None


def _png_size(content):
    if content[12:16] != b"IHDR":
        raise ValueError("no header")
    return struct.unpack(">II", content[16:24])


def _jpeg_size(content):
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            raise ValueError("no marker")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    raise ValueError("no frame")


def _webp_size(content):
    form = content[12:16]
    if form == b"VP8X":
        return (
            1 + int.from_bytes(content[24:27], "little"),
            1 + int.from_bytes(content[27:30], "little"),
        )
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF
