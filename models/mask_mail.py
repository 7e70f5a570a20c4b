"""E-mail addresses in messages, notifications and among followers; what the web client is sent."""

from odoo import fields, models

from odoo.addons.mail.tools.discuss import Store


class Base(models.AbstractModel):
    _inherit = "base"

    def _personal_store_repr(self, given, described):
        """Mask what the web client is sent of these records: the code behind it often has the
        rights of the system, and takes values of fields as they are stored.

        :param given: name of a field, or ``Store.Attr``
        :param list described: what Odoo sends in its place
        """
        name = getattr(given, "field_name", given)
        if (
            isinstance(given, Store.Relation)
            # Something else than the field is sent by its name.
            or getattr(given, "value", None) is not None
            or not isinstance(name, str)
            or not self._personal_kind(name)
            or not self.env.user._discom_is_masked()
        ):
            return described
        values = {}

        def value(record):
            if not values:  # once for all of the records
                values.update(self._personal_values(name))
            return values[record.id]

        return [Store.Attr(name, value, predicate=getattr(given, "predicate", None))]


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _field_store_repr(self, field_name):
        return self._personal_store_repr(field_name, super()._field_store_repr(field_name))


class MailFollowers(models.Model):
    _inherit = "mail.followers"

    def _field_store_repr(self, field_name):
        return self._personal_store_repr(field_name, [field_name])


class MailNotification(models.Model):
    _inherit = "mail.notification"

    _personal_owner = "res_partner_id"

    mail_email_address = fields.Char(personal="email")

    def _field_store_repr(self, field_name):
        return self._personal_store_repr(field_name, [field_name])


class MailMessage(models.Model):
    """Whose addresses a message holds follows from its author."""

    _inherit = "mail.message"

    _personal_owner = "author_id"

    email_from = fields.Char(personal="email")
    reply_to = fields.Char(personal="email")
    incoming_email_to = fields.Text(personal="email")
    incoming_email_cc = fields.Char(personal="email")
    outgoing_email_to = fields.Char(personal="email")

    def _field_store_repr(self, field_name):
        return self._personal_store_repr(field_name, super()._field_store_repr(field_name))

    def _to_store(self, store, fields, **kwargs):
        # Odoo comes back here with the fields and with each message; the lists of addresses it
        # adds past the fields.
        whole = "message_format" in fields
        super()._to_store(store, fields, **kwargs)
        names = ("incoming_email_to", "incoming_email_cc")
        if not whole or not self.env.user._discom_is_masked():
            return
        listed = self.filtered(lambda message: any(message[name] for name in names))
        if hidden := listed - listed._personal_shown("email"):
            store.add_records_fields(hidden, [Store.Attr(name, []) for name in names])
