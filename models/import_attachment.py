import hashlib
import os
import shutil
from pathlib import Path

from odoo import models


class IrAttachment(models.Model):
    """What an import writes goes into the filestore piece by piece, whatever its size."""

    _inherit = "ir.attachment"

    def _discom_take(self, path, mimetype):
        """Make a copy of the file at ``path`` the content, as ``_set_attachment_data`` of Odoo does
        with content that is held in memory."""
        self.ensure_one()
        if self._storage() == "db":
            self.write({"raw": Path(path).read_bytes(), "mimetype": mimetype})
            return
        with open(path, "rb") as file:
            # Not for safety: the filestore names its files so.
            checksum = hashlib.file_digest(file, "sha1").hexdigest()
        before, name = self.store_fname, f"{checksum[:2]}/{checksum}"
        models.Model.write(
            self,
            {
                "file_size": os.path.getsize(path),
                "checksum": checksum,
                "store_fname": name,
                "db_datas": False,
                "mimetype": mimetype,
                "index_content": False,
            },
        )
        # Before the filestore is touched, so that its cleaning waits for this transaction.
        self.flush_recordset()
        if before:
            self._file_delete(before)
        target = Path(self._full_path(name))
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            self._mark_for_gc(name)
