from odoo import api, fields, models
from odoo.exceptions import UserError

from .consumer_kyc import TAKEN_STATES

# What one person's connections have in common; the state goes along with the number.
SHARED_FIELDS = [
    "phone",
    "email",
    "lang",
    "discom_whatsapp_number",
    "discom_id_kind",
    "discom_id_last4",
    "discom_id_seen",
]
# By which a connection is put below a person, or below another connection.
PERSON_FIELDS = {"parent_id", "child_ids"}
#: Connections proposed for one person, at most.
PROPOSED_LIMIT = 20


class ResPartner(models.Model):
    """A person with several connections: each is a consumer below one contact, the person."""

    _inherit = "res.partner"

    discom_connection_ids = fields.Many2many(
        "res.partner",
        string="Also has",
        compute="_compute_discom_connection_ids",
        help="The other connections of the same person.",
    )
    discom_connection_count = fields.Integer(
        "Other connections", compute="_compute_discom_connection_ids"
    )
    discom_same_person_ids = fields.Many2many(
        "res.partner",
        string="Perhaps the same person",
        compute="_compute_discom_same_person_ids",
        help="Connections with the same name, guardian and number that are not joined.",
    )

    @api.depends("parent_id")
    def _compute_discom_connection_ids(self):
        siblings = self.search(
            [("parent_id", "in", self.parent_id.ids), ("discom_consumer", "=", True)]
        ).grouped("parent_id")
        for partner in self:
            found = (
                siblings.get(partner.parent_id, self.browse()) if partner.parent_id else self[:0]
            )
            partner.discom_connection_ids = found - partner._origin
            partner.discom_connection_count = len(partner.discom_connection_ids)

    @api.depends("name", "discom_guardian_name", "discom_whatsapp_number", "parent_id")
    def _compute_discom_same_person_ids(self):
        """Look among those on the same number, one query for all; few share a number."""
        numbers = {number for number in self.mapped("discom_whatsapp_number") if number}
        by_number = self.search(
            [
                ("discom_consumer", "=", True),
                ("discom_whatsapp_number", "in", list(numbers)),
            ],
            limit=PROPOSED_LIMIT * max(1, len(numbers)),
        ).grouped("discom_whatsapp_number")
        for partner in self:
            others = by_number.get(partner.discom_whatsapp_number, self.browse())
            partner.discom_same_person_ids = others.filtered(
                lambda other, partner=partner: (
                    other != partner._origin
                    and _key(other) == _key(partner)
                    and (not other.parent_id or other.parent_id != partner.parent_id)
                    and other.company_id == partner.company_id
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        names = ("discom_consumer", *PERSON_FIELDS)
        defaults = {name: self.env.context.get(f"default_{name}") for name in names}
        merged = [{**defaults, **vals} for vals in vals_list]
        if any(
            vals["discom_consumer"] and any(vals[name] for name in PERSON_FIELDS) for vals in merged
        ):
            self._discom_check_parent()
        return super().create(vals_list)

    def write(self, vals):
        if PERSON_FIELDS & vals.keys() and self.filtered("discom_consumer"):
            self._discom_check_parent()
        return super().write(vals)

    # === ACTIONS === #

    def action_discom_connections(self):
        """Open the other connections of the same person."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_consumer_action")
        action["domain"] = [("id", "in", self.discom_connection_ids.ids)]
        return action

    def action_discom_join(self):
        """Put this connection and those proposed below one contact, the person."""
        self.ensure_one()
        self.check_access("write")
        others = self.discom_same_person_ids
        if not others:
            raise UserError(
                self.env._(
                    "No other connection seems to belong to %(consumer)s: name, guardian "
                    "and number would have to agree.",
                    consumer=self.display_name,
                )
            )
        others.check_access("write")
        person = self.parent_id or others.parent_id[:1]
        if not person:
            # The roles write consumers only; a person is an ordinary contact without numbers.
            person = self.sudo().create({"name": self.name, "company_id": self.company_id.id})
        # sudo: nobody joins by hand; the button has checked that the connections agree.
        # An address of the kind "contact" would be overwritten with that of the person.
        (self | others).sudo().write({"parent_id": person.id, "type": "other"})

    def action_discom_copy_kyc(self):
        """Give the other connections of this person the same contact data and consents."""
        self.ensure_one()
        others = self.discom_connection_ids
        if not others:
            raise UserError(
                self.env._(
                    "Account %(account)s has no other connection. Put those of the person "
                    "together first.",
                    account=self.discom_account_no,
                )
            )
        if not self.discom_whatsapp_number:
            raise UserError(
                self.env._(
                    "Account %(account)s has no WhatsApp number to copy. Enter it first.",
                    account=self.discom_account_no,
                )
            )
        self._discom_check_copy(others)
        evidence = self.env._("Copied from account %(account)s", account=self.discom_account_no)
        values = {
            name: self[name]
            for name in SHARED_FIELDS
            if self[name] or name == "discom_whatsapp_number"
        }
        others.check_access("write")
        # sudo: the way in which the number was taken goes along, also where nobody may claim it.
        others = others.sudo()._discom_by_way(self.discom_kyc_source, evidence=evidence)
        others.write(values)
        if self.discom_kyc_state == "verified":
            others.filtered(
                lambda other: other.discom_kyc_state != "verified"
            )._discom_prove_number(evidence, self._discom_kyc_way().source)
        self._discom_copy_consents(others, evidence)

    # === BUSINESS METHODS === #

    def _discom_check_copy(self, others):
        """A number is copied as captured today, so a bad one would look good on the others.

        :raise UserError: where the number is not in use, or would take the place of a verified one
        """
        if self.discom_kyc_state not in TAKEN_STATES:
            states = dict(self._fields["discom_kyc_state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "The number of account %(account)s is not in use (KYC: %(state)s), so it is "
                    "not copied to %(others)s. Ask the consumer for a number, then copy that.",
                    account=self.discom_account_no,
                    state=states.get(self.discom_kyc_state, ""),
                    others=others._discom_names(),
                )
            )
        proved = others.filtered(
            lambda other: (
                other.discom_kyc_state == "verified"
                and other.discom_whatsapp_number != self.discom_whatsapp_number
            )
        )
        if proved and self.discom_kyc_state != "verified":
            raise UserError(
                self.env._(
                    "Another number is verified on %(others)s, that of account %(account)s is not. "
                    "Verify this number first, or copy KYC from there.",
                    others=proved._discom_names(),
                    account=self.discom_account_no,
                )
            )

    @api.model
    def _discom_check_parent(self):
        """Proofs and consents are copied within a person, so who belongs to it is no free choice.

        :raise UserError: where a clerk would choose the person of a connection
        """
        user = self.env.user
        if not (
            self.env.su
            or user.has_group("base.group_partner_manager")
            or user.has_group("discom.group_administrator")
        ):
            raise UserError(
                self.env._(
                    "Connections of one person are joined with the button of the consumer, where "
                    "name, guardian and number agree."
                )
            )

    def _discom_copy_consents(self, others, evidence):
        """Record for ``others`` what is in force here, with the notice and way it was given."""
        entries = self.env["discom.consent"].search([("partner_id", "=", self.id)])
        newest = {}
        for entry in entries:
            newest.setdefault(entry.purpose, entry)
        groups = {}
        for entry in newest.values():
            key = (entry.action, entry.method, entry.notice_version, entry.notice_lang)
            groups.setdefault(key, []).append(entry.purpose)
        for (action, method, version, lang), purposes in groups.items():
            others._discom_record_consent(
                action,
                purposes,
                method,
                notice_version=version,
                notice_lang=lang,
                evidence=evidence,
            )


def _key(consumer):
    """Return what two connections of one person agree in, apart from the number."""
    return tuple(
        " ".join((consumer[name] or "").casefold().split())
        for name in ("name", "discom_guardian_name")
    )
