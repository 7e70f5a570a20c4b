from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import html_escape

MIN_REASON = 10


class DiscomPrivacyErase(models.TransientModel):
    """What would be erased of a person, shown before anybody agrees to it."""

    _name = "discom.privacy.erase"
    _description = "Erase a person"

    partner_id = fields.Many2one("res.partner", "Consumer", required=True, readonly=True)
    request_id = fields.Many2one("discom.privacy.request", readonly=True)
    obstacles = fields.Text("Stands in the way", compute="_compute_preview")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    is_erased = fields.Boolean(compute="_compute_preview")
    reason = fields.Char(help="The letter or request; stays in the audit journal.")
    force = fields.Boolean(
        "Erase all the same", help="For administrators: although something stands in the way."
    )
    may_force = fields.Boolean(compute="_compute_may_force")
    confirmation = fields.Char(
        "Account number", help="Typed once more, so that nobody is erased by mistake."
    )

    @api.depends_context("uid")
    def _compute_may_force(self):
        self.may_force = self.env.user.has_group("discom.group_administrator")

    @api.depends("partner_id")
    def _compute_preview(self):
        for wizard in self:
            partner = wizard.partner_id
            partner._discom_check_privacy()
            wizard.is_erased = bool(partner.discom_erased_at)
            wizard.obstacles = "\n".join(partner._discom_erasure_obstacles())
            wizard.preview = self._counts_table(partner._discom_erasure_counts())

    def _counts_table(self, counts):
        """HTML of what would go; the names of the models are ours."""
        labels = {True: self.env._("deleted"), False: self.env._("emptied")}
        rows = "".join(
            f"<tr><td>{html_escape(what)}</td><td class='text-end'>{number}</td>"
            f"<td>{html_escape(labels[goes])}</td></tr>"
            for what, number, goes in counts
        )
        return f"<table class='table table-sm'>{rows}</table>"

    def action_erase(self):
        """Erase, once everything was checked again."""
        self.ensure_one()
        partner = self.partner_id
        partner._discom_check_privacy()
        if self.request_id:
            self.request_id._check_of(partner)
        partner.lock_for_update()
        if partner.discom_erased_at:
            raise UserError(
                self.env._(
                    "The personal data of %(consumer)s were erased already, so nothing is "
                    "left to do.",
                    consumer=partner.display_name,
                )
            )
        reason = (self.reason or "").strip()
        if len(reason) < MIN_REASON:
            raise UserError(
                self.env._(
                    "Say in at least %(count)s letters why the data are erased.", count=MIN_REASON
                )
            )
        if (self.confirmation or "").strip() != partner.discom_account_no:
            raise UserError(
                self.env._(
                    "What was typed is not the account number of this consumer, so nothing "
                    "was erased. Type it again."
                )
            )
        obstacles = partner._discom_erasure_obstacles()
        if obstacles and not self.force:
            raise UserError(
                self.env._(
                    "Not erased, because the law wants the data kept for now:\n%(reasons)s",
                    reasons="\n".join(obstacles),
                )
            )
        if obstacles and not self.may_force:
            raise AccessError(
                self.env._(
                    "Something stands in the way of erasing. Only an administrator may "
                    "erase all the same; ask one."
                )
            )
        counts = partner._discom_erase()
        text = self.env._("Erased a consumer")
        if obstacles:
            text = self.env._(
                "Erased a consumer although: %(reasons)s", reasons="; ".join(obstacles)
            )
        self.env["discom.audit.entry"]._log(
            "erasure",
            partner,
            text,
            reason=reason,
            number=sum(number for _what, number, _goes in counts),
        )
        # A request for something else is not answered by this.
        if self.request_id.kind == "erasure":
            self.request_id._close("done", answer=self.env._("The personal data were erased."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The personal data of the consumer were erased."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
