from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.qr import PAYEE_ADDRESS


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_upi_address = fields.Char(
        "UPI Address of the Discom",
        help="Official virtual payment address, name@handle. The QR code of every bill pays to it; "
        "without it bills carry no QR code.",
    )
    discom_upi_name = fields.Char(
        "UPI Payee Name", help="Shown to the payer. The name of the company when empty."
    )
    discom_release_four_eyes = fields.Boolean(
        "Held Bills Are Released by Somebody Else",
        default=True,
        help="Nobody releases a held bill that he entered, imported or changed himself.",
    )
    discom_run_four_eyes = fields.Boolean(
        "Bill Runs Are Approved by Somebody Else",
        default=True,
        help="Nobody approves a bill run whose files he has taken in himself.",
    )
    discom_issue_without_run = fields.Integer(
        "Bills Issued without a Run, at Most",
        default=200,
        help="A clerk issues as many at a time from an import or a list; more go through a bill "
        "run, which the division manager approves.",
    )
    discom_bill_link_days = fields.Integer(
        "Days a Bill's Link Opens",
        default=60,
        required=True,
        help="The link to the page of a bill opens for as many days from the day it is made.",
    )

    _discom_bill_link_days_range = models.Constraint(
        "CHECK (discom_bill_link_days BETWEEN 1 AND 730)",
        "The link to a bill opens for 1 to 730 days.",
    )

    @api.constrains("discom_upi_address")
    def _check_discom_upi_address(self):
        for company in self:
            address = company.discom_upi_address
            if address and not PAYEE_ADDRESS.fullmatch(address):
                raise ValidationError(
                    self.env._(
                        "“%(address)s” is not a UPI address such as name@bank.", address=address
                    )
                )
