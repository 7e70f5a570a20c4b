from odoo import fields, models


class ResCompany(models.Model):
    """From when on calls are a breakdown, when people are reminded, what counts as interrupted."""

    _inherit = "res.company"

    discom_outage_calls_minutes = fields.Integer(
        "Minutes within which calls belong together", default=60, required=True
    )
    discom_outage_calls_transformer = fields.Integer(
        "Calls that suggest a transformer is off", default=3, required=True
    )
    discom_outage_calls_feeder = fields.Integer(
        "Calls that suggest a feeder is off", default=5, required=True
    )
    discom_outage_calls_substation = fields.Integer(
        "Calls that suggest a substation is off", default=10, required=True
    )
    discom_outage_reminder_hour = fields.Integer(
        "Reminder the evening before, at",
        default=18,
        required=True,
        help="Full hour in India, 0 to 23.",
    )
    discom_outage_reminder_minutes = fields.Integer(
        "Minutes of the last reminder before the start", default=60, required=True
    )
    discom_outage_sustained_minutes = fields.Integer(
        "Minutes above which an interruption counts",
        default=3,
        required=True,
        help="IEEE 1366 and the regulator leave out shorter ones; all months are shown anew.",
    )

    _discom_outage_calls_range = models.Constraint(
        "CHECK (discom_outage_calls_minutes BETWEEN 5 AND 1440"
        " AND LEAST(discom_outage_calls_transformer, discom_outage_calls_feeder,"
        " discom_outage_calls_substation) >= 2)",
        "At least two calls suggest a breakdown, within 5 minutes to a day.",
    )
    _discom_outage_reminder_range = models.Constraint(
        "CHECK (discom_outage_reminder_hour BETWEEN 0 AND 23"
        " AND discom_outage_reminder_minutes BETWEEN 10 AND 720)",
        "Reminders go out at a full hour from 0 to 23, and 10 minutes to 12 hours before.",
    )
    _discom_outage_sustained_range = models.Constraint(
        "CHECK (discom_outage_sustained_minutes BETWEEN 0 AND 60)",
        "Interruptions count from 0 to 60 minutes on.",
    )
