from odoo import api, fields, models


class DiscomWhatsappPerson(models.Model):
    """Which number a person has who is known to WhatsApp by an id alone.

    People who chose a user name may write without showing their number; Meta then names them by an
    id that is theirs at this business. Where it tells both, the pair is remembered.
    https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
    """

    _name = "discom.whatsapp.person"
    _description = "WhatsApp Person"
    _log_access = False
    _rec_name = "wa_user_id"

    wa_user_id = fields.Char("User ID", required=True, readonly=True)
    phone = fields.Char("WhatsApp Number", required=True, readonly=True, personal="phone")

    _wa_user_id_uniq = models.UniqueIndex("(wa_user_id)")

    @api.model
    def _learn(self, people):
        """Remember numbers, the newest of each person.

        :param list[dict] people: ``user_id`` and ``phone``
        """
        pairs = {row["user_id"]: row["phone"] for row in people}
        if not pairs:
            return
        self.env.cr.execute(
            """
            INSERT INTO discom_whatsapp_person AS known (wa_user_id, phone)
            SELECT * FROM unnest(%s, %s) AS v (wa_user_id, phone) ORDER BY wa_user_id
                ON CONFLICT (wa_user_id) DO UPDATE SET phone = EXCLUDED.phone
                WHERE known.phone <> EXCLUDED.phone
            """,
            [list(pairs), list(pairs.values())],
        )

    @api.model
    def _phones(self, user_ids):
        """Return {user id: phone} of those that are known."""
        if not user_ids:
            return {}
        self.env.cr.execute(
            "SELECT wa_user_id, phone FROM discom_whatsapp_person WHERE wa_user_id = ANY(%s)",
            [list(user_ids)],
        )
        return dict(self.env.cr.fetchall())


class DiscomWhatsappMessage(models.Model):
    """Who wrote, where the number is hidden or has changed."""

    _inherit = "discom.whatsapp.message"

    wa_user_id = fields.Char(
        "WhatsApp User ID", readonly=True, help="Of who wrote, where WhatsApp tells it."
    )

    _wa_user_idx = models.Index("(wa_user_id, id) WHERE wa_user_id IS NOT NULL")

    @api.model
    def _receive(self, rows):
        """Extend: find hidden numbers, and take note of changed ones."""
        persons = self.env["discom.whatsapp.person"]
        hidden = {row["user_id"] for row in rows if row.get("user_id") and not row["phone"]}
        phones = persons._phones(hidden)
        for row in rows:
            if not row["phone"]:
                row["phone"] = phones.get(row.get("user_id"), "")
        self._note_new_numbers(rows)
        return super()._receive(rows)

    @api.model
    def _inbound_values(self, row):
        return {**super()._inbound_values(row), "wa_user_id": row.get("user_id") or False}

    @api.model
    def _note_new_numbers(self, rows):
        """Mark as stale the numbers whose owners have moved to another one.

        The new number is not written to on WhatsApp's word alone: it may have been taken over. It
        stands in the history of the consumer, who is asked to confirm it.
        """
        for row in rows:
            if row.get("new_phone") and row["phone"]:
                self._set_kyc_state(
                    {row["phone"]},
                    ("captured", "verified"),
                    "stale",
                    self.env._("WhatsApp: the number has changed to %s", row["new_phone"]),
                )
