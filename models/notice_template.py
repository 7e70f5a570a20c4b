"""Which text a step sends: its own, or the one chosen for its kind of message."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .notice_policy import PURPOSES


class DiscomNoticeStep(models.Model):
    _inherit = "discom.notice.step"

    template_id = fields.Many2one(
        "discom.whatsapp.template",
        "Own Message",
        ondelete="restrict",
        index="btree_not_null",
        help="Empty: the message chosen when the run is sent. Its namesake on the sending number "
        "goes out, in the language of the consumer; where WhatsApp has not approved it there, the "
        "consumers of this step are skipped with that reason.",
    )
    template_choice_ids = fields.Many2many(
        "discom.whatsapp.template", compute="_compute_template_choice_ids"
    )

    @api.depends("kind")
    def _compute_template_choice_ids(self):
        """One of each name, which stands for its languages and its copies on sending numbers."""
        templates = self.env["discom.whatsapp.template"].search(
            [("purpose", "in", list(set(PURPOSES.values()))), ("combined", "=", False)]
        )
        first = {}
        for template in templates.sorted(
            lambda template: (bool(template.account_id), template.lang != "hi_IN", template.id)
        ):
            first.setdefault((template.purpose, template.name), template.id)
        for step in self:
            purpose = PURPOSES.get(step.kind)
            step.template_choice_ids = templates.browse(
                template_id for (of, _name), template_id in first.items() if of == purpose
            )

    @api.onchange("kind")
    def _onchange_kind_template(self):
        if self.template_id.purpose != PURPOSES.get(self.kind):
            self.template_id = False

    @api.constrains("kind", "template_id")
    def _check_template(self):
        for step in self.filtered("template_id"):
            template = step.template_id
            if template.purpose != PURPOSES.get(step.kind) or template.combined:
                raise ValidationError(
                    self.env._(
                        "“%(template)s” is no message for the step “%(step)s”. Choose one of "
                        "those offered, or leave it empty.",
                        template=template.name,
                        step=step.display_name,
                    )
                )


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    @api.model
    def _whatsapp_template_sql(self, purpose):
        kinds = [kind for kind, of in PURPOSES.items() if of == purpose]
        # sudo: steps of policies of the offices above count as well.
        steps = self.env["discom.notice.step"].sudo()
        if not steps.search_count([("kind", "in", kinds), ("template_id", "!=", False)], limit=1):
            return None
        return SQL(
            """
            (SELECT wanted.name
               FROM discom_notice told
               JOIN discom_notice_step step ON step.id = told.step_id
               JOIN discom_whatsapp_template wanted ON wanted.id = step.template_id
              WHERE told.id = a.res_id)
            """
        )
