from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Measure, Table

#: Positions in a row of the data sheet.
SURE, OFFICE, REACHED = 0, 5, 6


class DiscomPrivacyBreachList(models.TransientModel):
    """Who is affected by a breach, with the numbers at which they can be told, as a workbook."""

    _name = "discom.privacy.breach.list"
    _inherit = ["discom.report.mixin"]
    _description = "Affected by a breach"

    _report_model = "discom.privacy.breach.person"

    breach_id = fields.Many2one("discom.privacy.breach", required=True)

    def action_print(self):
        """Make the list; that it left is written down."""
        self.ensure_one()
        self.breach_id._check_user()
        self.env["discom.audit.entry"]._log(
            "breach",
            self.breach_id,
            self.env._("List of those affected by a breach"),
            number=self.breach_id.person_count,
        )
        return super().action_print()

    def _report_params(self):
        return {**super()._report_params(), "breach_id": self.breach_id.id}

    def _report_title(self):
        return self.env._("Affected by a breach")

    def _report_facts(self):
        breach = self.breach_id
        return [
            *super()._report_facts(),
            (self.env._("What happened"), breach.name),
            (self.env._("Affected"), str(breach.person_count)),
            (self.env._("Certainly affected"), str(breach.sure_count)),
            (self.env._("With a number"), str(breach.reachable_count)),
        ]

    def _report_domain(self):
        domain = Domain("breach_id", "=", self.breach_id.id)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.id)
        return domain

    def _report_query(self):
        return SQL(
            """
            SELECT CASE WHEN person.sure THEN 'sure' ELSE 'possible' END, p.discom_account_no,
                   p.name, p.discom_name_hi, %(village)s, person.office_id,
                   CASE WHEN COALESCE(p.discom_whatsapp_number, p.phone, p.email) IS NULL
                        THEN 'no' ELSE 'yes' END,
                   p.discom_whatsapp_number, p.phone, p.email, p.lang
              FROM discom_privacy_breach_person person
              JOIN res_partner p ON p.id = person.partner_id
             WHERE person.id IN %(persons)s
          ORDER BY person.id
            """,
            village=self._sql_village("p"),
            persons=self.env[self._report_model]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        return [
            Column(
                self.env._("Affected"),
                width=12,
                labels=Labels(sure=self.env._("certain"), possible=self.env._("possible")),
            ),
            Column(self.env._("Account number"), width=13),
            Column(self.env._("Name"), width=24),
            Column(self.env._("Name in Hindi"), width=24),
            Column(self.env._("Village or ward"), width=18),
            Column(self.env._("Office"), width=22, labels=self._office_labels(), empty="–"),
            Column(
                self.env._("Can be reached"),
                width=14,
                labels=Labels(yes=self.env._("Yes"), no=self.env._("No")),
            ),
            Column(self.env._("WhatsApp number"), width=16),
            Column(self.env._("Mobile"), width=16),
            Column(self.env._("E-mail"), width=22),
            Column(self.env._("Language"), width=10),
        ]

    def _report_tables(self):
        return [
            Table(
                self.env._("By office"),
                (OFFICE,),
                (self.env._("Office"),),
                (
                    Measure(self.env._("Affected")),
                    Measure(self.env._("certain"), ((SURE, self.env._("certain")),)),
                    Measure(self.env._("can be reached"), ((REACHED, self.env._("Yes")),)),
                ),
                order="name",
            )
        ]
