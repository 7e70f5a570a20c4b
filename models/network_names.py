from odoo import models

#: Records that a text names before it only counts the rest.
NAMED = 3


class Base(models.AbstractModel):
    """Many records in one sentence."""

    _inherit = "base"

    def _discom_names(self):
        """Return the names of the first of these records, and how many more there are."""
        names = ", ".join(record.display_name or "" for record in self[:NAMED])
        if len(self) <= NAMED:
            return names
        return self.env._("%(names)s and %(count)s more", names=names, count=len(self) - NAMED)
