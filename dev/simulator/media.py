"""Files: what Meta takes, and how long their content is kept here."""

import hashlib
import zlib
from collections import OrderedDict

from .errors import GraphError

MB = 1024 * 1024
INBOUND_TTL_S = 7 * 86400
URL_TTL_S = 300
_IMAGE = {"image/jpeg", "image/png"}
_DOCUMENT = {
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/plain",
}
_AUDIO = {"audio/aac", "audio/amr", "audio/mp4", "audio/mpeg", "audio/ogg"}
_VIDEO = {"video/3gpp", "video/mp4"}
# kind of message: (types, most bytes)
KINDS = {
    "document": (_DOCUMENT, 100 * MB),
    "image": (_IMAGE, 5 * MB),
    "audio": (_AUDIO, 16 * MB),
    "video": (_VIDEO, 16 * MB),
    "sticker": ({"image/webp"}, 512 * 1024),
}
LIMITS = {mime: size for types, size in KINDS.values() for mime in types}


class Media:
    """One file; ``content`` is None once forgotten."""

    __slots__ = (
        "at",
        "content",
        "filename",
        "id",
        "inbound",
        "mime_type",
        "phone_number_id",
        "sha256",
        "size",
    )

    def __init__(self, media_id, phone_number_id, content, mime_type, filename, at, inbound):
        self.id = media_id
        self.phone_number_id = phone_number_id
        self.content = content
        self.mime_type = mime_type
        self.filename = filename
        self.size = len(content)
        self.sha256 = hashlib.sha256(content).digest()
        self.at = at
        self.inbound = inbound


class MediaStore:
    """Files by id. The newest contents are kept up to ``media_keep_mb``; ids live on."""

    def __init__(self, settings):
        self._settings = settings
        self.clear()

    def clear(self):
        """Forget all files."""
        self._by_id = {}
        self._held = OrderedDict()
        self.bytes = 0
        self.uploads = 0
        self._next_id = 880000000000000

    def __len__(self):
        return len(self._by_id)

    def add(self, phone_number_id, content, mime_type, filename, at, inbound=False):
        """Keep a file.

        :param float at: epoch seconds
        :raises GraphError: 131053, for a type or size that Meta refuses
        :return: the Media
        """
        most = LIMITS.get(mime_type)
        if most is None:
            raise GraphError(131053, f"Files of type {mime_type} are not supported.")
        if not content:
            raise GraphError(131053, "The file is empty.")
        if len(content) > most:
            raise GraphError(
                131053, f"The file has {len(content)} bytes; {mime_type} may have {most}."
            )
        self._next_id += 1
        media = Media(
            str(self._next_id), phone_number_id, content, mime_type, filename, at, inbound
        )
        self._by_id[media.id] = media
        self._held[media.id] = media
        self.bytes += media.size
        self.uploads += not inbound
        while self.bytes > self._settings.media_keep_mb * MB and len(self._held) > 1:
            _id, oldest = self._held.popitem(last=False)
            self.bytes -= oldest.size
            oldest.content = None
        return media

    def get(self, media_id, now):
        """:return: the Media, or None when unknown, deleted or expired"""
        media = self._by_id.get(media_id)
        if media is None:
            return None
        ttl = INBOUND_TTL_S if media.inbound else self._settings.media_ttl_s
        return media if now - media.at < ttl else None

    def remove(self, media):
        """Delete a file."""
        del self._by_id[media.id]
        if self._held.pop(media.id, None):
            self.bytes -= media.size
            media.content = None

    def sendable(self, media_id, kind, phone_number_id, now):
        """The file of a message that a business sends.

        :raises GraphError: 100 when it has no such file, 131053 when it is of another kind
        :return: the Media
        """
        media = self.get(media_id, now) if isinstance(media_id, str) else None
        if media is None or media.inbound or media.phone_number_id != phone_number_id:
            raise GraphError(
                100,
                f"Param {kind}['id'] is not a valid whatsapp business account media attachment ID",
            )
        if media.mime_type not in KINDS[kind][0]:
            raise GraphError(131053, f"Media of type {media.mime_type} cannot be sent as {kind}.")
        return media


def sample_pdf(text):
    """:return: a one-page PDF with a line of Latin text, for inbound documents without data"""
    safe = text.encode("latin-1", "replace").replace(b"\\", b"").translate(None, b"()")
    stream = b"BT /F1 18 Tf 60 760 Td (%b) Tj ET" % safe
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%b endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def sample_png(width=320, height=200):
    """:return: a PNG with a soft gradient, for inbound images without data"""
    rows = b"".join(
        b"\x00"
        + b"".join(
            bytes((90 + 120 * x // width, 130 + 80 * y // height, 150)) for x in range(width)
        )
        for y in range(height)
    )

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return len(data).to_bytes(4, "big") + kind + data + crc.to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def sample_webp(width=64, height=64):
    """:return: the header of a lossless WebP, for inbound stickers without data"""
    size = (width - 1) | (height - 1) << 14
    body = b"VP8L" + (5).to_bytes(4, "little") + b"\x2f" + size.to_bytes(4, "little") + b"\0"
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body
