from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class DiscomNoticeReport(models.AbstractModel):
    """A list of notices as a workbook, of what is selected, of an office or of a village."""

    _name = "discom.notice.report"
    _description = "List of notices"
    _inherit = ["discom.report.mixin"]

    _report_model = "discom.notice"

    village = fields.Char(help="Empty: all.")

    def _report_params(self):
        return {**super()._report_params(), "village": self.village}

    def _report_filename(self):
        return f"{self._report_title()} {self.env['discom.bill']._today()}"

    def _report_facts(self):
        facts = super()._report_facts()
        if self.village:
            facts.append((self.env._("Village"), self.village))
        return facts

    def _sql_notice_village(self, consumer):
        """SQL of the village that stands on ``notice``, in the language of the report.

        The consumer has its name in Hindi, unless it was moved or corrected since.

        :param consumer: alias of the consumer
        """
        return SQL(
            "CASE WHEN notice.village = %s THEN %s ELSE notice.village END",
            SQL.identifier(consumer, "discom_village"),
            self._sql_village(consumer),
        )

    def _not_stopped(self, domain):
        """``domain`` without those against whom something has come to stand since: nobody goes
        there."""
        stopped = self.env["discom.notice"].search(domain)._stops_now()
        return domain & Domain("id", "not in", list(stopped))

    def _report_domain(self):
        domain = Domain(self._selected_domain() or [])
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.id)
        if self.village:
            domain &= Domain("village", "=ilike", self.village.strip())
        return domain
