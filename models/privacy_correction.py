"""What is corrected of a person's data stands in the audit journal: which fields, by whom, when."""

from odoo import fields, models

#: What says who and where a person is. What is taken as KYC has a journal of its own, with values:
#: see consumer_kyc_event.py.
CORRECTED = (
    *("name", "discom_name_hi", "discom_guardian_name", "vat"),
    *("street", "street2", "zip", "city", "state_id", "country_id"),
    *("discom_village", "discom_village_hi"),
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        names = [name for name in CORRECTED if name in vals]
        user = self.env.user
        if not names or user._is_superuser() or not user.has_group("discom.group_staff"):
            return super().write(vals)
        # sudo: that something was corrected is written down whatever who acts may read.
        consumers = self.sudo().filtered("discom_consumer")
        before = {consumer: [consumer[name] or False for name in names] for consumer in consumers}
        result = super().write(vals)
        changed, labels = consumers.browse(), {}
        for consumer, values in before.items():
            for name, value in zip(names, values, strict=True):
                if (consumer[name] or False) != value:
                    changed |= consumer
                    labels[name] = self._fields[name]._description_string(self.env)
        if changed:
            self.env["discom.audit.entry"]._log(
                "correction",
                changed,
                self.env._("Changed: %(fields)s", fields=", ".join(labels.values())),
            )
        return result


class DiscomPrivacyRequest(models.Model):
    _inherit = "discom.privacy.request"

    def _corrected(self):
        """Return the names of what was changed of the person since the request came in."""
        self.ensure_one()
        since = fields.Datetime.to_datetime(self.create_date)
        # sudo: managers do not read all journals; these are names of fields, no values.
        events = self.env["discom.kyc.event"].sudo()
        taken = events.search(
            [("partner_id", "=", self.partner_id.id), ("date", ">=", since)], order="id"
        )
        labels = dict(events._fields["field"]._description_selection(self.env))
        entries = (
            # sudo: managers do not read all journals; these are names of fields, no values.
            self.env["discom.audit.entry"]
            .sudo()
            .search(
                [
                    ("kind", "=", "correction"),
                    ("model", "=", "res.partner"),
                    ("res_id", "=", self.partner_id.id),
                    ("at", ">=", since),
                ],
                order="id",
            )
        )
        texts = [labels.get(event.field, event.field) for event in taken]
        return list(dict.fromkeys([*entries.mapped("text"), *texts]))
