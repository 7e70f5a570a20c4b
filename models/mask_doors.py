"""Doors of Odoo that do not read fields: chatter, files, pictures."""

import re

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import ormcache

from ..tools.personal import masked

#: Where a text of a template stops being only text.
_EXPRESSION = re.compile(r"\{\{|<t[\s>]|\st-\w")
#: What the card of a contact shows by default, and what of it is personal.
CARD = ("name", "address", "phone", "email")
CARD_KINDS = {
    "address": "address",
    "phone": "phone",
    "mobile": "phone",
    "email": "email",
    "vat": "document",
}


class Base(models.AbstractModel):
    _inherit = "base"

    def _message_get_suggested_recipients(self, *args, **kwargs):
        """The chatter proposes to whom a message goes, with the e-mail."""
        suggested = super()._message_get_suggested_recipients(*args, **kwargs)
        if not self.env.su and self.env.user._discom_is_masked():
            ids = [info["partner_id"] for info in suggested if info.get("partner_id")]
            shown = self.env["res.partner"].browse(ids)._personal_shown_in("email")
            for info in suggested:
                if info.get("partner_id") not in shown:
                    info["email"] = masked("email", info.get("email"))
        return suggested


class MailTrackingValue(models.Model):
    _inherit = "mail.tracking.value"

    @api.model
    def _create_tracking_values(self, initial_value, new_value, col_name, col_info, record):
        """A change is told to all who read the chatter, so personal data come into it masked; the
        journal of KYC keeps them."""
        if kind := record._personal_kind(col_name):
            initial_value, new_value = masked(kind, initial_value), masked(kind, new_value)
        return super()._create_tracking_values(initial_value, new_value, col_name, col_info, record)


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(self, template_src, model, res_ids, *args, **kwargs):
        """A template reads records as code does, and here users write the code.

        :raise AccessError: for expressions on records that the user sees masked
        """
        engine = kwargs.get("engine") or (args[0] if args else "inline_template")
        if (
            not self.env.su
            and self.env.user._discom_is_masked()
            # A view is the program's.
            and engine != "qweb_view"
            and _EXPRESSION.search(str(template_src or ""))
            and any(
                not self.env[model]._personal_by_role(kind)
                for name in self.env[model]._fields
                if (kind := self.env[model]._personal_kind(name))
            )
        ):
            raise AccessError(self.env["res.partner"]._discom_masked_text())
        return super()._render_template(template_src, model, res_ids, *args, **kwargs)


class IrQwebFieldContact(models.AbstractModel):
    """The card of a contact, which a client may ask for of any contact that he reads."""

    _inherit = "ir.qweb.field.contact"

    @api.model
    def value_to_html(self, value, options):
        options = options or {}
        if value and self.env.user._discom_is_masked():
            names = options.get("fields") or CARD
            shown = [
                name
                for name in names
                if not (kind := CARD_KINDS.get(name)) or value == value._personal_shown(kind)
            ]
            # Without any, Odoo shows those it shows by default.
            options = {**options, "fields": shown or ["name"]}
        return super().value_to_html(value, options)


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _record_to_stream(self, record, field_name):
        """
        :raise AccessError: for a picture that the user would see masked
        """
        if record._personal_kind(field_name) and not record._personal_shown_in(field_name):
            raise AccessError(self.env["res.partner"]._discom_masked_text())
        return super()._record_to_stream(record, field_name)


class IrAttachment(models.Model):
    """The file behind a personal field is read by way of the field, where it is masked."""

    _inherit = "ir.attachment"

    @api.model
    def _search(self, domain, *args, **kwargs):
        domain = Domain(domain)
        # Files behind fields are found only by those who ask for ids or fields, or say so
        # in the context.
        asked = {condition.field_expr for condition in domain.iter_conditions()}
        named = asked & {"id", "res_field"} or self.env.context.get("skip_res_field_check")
        if not self.env.su and named:
            for model, names in self._masked_fields().items():
                domain &= Domain("res_model", "!=", model) | Domain("res_field", "not in", names)
        return super()._search(domain, *args, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or not (masked_fields := self._masked_fields()):
            return result
        # sudo: where the file belongs is asked to decide who may read it.
        hidden = self.browse(
            file.id
            for file in self.sudo()
            if file.res_field and file.res_field in masked_fields.get(file.res_model, ())
        )
        if not hidden:
            return result
        text = self.env["res.partner"]._discom_masked_text()
        return hidden | (result[0] if result else hidden), lambda: AccessError(text)

    @api.model_create_multi
    def create(self, vals_list):
        files = super().create(vals_list)
        files._check_stays_inside()
        return files

    def write(self, vals):
        result = super().write(vals)
        if {"public", "access_token", "res_model", "res_id"} & vals.keys():
            self._check_stays_inside()
        return result

    def _check_stays_inside(self):
        """
        :raise AccessError: where a file of a consumer, or of a record of ours, would open to
            whoever has its address
        """
        if self.env.su:
            return
        # sudo: whose file it is decides whether it may be opened to others.
        opened = self.sudo().filtered(lambda file: file.public or file.access_token)
        contacts = opened.filtered(lambda file: file.res_model == "res.partner")
        consumers = self.env["res.partner"].sudo().browse(contacts.mapped("res_id")).exists()
        kept = consumers.filtered("discom_consumer").ids
        for file in opened:
            ours = (file.res_model or "").startswith("discom.")
            if ours or (file in contacts and file.res_id in kept):
                raise AccessError(
                    self.env._("Files of consumers are opened by signing in, not by their address.")
                )

    @api.model
    def _masked_fields(self):
        """Return ``{model: names of the fields with files that the user may see masked}``."""
        result = {}
        for model, kinds in self._personal_files().items():
            names = [
                name for name, kind in kinds.items() if not self.env[model]._personal_by_role(kind)
            ]
            if names:
                result[model] = names
        return result

    @api.model
    @ormcache()
    def _personal_files(self):
        """Return ``{model: {name of a field with a personal file: kind}}``."""
        return {
            name: kinds
            for name, model in self.env.registry.items()
            if (
                kinds := {
                    field.name: field.personal
                    for field in model._fields.values()
                    if field.type == "binary" and getattr(field, "personal", None)
                }
            )
        }
