from odoo import api, models
from odoo.exceptions import UserError

# Statuses in which Meta has answered and the text may be edited.
# https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates
EDITABLE_STATUSES = ("approved", "rejected", "paused")
TEXT_FIELDS = {
    "category",
    "header_type",
    "header_text",
    "header_sample",
    "body",
    "footer",
    "ttl_seconds",
}


class WhatsAppTemplate(models.Model):
    """What Meta knows is neither renamed nor deleted here; a text edited has to be approved anew.

    Changes that come from Meta itself are written with ``whatsapp_from_meta`` in the context.
    """

    _inherit = "discom.whatsapp.template"

    def write(self, vals):
        if TEXT_FIELDS & vals.keys():
            self._text_changed()
        if {"name", "lang", "wa_language", "account_id"} & vals.keys():
            self._check_identity_free(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_at_meta(self):
        if known := self.filtered(lambda t: t.wa_template_id and t.status != "deleted"):
            raise UserError(
                self.env._(
                    "Meta has these templates: %(templates)s. Delete them in WhatsApp "
                    "Manager and choose Sync templates, or archive them here.",
                    templates=known._discom_names(),
                )
            )

    def _check_identity_free(self, vals):
        """Refuse to rename what Meta knows: it would become another template."""
        if self.env.context.get("whatsapp_from_meta"):
            return
        for template in self.filtered("wa_template_id"):
            changed = any(
                vals[name] != (template[name].id if name == "account_id" else template[name])
                for name in ("name", "lang", "wa_language", "account_id")
                if name in vals
            )
            if changed:
                raise UserError(
                    self.env._(
                        "%(name)s is known to Meta under this name and language. Duplicate it.",
                        name=template.display_name,
                    )
                )

    def _text_changed(self):
        """Send an edited text back to draft: what Meta approved is no longer what is here."""
        if self.env.context.get("whatsapp_from_meta"):
            return
        for template in self.filtered("wa_template_id"):
            if template.status in EDITABLE_STATUSES:
                template.status = "draft"
            elif template.status != "draft":
                raise UserError(
                    self.env._(
                        "%(name)s cannot be edited now: Meta lets approved, rejected and paused "
                        "templates be edited. Wait for the review, or duplicate it.",
                        name=template.display_name,
                    )
                )
