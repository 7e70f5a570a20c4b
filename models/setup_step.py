from odoo import api, fields, models

from .whatsapp_message import REACHED, TEST_PURPOSE

#: Without an approved template for these nothing of the daily work can be sent.
NEEDED_PURPOSES = ("bill", "outage_unplanned")


class DiscomSetupStep(models.Model):
    """A step of setting up a division, which turns green by itself.

    Whether it is done follows from what it should have brought about, for the company of the user.
    A new step is a record with a ``code``, and a method ``_done_<code>`` that answers yes or no.
    """

    _name = "discom.setup.step"
    _description = "Step of Setting Up"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    description = fields.Text(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(required=True, default=10)
    action_xmlid = fields.Char(
        string="Screen", required=True, help="External id of the action that the step opens."
    )
    state = fields.Selection([("todo", "To do"), ("done", "Done")], compute="_compute_state")

    _code_unique = models.Constraint("UNIQUE (code)", "There is a step with this code already.")

    @api.depends("code")
    @api.depends_context("company", "uid")
    def _compute_state(self):
        for step in self:
            # Each is a look for one record, so that the list opens as fast at full size.
            step.state = "done" if getattr(self, f"_done_{step.code}")() else "todo"

    @api.model
    def _progress(self):
        """Return how many steps are done, and how many there are."""
        steps = self.search([])  # pylint: disable=no-search-all
        return len(steps.filtered(lambda step: step.state == "done")), len(steps)

    def action_open(self):
        """Open the screen where the step is done."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(self.action_xmlid)
        if self.code == "company":
            action.update(res_id=self.env.company.id, view_mode="form", views=[(False, "form")])
        return action

    def _done_company(self):
        return self.env.company.discom_upi_address

    def _done_offices(self):
        offices = self.env["discom.office"]
        return offices.search_count([("company_id", "=", self.env.company.id)], limit=2) == 2

    def _done_users(self):
        return self.env["res.users"].search_count(
            [
                ("id", "!=", self.env.uid),
                ("discom_office_ids.company_id", "=", self.env.company.id),
                ("all_group_ids", "in", self.env.ref("discom.group_staff").ids),
            ],
            limit=1,
        )

    def _done_number(self):
        return self._account([("state", "=", "connected")])

    def _done_webhook(self):
        return self._account([("webhook_last_seen", "!=", False)])

    def _done_templates(self):
        purposes = self.env["discom.whatsapp.template"]._read_group(
            [
                ("account_id.company_id", "=", self.env.company.id),
                ("status", "=", "approved"),
                ("purpose", "in", NEEDED_PURPOSES),
            ],
            ["purpose"],
        )
        return len(purposes) == len(NEEDED_PURPOSES)

    def _done_network(self):
        return self.env["discom.asset"].search_count(
            [("company_id", "=", self.env.company.id)], limit=1
        )

    def _done_consumers(self):
        return self.env["res.partner"].search_count(
            [("discom_consumer", "=", True), ("company_id", "=", self.env.company.id)], limit=1
        )

    def _done_bills(self):
        return self.env["discom.bill"].search_count(
            [("company_id", "=", self.env.company.id)], limit=1
        )

    def _done_arrears(self):
        return self.env["discom.notice.policy"].search_count(
            [("company_id", "=", self.env.company.id), ("step_ids", "!=", False)], limit=1
        )

    def _done_test(self):
        return self.env["discom.whatsapp.message"].search_count(
            [
                ("account_id.company_id", "=", self.env.company.id),
                ("purpose", "=", TEST_PURPOSE),
                ("state", "in", REACHED),
            ],
            limit=1,
        )

    def _account(self, domain):
        return self.env["discom.whatsapp.account"].search_count(
            [*domain, ("company_id", "=", self.env.company.id)], limit=1
        )
