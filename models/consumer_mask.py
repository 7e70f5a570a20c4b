from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.personal import SIGN

#: Context keys with which Odoo writes more than the name into the name of a contact.
TELLING_KEYS = ("show_address", "show_email", "show_vat")


class ResPartner(models.Model):
    """What is personal of a consumer, and to whom it is shown."""

    _name = "res.partner"
    _inherit = ["res.partner", "discom.mask.mixin"]

    phone = fields.Char(personal="phone")
    phone_sanitized = fields.Char(personal="phone")
    phone_mobile_search = fields.Char(personal="phone")
    email = fields.Char(personal="email")
    email_normalized = fields.Char(personal="email")
    email_formatted = fields.Char(personal="email")
    street = fields.Char(personal="address")
    street2 = fields.Char(personal="address")
    contact_address = fields.Char(personal="address")
    contact_address_inline = fields.Char(personal="address")
    partner_latitude = fields.Float(personal="address")
    partner_longitude = fields.Float(personal="address")
    vat = fields.Char(personal="document")

    discom_duty = fields.Boolean(
        "On my list",
        compute="_compute_discom_duty",
        search="_search_discom_duty",
        help="The current user is sent there: an area of a running drive, or a visit.",
    )

    @api.depends("discom_office_id", "discom_asset_id", "discom_village")
    @api.depends_context("uid")
    def _compute_discom_duty(self):
        duty = self.search(Domain("id", "in", self.ids) & self._discom_duty_domain())
        for partner in self:
            partner.discom_duty = partner._origin in duty

    @api.model
    def _search_discom_duty(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._discom_duty_domain()

    # === WHO MAY SEE === #

    def _personal_shown(self, kind):
        shown = super()._personal_shown(kind)
        hidden = self - shown
        if not hidden:
            return shown
        # sudo: whether somebody is a consumer is asked to decide what the user may see.
        # A form may say that the record is none any more, so the stored one counts as well.
        shown |= hidden.filtered(
            lambda contact: (
                not contact.sudo().discom_consumer and not contact._origin.sudo().discom_consumer
            )
        )
        # sudo: whose area they are in is asked, not what is in them.
        own = self.sudo().search(
            Domain("id", "in", hidden._origin.ids) & self._discom_duty_domain(),
        )
        return shown | hidden.filtered(lambda contact: contact._origin.id in own._ids)

    @api.model
    def _personal_domain(self, kind):
        return (
            super()._personal_domain(kind)
            | Domain("discom_consumer", "=", False)
            | self._discom_duty_domain()
        )

    @api.model
    def _search_phone_mobile_search(self, operator, value):
        """Odoo's search by any phone, in SQL of its own."""
        domain = Domain(super()._search_phone_mobile_search(operator, value))
        if self.env.su or self._personal_by_role("phone"):
            return domain
        return domain & self._personal_domain("phone")

    @api.model
    def _discom_duty_domain(self):
        """Domain of the consumers to whom the current user is sent, whatever the role."""
        return self._discom_own_domain()

    # === DOORS OF CONTACTS === #

    @api.depends_context("uid")
    def _compute_display_name(self):  # pylint: disable=missing-return
        telling = {key for key in TELLING_KEYS if self.env.context.get(key)}
        hidden = self.browse()
        if telling and self.env.user._discom_is_masked():
            hidden = self - (self._personal_shown("address") & self._personal_shown("email"))
            plain = hidden.with_context(**dict.fromkeys(telling, False))
            super(ResPartner, plain)._compute_display_name()
            for partner, bare in zip(hidden, plain, strict=True):
                partner.display_name = bare.display_name
        super(ResPartner, self - hidden)._compute_display_name()

    def _build_vcard(self):
        """
        :raise AccessError: where the card would hold what the user sees masked
        """
        if self - (self._personal_shown("phone") & self._personal_shown("address")):
            raise AccessError(self._discom_masked_text())
        return super()._build_vcard()

    # === WHAT ODOO COPIES BETWEEN CONTACTS === #

    def _fields_sync(self, values):
        """A connection has an address of its own. Odoo would copy it to the contacts below and
        above it, where nothing is masked and colleagues without a role read it."""
        return None if self._discom_beside_consumer() else super()._fields_sync(values)

    def _handle_first_contact_creation(self):
        """As above."""
        if self._discom_beside_consumer():
            return None
        return super()._handle_first_contact_creation()

    @api.onchange("parent_id")
    def onchange_parent_id(self):
        """As above, in a form."""
        return None if self._discom_beside_consumer() else super().onchange_parent_id()

    def _discom_beside_consumer(self):
        # sudo: whether somebody is a consumer is asked to decide what the user may see.
        contact = self.sudo()
        return contact.discom_consumer or contact.parent_id.discom_consumer

    @api.model
    def _discom_check_parent_seen(self, parent_ids):
        """
        :raise AccessError: for a contact below a consumer whom the user does not see: its name
            would tell the consumer's
        """
        ids = [parent_id for parent_id in parent_ids if parent_id]
        if ids and not self.env.su:
            # sudo: whether somebody is a consumer is asked to decide what the user may see.
            above = self.sudo().browse(ids).exists().filtered("discom_consumer")
            above.sudo(False).check_access("read")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._discom_check_unmasked(vals)
        default = self.env.context.get("default_parent_id")
        self._discom_check_parent_seen({vals.get("parent_id", default) for vals in vals_list})
        return super().create(vals_list)

    def write(self, vals):
        self._discom_check_unmasked(vals)
        self._discom_check_parent_seen([vals.get("parent_id")])
        return super().write(vals)

    @api.model
    def _discom_check_unmasked(self, vals):
        """
        :raise UserError: where a masked value, copied or exported before, would become the real one
        """
        for name, value in vals.items():
            if isinstance(value, str) and SIGN in value and self._personal_kind(name):
                raise UserError(
                    self.env._(
                        "“%(field)s” holds a masked value (%(value)s). Leave it as it is, or enter "
                        "the whole one.",
                        field=self._fields[name]._description_string(self.env),
                        value=value,
                    )
                )

    @api.model
    def _discom_masked_text(self):
        return self.env._(
            "Phone, address and documents of this consumer are masked for your role. Choose “Show "
            "in full” on the consumer first."
        )
