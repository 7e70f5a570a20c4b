"""Who approved steps against consumers, and who changed when they are taken."""

from odoo import models


class DiscomNoticeRun(models.Model):
    _inherit = "discom.notice.run"

    def action_submit(self):
        result = super().action_submit()
        if self.state == "submitted":
            self._audit("asked", self.env._("Asked for approval of an arrears run"))
        return result

    def action_reject(self):
        result = super().action_reject()
        self._audit("refusal", self.env._("Refused an arrears run"))
        return result

    def _approve(self):
        count = self.env["discom.notice"].search_count(
            [("run_id", "=", self.id), ("state", "=", "proposed")]
        )
        result = super()._approve()
        self._audit("approval", self.env._("Approved an arrears run"), count)
        return result

    def _audit(self, kind, text, number=None):
        self.env["discom.audit.entry"]._log(kind, self, text, number=number)


class DiscomPaymentPlan(models.Model):
    _inherit = "discom.payment.plan"

    def action_approve(self):
        result = super().action_approve()
        self.env["discom.audit.entry"]._log("approval", self, self.env._("Approved a payment plan"))
        return result

    def action_reject(self):
        result = super().action_reject()
        self.env["discom.audit.entry"]._log("refusal", self, self.env._("Refused a payment plan"))
        return result


class DiscomNoticePolicy(models.Model):
    _name = "discom.notice.policy"
    _inherit = ["discom.notice.policy", "discom.audit.mixin"]


class DiscomNoticeStep(models.Model):
    _name = "discom.notice.step"
    _inherit = ["discom.notice.step", "discom.audit.mixin"]


class DiscomHoliday(models.Model):
    _name = "discom.holiday"
    _inherit = ["discom.holiday", "discom.audit.mixin"]
