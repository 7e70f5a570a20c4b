from odoo import api, fields, models


class DiscomOutageContact(models.Model):
    """The person through whom a village hears of an outage: Pradhan, lineman, shopkeeper.

    Gets one message about an outage, with the number of consumers of the village that WhatsApp does
    not reach, to pass the news on.
    """

    _name = "discom.outage.contact"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Village contact person"
    _order = "village, id"
    _rec_names_search = ["village", "name"]
    # These persons are asked to pass news on by those who work on the outage.
    _personal_groups = ("discom.group_outage_operator",)
    _check_company_auto = True
    _no_aadhaar = ("village", "name")

    village = fields.Char("Village or ward", required=True, help="As written at the consumers.")
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env.user.discom_scope_ids[:1],
        help="Whose consumers of this village.",
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    name = fields.Char("Person", required=True)
    whatsapp_number = fields.Char("WhatsApp number", required=True, personal="phone")
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        readonly=True,
        ondelete="restrict",
        index=True,
        copy=False,
        help="Card of this person, to which messages are addressed.",
    )
    role = fields.Selection(
        [
            ("pradhan", "Pradhan"),
            ("lineman", "Lineman"),
            ("sakhi", "Bijli Sakhi"),
            ("other", "Other"),
        ],
        required=True,
        default="pradhan",
    )
    agreed_on = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="When this person agreed to get these messages. Nobody is written to who has not.",
    )
    active = fields.Boolean(default=True)

    _once = models.UniqueIndex(
        "(office_id, lower(village), whatsapp_number) WHERE active",
        "This person is a contact of this village already. Change that line.",
    )

    @api.depends("village", "name")
    def _compute_display_name(self):
        for contact in self:
            contact.display_name = " · ".join(filter(None, (contact.village, contact.name)))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop("partner_id", None)
            self._clean(vals)
        contacts = super().create(vals_list)
        # sudo: staff do not edit the address book; the card holds only what they enter here.
        cards = self.env["res.partner"].sudo().create([contact._card() for contact in contacts])
        for contact, card in zip(contacts, cards, strict=True):
            contact.partner_id = card.id
        return contacts

    def write(self, vals):
        vals = self._clean(dict(vals))
        result = super().write(vals)
        if {"name", "whatsapp_number"} & vals.keys():
            for contact in self:
                # sudo: staff do not edit the address book; the card holds what they enter here.
                contact.sudo().partner_id.write(contact._card())
        return result

    @api.model
    def _clean(self, vals):
        """Bring the number in ``vals`` into its one form, in place; raise where it is none."""
        if vals.get("whatsapp_number"):
            vals["whatsapp_number"] = self.env["res.partner"]._discom_normalise_number(
                vals["whatsapp_number"]
            )
        return vals

    def _card(self):
        """Values of the card of this person in the address book."""
        self.ensure_one()
        return {
            "name": self.name,
            "discom_whatsapp_number": self.whatsapp_number,
            "lang": self.env["res.partner"]._discom_default_lang(),
        }
