from odoo import models
from odoo.exceptions import AccessError, ValidationError


class DiscomImport(models.Model):
    """Who may import what, and for which office."""

    _inherit = "discom.import"

    def _check_rights(self):
        """Offices are set up by the administrator, the master data are the manager's, the rest is
        the billing clerk's daily work.

        :raise AccessError, ValidationError: when the current user may not import these
        """
        if self.env.su:
            return
        user = self.env.user
        for record in self:
            group = {
                "office": "group_administrator",
                "asset": "group_division_manager",
                "consumer": "group_division_manager",
            }.get(record.kind, "group_billing_clerk")
            if not user.has_group(f"discom.{group}"):
                raise AccessError(
                    self.env._(
                        "Importing %(kind)s needs another role than yours.",
                        kind=dict(self._fields["kind"]._description_selection(self.env))[
                            record.kind
                        ],
                    )
                )
            if user.has_group("discom.group_administrator"):
                continue
            if not record.office_id:
                raise ValidationError(self.env._("Choose the office that the file is for."))
            # The rule lets everybody see his own imports, so it does not say this.
            offices = record.office_id.search([("id", "child_of", user.discom_scope_ids.ids)])
            if record.office_id not in offices:
                raise ValidationError(
                    self.env._(
                        "%(office)s is not among your offices. Choose one of yours, or ask the "
                        "administrator to give you that one.",
                        office=record.office_id.display_name,
                    )
                )
