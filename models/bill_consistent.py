from odoo import api, models
from odoo.exceptions import ValidationError

from .bill import LIVE_STATES


class DiscomBill(models.Model):
    """A bill and its consumer, a correction and what it corrects: what has to agree."""

    _inherit = "discom.bill"

    @api.constrains("partner_id", "account_no", "office_id")
    def _check_consumer(self):
        for bill in self:
            if bill.account_no != bill.partner_id.discom_account_no:
                raise ValidationError(
                    self.env._(
                        "%(bill)s: the account number is not that of %(consumer)s. Choose the "
                        "consumer with the account number %(account)s.",
                        bill=bill.display_name,
                        account=bill.account_no or "",
                        consumer=bill.partner_id.display_name,
                    )
                )
            if bill.office_id != bill.partner_id.discom_office_id:
                raise ValidationError(
                    self.env._(
                        "%(bill)s: %(consumer)s belongs to %(office)s. Enter that office on "
                        "the bill.",
                        bill=bill.display_name,
                        office=bill.partner_id.discom_office_id.display_name,
                        consumer=bill.partner_id.display_name,
                    )
                )

    @api.constrains("correction_of_id", "partner_id", "period")
    def _check_correction(self):
        # Issuing a correction cancels what it corrects: no way to cancel somebody else's bill, nor
        # to have a second live one beside the bill that has followed a cancelled one.
        for bill in self.filtered("correction_of_id"):
            corrected = bill.correction_of_id
            if corrected.state not in LIVE_STATES:
                raise ValidationError(
                    self.env._(
                        "%(bill)s is not issued, so it needs no correction. Change the bill "
                        "itself, or make a new one if it is cancelled.",
                        bill=corrected.display_name,
                    )
                )
            if (corrected.partner_id, corrected.period) != (bill.partner_id, bill.period):
                raise ValidationError(
                    self.env._(
                        "A correction is for the same consumer and period as %(bill)s.",
                        bill=corrected.display_name,
                    )
                )
