from odoo import api, fields, models
from odoo.tools import SQL

from .whatsapp_message import PRIORITY_OUTAGE


class DiscomOutageVillage(models.Model):
    """A village below an outage, how many there WhatsApp does not reach, and who tells them.

    Written when the outage is announced. The contact person of the village gets one message.
    """

    _name = "discom.outage.village"
    _description = "Village of an outage"
    _inherit = ["discom.whatsapp.mixin"]
    _order = "outage_id desc, unreached desc, village"
    _rec_name = "village"

    outage_id = fields.Many2one("discom.outage", required=True, readonly=True, ondelete="cascade")
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict", index=True)
    village = fields.Char("Village or ward", required=True, readonly=True)
    consumers = fields.Integer(readonly=True)
    unreached = fields.Integer(
        "Not on WhatsApp", readonly=True, help="Without a number, without consent, or bounced."
    )
    partner_id = fields.Many2one(
        "res.partner", "Contact person", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    state = fields.Selection(related="outage_id.state", string="State of the outage")

    _once = models.UniqueIndex(
        "(outage_id, office_id, village, COALESCE(partner_id, 0))",
        "The village is on the list of this outage already.",
    )

    def action_open_unreached(self):
        """Open the consumers of the village who have to be told by word of mouth."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT affected.partner_id
                  FROM (%(affected)s) AS affected
                  JOIN res_partner partner ON partner.id = affected.partner_id
                 WHERE partner.discom_village = %(village)s
                   AND partner.discom_office_id = %(office)s
                   AND %(unreached)s
                """,
                affected=self.outage_id._sql_affected(),
                village=self.village,
                office=self.office_id.id,
                unreached=self._sql_unreached(),
            )
        )
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_consumer_action")
        action["domain"] = [("id", "in", [partner_id for (partner_id,) in rows])]
        action["context"] = {"create": False}
        return action

    # === WHATSAPP === #

    @api.model
    def _whatsapp_purposes(self):
        return {
            # Who agreed to be the contact person of a village agreed to these messages.
            "outage_contact": {"consent": False, "priority": PRIORITY_OUTAGE, "urgent": True},
        }

    @api.model
    def _whatsapp_variables(self):
        return {
            **self.env["discom.outage"]._whatsapp_variables(),
            "village": self.env._("Village"),
            "consumers": self.env._("Consumers of the village"),
            "unreached": self.env._("Consumers without WhatsApp"),
        }

    def _whatsapp_values(self, lang, purpose):
        """Those of the outage, with the village, its consumers and how many are not reached."""
        outages = self.outage_id._whatsapp_values(lang, "outage_planned")
        signing = self.env["discom.whatsapp.audience"]._signing_offices(set(self.office_id.ids))
        hindi = lang.startswith("hi")

        def office(row):
            signed = signing[row.office_id.id]
            return (hindi and signed.name_hi) or signed.name

        return {
            row.id: {
                **outages[row.outage_id.id],
                # A contact person belongs to no office: the village does.
                "office": office(row),
                "village": row.village,
                "consumers": str(row.consumers),
                "unreached": str(row.unreached),
            }
            for row in self
        }

    def _whatsapp_expiry(self, purpose):
        outages = self.outage_id._whatsapp_expiry("outage_planned")
        return {row.id: outages[row.outage_id.id] for row in self}

    def _whatsapp_stale(self, purpose):
        """What is over is not announced any more."""
        return self.filtered(lambda row: row.outage_id.state in ("restored", "cancelled"))

    @api.model
    def _sql_unreached(self):
        """SQL condition on ``partner``: WhatsApp does not carry news of outages there."""
        return SQL(
            """
            (COALESCE(partner.discom_whatsapp_number, '') = ''
             OR partner.discom_kyc_state = 'bounced'
             OR partner.discom_consent_outages IS DISTINCT FROM 'given')
            """
        )

    @api.model
    def _list(self, outages):
        """Write the villages of outages that are announced; those listed already stay.

        :return: the rows with a contact person and somebody to tell
        """
        self.flush_model()
        self.env["discom.outage.contact"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_outage_village (
                    outage_id, office_id, village, consumers, unreached, partner_id,
                    create_uid, create_date, write_uid, write_date)
                SELECT place.outage_id, place.office_id, place.village, place.consumers,
                       place.unreached, contact.partner_id,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (SELECT affected.outage_id, partner.discom_office_id AS office_id,
                               partner.discom_village AS village, count(*) AS consumers,
                               count(*) FILTER (WHERE %(unreached)s) AS unreached
                          FROM (%(affected)s) AS affected
                          JOIN res_partner partner ON partner.id = affected.partner_id
                         WHERE partner.discom_village > ''
                         GROUP BY 1, 2, 3) place
                  JOIN discom_office office ON office.id = place.office_id
             LEFT JOIN (discom_outage_contact contact
                        JOIN discom_office above ON above.id = contact.office_id)
                    ON contact.active AND lower(contact.village) = lower(place.village)
                   AND office.parent_path LIKE above.parent_path || '%%'
                    ON CONFLICT DO NOTHING
                """,
                uid=self.env.uid,
                unreached=self._sql_unreached(),
                affected=outages._sql_affected(),
            )
        )
        self.invalidate_model()
        return self.search(
            [
                ("outage_id", "in", outages.ids),
                ("partner_id", "!=", False),
                ("unreached", ">", 0),
            ]
        )


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    village_ids = fields.One2many("discom.outage.village", "outage_id", "Villages", readonly=True)
    unreached_count = fields.Integer("Not on WhatsApp", compute="_compute_unreached_count")

    @api.depends("village_ids")
    def _compute_unreached_count(self):
        counts = dict(
            self.env["discom.outage.village"]._read_group(
                [("outage_id", "in", self.ids)], ["outage_id"], ["unreached:sum"]
            )
        )
        for outage in self:
            outage.unreached_count = counts.get(outage._origin, 0)

    def action_view_villages(self):
        """Open the villages of the outage, with who has to be told by word of mouth."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_outage_village_action"
        )
        action["domain"] = [("outage_id", "=", self.id)]
        return action

    def _tell_villages(self):
        """List the villages, and tell their contact persons."""
        # sudo: the list is made from all consumers below the assets, whoever announces.
        rows = self.env["discom.outage.village"].sudo()._list(self)
        if rows:
            self._send_quietly("outage_contact", rows.with_env(self.env))
