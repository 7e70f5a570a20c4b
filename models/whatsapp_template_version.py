import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import template_text

#: What a consumer sees of a template; a change of it is a new version.
VERSION_FIELDS = ("header_type", "header_text", "body", "footer")


class WhatsAppTemplateVersion(models.Model):
    """A text as it was at Meta: messages show the version they were sent with.

    Written when a text is submitted, read from Meta or first used, and never changed.
    """

    _name = "discom.whatsapp.template.version"
    _description = "WhatsApp Template Version"
    _order = "template_id, number desc"

    template_id = fields.Many2one(
        "discom.whatsapp.template", required=True, readonly=True, ondelete="cascade", index=True
    )
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    header_type = fields.Char(readonly=True)
    header_text = fields.Char(readonly=True)
    body = fields.Text(required=True, readonly=True)
    footer = fields.Char(readonly=True)
    buttons = fields.Json(readonly=True)
    digest = fields.Char(required=True, readonly=True)
    message_count = fields.Integer("Messages", compute="_compute_message_count")

    _number_uniq = models.Constraint(
        "unique(template_id, number)", "A template has one version of a number."
    )

    @api.depends("template_id", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(template)s, version %(number)s",
                template=version.template_id.display_name,
                number=version.number,
            )

    def _compute_message_count(self):
        counts = dict(
            self.env["discom.whatsapp.message"]._read_group(
                [("version_id", "in", self.ids)], ["version_id"], ["__count"]
            )
        )
        for version in self:
            version.message_count = counts.get(version, 0)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._(
                "Versions of a text are history and are not changed. Edit the template itself."
            )
        )

    def action_open_messages(self):
        """Open the messages that were sent with this text."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_message_action"
        )
        return {**action, "domain": [("version_id", "=", self.id)], "context": {}}

    def _render_text(self, values):
        """Return the body with ``values`` (name -> text) in it."""
        self.ensure_one()
        return template_text.render(self.body, values)


class WhatsAppTemplate(models.Model):
    """The history of a text."""

    _inherit = "discom.whatsapp.template"

    version_id = fields.Many2one(
        "discom.whatsapp.template.version",
        "Version in Use",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    version_ids = fields.One2many(
        "discom.whatsapp.template.version", "template_id", "Versions", readonly=True
    )

    def _version_values(self):
        """Return what a consumer sees of the text, as plain data."""
        self.ensure_one()
        return {
            **{name: self[name] or False for name in VERSION_FIELDS},
            "buttons": [
                {
                    "type": button.type,
                    "text": button.text,
                    "url": button.url or "",
                    "phone": button.phone or "",
                }
                for button in self.button_ids
            ],
        }

    def _keep_version(self):
        """Make sure that the present text of each template is its newest version.

        What still waits in the queue leaves with the text that is at Meta by then, so it follows.

        :return: the versions
        """
        # Nobody writes versions; they come about by using or submitting a text.
        versions = self.env["discom.whatsapp.template.version"].sudo()
        for template in self.sudo():
            values = template._version_values()
            digest = hashlib.sha256(
                json.dumps(values, ensure_ascii=False, sort_keys=True).encode()
            ).hexdigest()
            if template.version_id.digest != digest:
                newest = max(template.version_ids.mapped("number"), default=0)
                template.version_id = versions.create(
                    {
                        **values,
                        "template_id": template.id,
                        "number": newest + 1,
                        "digest": digest,
                    }
                )
                template._move_queue_to_version()
        return self.version_id

    def _move_queue_to_version(self):
        """Let what still waits know the text it will leave with."""
        self.ensure_one()
        self.env["discom.whatsapp.message"].flush_model(["state", "version_id", "template_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_message SET version_id = %s
                 WHERE account_id = %s AND open_state = 'queued' AND template_id = %s
                """,
                self.version_id.id,
                self.account_id.id or None,
                self.id,
            )
        )
        self.env["discom.whatsapp.message"].invalidate_model(["version_id"])
