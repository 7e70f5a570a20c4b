from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.clear_days import is_closed


class DiscomHoliday(models.Model):
    """A day on which offices are closed: no reminder leaves and no supply is cut."""

    _name = "discom.holiday"
    _description = "Holiday"
    _order = "date desc, id"

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True, index=True)
    office_id = fields.Many2one(
        "discom.office", ondelete="cascade", help="Only there and below. Empty: everywhere."
    )
    source = fields.Char(help="List or order that says so.")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _once = models.UniqueIndex(
        "(company_id, date, COALESCE(office_id, 0))",
        "This day is on the list of holidays of this office already.",
    )

    @api.model
    def _closed(self, office, begin, end):
        """Return a function that tells of a date whether ``office`` is closed on it.

        Sundays and second Saturdays count by the settings of the company.

        :param begin: first and last date for which holidays are looked up
        """
        company = office.company_id or self.env.company
        above = [int(part) for part in (office.parent_path or "").split("/") if part]
        # sudo: what is closed is no secret, and offices above have holidays as well.
        days = self.sudo().search(
            Domain("date", ">=", begin)
            & Domain("date", "<=", end)
            & Domain("company_id", "=", company.id)
            & (Domain("office_id", "=", False) | Domain("office_id", "in", above))
        )
        holidays = set(days.mapped("date"))
        sundays = company.discom_closed_sundays
        saturdays = company.discom_closed_second_saturdays
        return lambda day: is_closed(day, holidays, sundays, saturdays)


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_closed_sundays = fields.Boolean(
        "Nothing on Sundays", default=True, help="No reminder leaves, no supply is cut."
    )
    discom_closed_second_saturdays = fields.Boolean(
        "Nothing on Second Saturdays", default=True, help="No reminder leaves, no supply is cut."
    )
    discom_cut_from = fields.Float(
        "Cutting from", default=8.0, help="Supply is cut between these hours only (Indian time)."
    )
    discom_cut_until = fields.Float("Cutting until", default=18.0)
    discom_notice_clear_days = fields.Integer(
        "Clear Days of Notice",
        default=15,
        required=True,
        help="Between service of a notice and disconnection. Source: Electricity Act 2003, section "
        "56(1), not less than fifteen clear days.",
    )
    discom_notice_whatsapp_serves = fields.Boolean(
        "WhatsApp Serves a Notice",
        help="Whether delivery on WhatsApp is service in law. Section 171 of the Act does not name "
        "it, so notices are printed and served as well unless the division decides otherwise.",
    )
    discom_notice_authority = fields.Char(
        "Grievance Forum",
        help="Name and address of the Consumer Grievance Redressal Forum, printed on notices.",
    )

    _discom_clear_days_positive = models.Constraint(
        "CHECK (discom_notice_clear_days BETWEEN 1 AND 90)", "Notice is given for 1 to 90 days."
    )
    _discom_cut_hours = models.Constraint(
        "CHECK (discom_cut_from >= 0 AND discom_cut_from < discom_cut_until"
        " AND discom_cut_until <= 24)",
        "The hours of cutting begin before they end, within one day.",
    )
