from odoo import api, fields, models
from odoo.exceptions import AccessError

#: Purposes that are about the consumer alone.
CONSUMER_MODEL = "res.partner"


class WhatsAppTemplate(models.Model):
    """The text as it looks on a phone, with the values of a real record, while it is written."""

    _inherit = "discom.whatsapp.template"

    preview_ref = fields.Reference(
        selection="_selection_preview_model",
        string="Preview with",
        compute="_compute_preview_ref",
        readonly=False,
        help="The newest record you may see; choose another. Nothing is sent.",
    )

    @api.model
    def _selection_preview_model(self):
        """Return the documents that can be sent, and the consumer."""
        mixin = self.env["discom.whatsapp.mixin"]
        names = [
            name
            for name in self.env.registry.descendants([mixin._name], "_inherit")
            if not self.env[name]._abstract
        ]
        return [(name, self.env[name]._description) for name in sorted(names)] + [
            (CONSUMER_MODEL, self.env._("Consumer"))
        ]

    def _preview_model(self):
        """Return the name of the model whose records fill this template."""
        self.ensure_one()
        names = dict(self._selection_preview_model())
        return self.model if self.model in names else CONSUMER_MODEL

    @api.depends("model")
    def _compute_preview_ref(self):
        newest = {}
        for template in self:
            name = template._preview_model()
            if name not in newest:
                newest[name] = self._newest_record(name)
            template.preview_ref = newest[name] and f"{name},{newest[name].id}"

    @api.model
    def _newest_record(self, name):
        """Return the newest record of a model that the user may see, maybe none."""
        domain = [("discom_consumer", "=", True)] if name == CONSUMER_MODEL else []
        if not self.env[name].has_access("read"):
            return self.env[name]
        return self.env[name].search(domain, order="id desc", limit=1)

    def _record_values(self):
        """Return the values of the chosen record in the template's language, {} without one.

        What the record does not have is shown by its sample.
        """
        self.ensure_one()
        record = self.preview_ref
        if not record or record._name != self._preview_model():
            return {}
        try:
            record.check_access("read")
        except AccessError:
            return {}
        partner = record if record._name == CONSUMER_MODEL else self._preview_consumer(record)
        lang = self.lang or "hi_IN"
        values = partner._discom_welcome_values(lang) if partner else {}
        if record._name != CONSUMER_MODEL and self.purpose:
            document = record.with_context(lang=lang)
            values |= document._whatsapp_values(lang, self.purpose).get(record.id, {})
        values = self.env["discom.whatsapp.audience"]._without_aadhaar(values)
        return {**self._examples(), **self._mapped(values)}

    @api.model
    def _preview_consumer(self, record):
        """Return a consumer whom the record concerns."""
        if "partner_id" in record._fields:
            return record.partner_id
        return self._newest_record(CONSUMER_MODEL)
