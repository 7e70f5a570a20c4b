from odoo import models

#: Roles whose work needs the data of a kind, whoever it belongs to in their offices:
#: numbers and addresses to take KYC and to send; the house, not the phone, to bring supply back;
#: what is written on a document only where it is looked at. The division manager has all roles.
DUTIES = {
    "phone": ("discom.group_counter_clerk", "discom.group_billing_clerk"),
    "email": ("discom.group_counter_clerk", "discom.group_billing_clerk"),
    "address": (
        "discom.group_counter_clerk",
        "discom.group_billing_clerk",
        "discom.group_outage_operator",
    ),
    "document": ("discom.group_counter_clerk",),
    # Files of the billing system as they came, and the rows refused from them.
    "file": ("discom.group_billing_clerk",),
    # What somebody owes: all roles but field staff, who see bills of those they are sent to.
    "dues": (
        "discom.group_counter_clerk",
        "discom.group_billing_clerk",
        "discom.group_outage_operator",
        "discom.group_auditor",
    ),
    # A change of any of these, as the journal of KYC keeps it.
    "change": ("discom.group_counter_clerk",),
}


class ResUsers(models.Model):
    _inherit = "res.users"

    def _discom_has_duty(self, kind, groups=()):
        """Tell whether the user sees data of ``kind`` in full wherever he reads the record.

        Who has none of our roles reads no consumer at all; of ordinary contacts nothing is masked.

        :param groups: that see it beside those whose duty it always is
        """
        return (
            self._is_superuser()
            or not self.has_group("discom.group_staff")
            or any(map(self.has_group, (*DUTIES[kind], *groups)))
        )

    def _discom_is_masked(self):
        """Tell whether something is masked for this user at all."""
        return not all(map(self._discom_has_duty, DUTIES))
