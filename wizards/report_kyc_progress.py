from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column
from ..tools.xlsx_summary import Chart, Measure, Table
from .report_mixin import Sheet

# Positions in a row of the first data sheet.
OFFICE, AREA, VILLAGE, CONSUMERS, GOAL, DONE = range(6)
# Of the second.
DAY, TAKER, TAKEN = 0, 1, 5


class DiscomKycProgress(models.TransientModel):
    """How far KYC has come, by office, urban and rural and village, held against the target; and
    who took how much on which day of a period."""

    _name = "discom.kyc.progress"
    _inherit = ["discom.report.area", "discom.report.period"]
    _description = "KYC progress"

    _report_model = "discom.kyc.report"
    _report_lists = {"res.partner": "partner_id"}
    _report_sums = True
    _report_selected_days = True
    _report_scheduled = True

    target_share = fields.Integer(
        "Target (%)",
        required=True,
        default=lambda self: self._default_target_share(),
        help="Share of the consumers whose KYC shall be on record.",
    )

    _target_share_range = models.Constraint(
        "CHECK (target_share BETWEEN 1 AND 100)", "The target must be from 1 to 100 %."
    )

    def _default_target_share(self):
        drive = self.env["discom.kyc.drive"].search([("state", "=", "running")], limit=1)
        return drive.target_share or 90

    def _report_params(self):
        return {**super()._report_params(), "target_share": self.target_share}

    def _report_title(self):
        return self.env._("KYC progress")

    def _report_facts(self):
        return [*super()._report_facts(), (self.env._("Target"), f"{self.target_share} %")]

    def _report_domain(self):
        return (self._selected_domain() or Domain.TRUE) & self._place_domain()

    def _report_sheets(self):
        return [self._offices_sheet(), self._days_sheet()]

    def _offices_sheet(self):
        query = SQL(
            """
            SELECT line.office_id, line.area, %(village)s, count(*),
                   count(*) * %(target)s / 100.0,
                   SUM(line.captured_count + line.verified_count),
                   SUM(line.verified_count), SUM(line.captured_count), SUM(line.missing_count),
                   SUM(line.bounced_count), SUM(line.stale_count), SUM(line.refused_count),
                   SUM(line.reachable_count)
              FROM (%(lines)s) line
              JOIN res_partner p ON p.id = line.partner_id
         LEFT JOIN discom_office office ON office.id = line.office_id
          GROUP BY line.office_id, office.parent_path, line.area, line.village
          ORDER BY office.parent_path, line.area, line.village
            """,
            target=self.target_share,
            village=self._sql_village_of_group(),
            lines=self._select_all("discom.kyc.report", self._report_domain()),
        )
        headers = (
            self.env._("Consumers"),
            self.env._("Goal"),
            self.env._("With KYC"),
            self.env._("Verified"),
            self.env._("Captured"),
            self.env._("No number"),
            self.env._("Bounced"),
            self.env._("Stale"),
            self.env._("Refused"),
            self.env._("Reachable on WhatsApp"),
        )
        measures = (
            *(Measure(header, summed=CONSUMERS + n) for n, header in enumerate(headers)),
            Measure(self.env._("Of the goal"), share=((2,), 1)),
            Measure(self.env._("Reachable (%)"), share=((9,), 0)),
        )
        states = Chart((3, 4, 5, 6, 7, 8))
        return Sheet(
            self.env._("Villages"),
            query,
            [
                Column(self.env._("Office"), width=24, labels=self._office_labels(), empty="–"),
                Column(
                    self.env._("Area"),
                    width=10,
                    labels=self._field_labels("res.partner", "discom_area"),
                    empty="–",
                ),
                Column(self.env._("Village or ward"), width=22, empty="–"),
                *(Column(header, "integer", 11, total=True) for header in headers),
            ],
            [
                Table(
                    self.env._("KYC by office"),
                    (OFFICE,),
                    (self.env._("Office"),),
                    measures,
                    states,
                ),
                Table(
                    self.env._("KYC by area"),
                    (OFFICE, AREA),
                    (self.env._("Office"), self.env._("Area")),
                    measures,
                    Chart((10, 11), "column"),
                ),
            ],
        )

    def _sql_village_of_group(self):
        """SQL of the village of a row; in Hindi as most of its consumers have it."""
        if not (self.lang or "").startswith("hi"):
            return SQL("line.village")
        return SQL(
            "COALESCE(mode() WITHIN GROUP (ORDER BY NULLIF(p.discom_village_hi, '')), line.village)"
        )

    def _days_sheet(self):
        domain = Domain("day", ">=", self.date_from) & Domain("day", "<=", self.date_to)
        domain &= self._place_domain()
        if self._selected_domain() is not None:
            chosen = self.env["discom.kyc.report"]._search(self._report_domain())
            domain &= Domain("partner_id", "in", chosen)
        query = SQL(
            """
            SELECT line.day, taker.name, line.office_id, line.area, line.source,
                   SUM(line.captured_count), SUM(line.verified_count), SUM(line.bounced_count),
                   SUM(line.refused_count)
              FROM (%(lines)s) line
         LEFT JOIN discom_office office ON office.id = line.office_id
         LEFT JOIN res_users person ON person.id = line.user_id
         LEFT JOIN res_partner taker ON taker.id = person.partner_id
          GROUP BY line.day, person.id, taker.name, line.office_id, office.parent_path, line.area,
                   line.source
          ORDER BY line.day, office.parent_path, taker.name, line.area, line.source
            """,
            lines=self._select_all("discom.kyc.taking", domain),
        )
        headers = (
            self.env._("Captured"),
            self.env._("Verified"),
            self.env._("Bounced"),
            self.env._("Refused"),
        )
        measures = (
            *(Measure(header, summed=TAKEN + place) for place, header in enumerate(headers)),
            Measure(self.env._("Verified (%)"), share=((1,), 0)),
        )
        return Sheet(
            self.env._("Days"),
            query,
            [
                Column(self.env._("Day"), "date", 12),
                Column(self.env._("Taken by"), width=24, empty="–"),
                Column(self.env._("Office"), width=24, labels=self._office_labels(), empty="–"),
                Column(
                    self.env._("Area"),
                    width=10,
                    labels=self._field_labels("res.partner", "discom_area"),
                    empty="–",
                ),
                Column(
                    self.env._("Taken by way of"),
                    width=18,
                    labels=self._field_labels("discom.kyc.taking", "source"),
                ),
                *(Column(header, "integer", 11, total=True) for header in headers),
            ],
            [
                Table(
                    self.env._("By person"),
                    (TAKER,),
                    (self.env._("Taken by"),),
                    measures,
                    Chart((0,), "bar", 15),
                    order=0,
                ),
                Table(
                    self.env._("By day"),
                    (DAY,),
                    (self.env._("Day"),),
                    measures,
                    Chart((0, 1), "column", 31),
                ),
            ],
        )
