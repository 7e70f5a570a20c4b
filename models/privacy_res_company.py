from odoo import fields, models


class ResCompany(models.Model):
    """Within how many days the rights of persons are answered, and on what ground."""

    _inherit = "res.company"

    discom_privacy_days = fields.Integer(
        "Days for Requests about Personal Data",
        default=30,
        required=True,
        aggregator=None,
        help="Access, correction and erasure: the company itself publishes the time (rule 14 of "
        "the Digital Personal Data Protection Rules 2025). 30 days is a proposal.",
    )
    discom_grievance_days = fields.Integer(
        "Days for Grievances about Personal Data",
        default=90,
        required=True,
        aggregator=None,
        # https://www.meity.gov.in/static/uploads/2025/11/53450e6e5dc0bfa85ebd78686cadad39.pdf
        help="The company publishes the time, “a reasonable period not exceeding ninety days”: "
        "rule 14(3) of the Digital Personal Data Protection Rules 2025 (G.S.R. 846(E) of 13 "
        "November 2025), in force 18 months later. Taken from transcriptions of the Gazette; "
        "the company's legal adviser compares it with the original.",
    )
    discom_privacy_officer = fields.Char(
        "Contact for Personal Data",
        help="Name, designation, e-mail and phone of who answers questions about personal data; "
        "printed in notices of a breach.",
    )

    _discom_privacy_days_range = models.Constraint(
        "CHECK (discom_privacy_days BETWEEN 1 AND 365 AND discom_grievance_days BETWEEN 1 AND 90)",
        "Requests are answered within 1 to 365 days, grievances within 90.",
    )
