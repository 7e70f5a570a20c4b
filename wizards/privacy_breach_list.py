from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column, Measure

#: Positions in a row of the data sheet.
OFFICE, SURE, REACHED = 4, 5, 6


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

    def _report_totals(self):
        return (self.env[self._report_model].search_count(self._report_domain()),)

    def _report_query(self):
        self.env.flush_all()
        return SQL(
            """
            SELECT person.sure, p.discom_account_no, p.name, p.discom_name_hi, p.discom_village,
                   person.office_id, p.discom_whatsapp_number, p.phone, p.email, p.lang
              FROM discom_privacy_breach_person person
              JOIN res_partner p ON p.id = person.partner_id
             WHERE person.id IN %s
          ORDER BY person.id
            """,
            self.env[self._report_model]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self, totals):
        return [
            Column(self.env._("Account number"), width=13),
            Column(self.env._("Name"), width=24),
            Column(self.env._("Name in Hindi"), width=24),
            Column(self.env._("Village or ward"), width=18),
            Column(self.env._("Office"), width=22),
            Column(self.env._("Affected"), width=12),
            Column(self.env._("Can be reached"), width=14),
            Column(self.env._("WhatsApp number"), width=16),
            Column(self.env._("Mobile"), width=16),
            Column(self.env._("E-mail"), width=22),
            Column(self.env._("Language"), width=10),
        ]

    def _prepare_context(self):
        # sudo: names of offices, which all staff may read.
        offices = self.env["discom.office"].sudo().with_context(active_test=False).search([])
        return {
            "offices": {office.id: self._office_name(office) for office in offices},
            "sure": {True: self.env._("certain"), False: self.env._("possible")},
            "reach": {True: self.env._("yes"), False: self.env._("no")},
        }

    def _prepare_row(self, row, context, groups):
        sure, account, name, hindi, village, office, whatsapp, phone, email, lang = row
        office = context["offices"].get(office, "")
        counts = groups.setdefault(office, [0, 0, 0])
        reached = bool(whatsapp or phone or email)
        for place, value in enumerate((1, bool(sure), reached)):
            counts[place] += value
        return [
            account,
            name,
            hindi,
            village,
            office,
            context["sure"][bool(sure)],
            context["reach"][reached],
            whatsapp,
            phone,
            email,
            lang,
        ]

    def _write_summaries(self, book, context, groups):
        book.add_summary(
            self.env._("By office"),
            OFFICE,
            self.env._("Office"),
            dict(sorted(groups.items())),
            [
                Measure(self.env._("Affected")),
                Measure(self.env._("certain"), SURE, context["sure"][True]),
                Measure(self.env._("can be reached"), REACHED, context["reach"][True]),
            ],
        )
