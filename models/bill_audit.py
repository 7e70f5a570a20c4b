"""Who approved and released bills, and who changed what they are made out and checked by."""

from odoo import models
from odoo.tools import format_amount


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    def _release(self, reason):
        release = super()._release(reason)
        self.env["discom.audit.entry"]._log(
            "approval",
            self,
            self.env._("Released held bills"),
            reason=reason,
            number=release.bill_count,
        )
        return release

    def _cancel_issued(self, reason):
        bills = super()._cancel_issued(reason)
        self.env["discom.audit.entry"]._log(
            "approval",
            bills,
            self.env._("Cancelled issued bills"),
            reason=bills[:1].cancel_reason,
            number=len(bills),
        )
        return bills


class DiscomBillRun(models.Model):
    _inherit = "discom.bill.run"

    def action_approve(self):
        count, amount = self.approved_count, self.approved_amount
        result = super().action_approve()
        self.env["discom.audit.entry"]._log(
            "approval",
            self,
            self.env._(
                "Approved a bill run: %(amount)s",
                amount=format_amount(
                    self.env, self.approved_amount - amount, self.company_id.currency_id
                ),
            ),
            number=self.approved_count - count,
        )
        return result


class DiscomBillBasis(models.Model):
    _name = "discom.bill.basis"
    _inherit = ["discom.bill.basis", "discom.audit.mixin"]


class DiscomBillCheck(models.Model):
    _name = "discom.bill.check"
    _inherit = ["discom.bill.check", "discom.audit.mixin"]


class DiscomPaymentRule(models.Model):
    _name = "discom.payment.rule"
    _inherit = ["discom.payment.rule", "discom.audit.mixin"]


class DiscomPaymentRuleHead(models.Model):
    _name = "discom.payment.rule.head"
    _inherit = ["discom.payment.rule.head", "discom.audit.mixin"]


class DiscomPaymentRulePart(models.Model):
    _name = "discom.payment.rule.part"
    _inherit = ["discom.payment.rule.part", "discom.audit.mixin"]


class DiscomScheme(models.Model):
    _name = "discom.scheme"
    _inherit = ["discom.scheme", "discom.audit.mixin"]


class DiscomSchemePhase(models.Model):
    _name = "discom.scheme.phase"
    _inherit = ["discom.scheme.phase", "discom.audit.mixin"]


class DiscomTariff(models.Model):
    _name = "discom.tariff"
    _inherit = ["discom.tariff", "discom.audit.mixin"]


class DiscomTariffRate(models.Model):
    _name = "discom.tariff.rate"
    _inherit = ["discom.tariff.rate", "discom.audit.mixin"]


class DiscomTariffSlab(models.Model):
    _name = "discom.tariff.slab"
    _inherit = ["discom.tariff.slab", "discom.audit.mixin"]


class DiscomTariffValue(models.Model):
    _name = "discom.tariff.value"
    _inherit = ["discom.tariff.value", "discom.audit.mixin"]
