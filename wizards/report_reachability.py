from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.phone import mask
from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table

# Positions in a row of the data sheet.
OFFICE, AREA, CATEGORY, KYC, WAY, REACHABLE, BILLS, REASON, QUALITY = 0, 1, 2, 9, 12, 13, 14, 15, 19


class DiscomReachability(models.TransientModel):
    """Who can be reached on WhatsApp and gets the bill there, why not, and how good the numbers
    are: consumer by consumer."""

    _name = "discom.reachability"
    _inherit = ["discom.report.area"]
    _description = "Reachability and number quality"

    _report_model = "discom.kyc.report"
    _report_lists = {"res.partner": "partner_id"}
    _report_scheduled = True

    only = fields.Selection(
        [
            ("unreachable", "Who cannot be reached"),
            ("review", "Numbers to review"),
        ],
        "Consumers",
        help="Empty: all.",
    )

    def _report_params(self):
        return {**super()._report_params(), "only": self.only}

    def _report_title(self):
        return self.env._("Reachability and number quality")

    def _report_facts(self):
        facts = super()._report_facts()
        if self.only:
            facts.append((self.env._("Filter"), self._field_labels(self._name, "only")[self.only]))
        return facts

    def _report_domain(self):
        domain = (self._selected_domain() or Domain.TRUE) & self._place_domain()
        if self.only == "unreachable":
            domain &= Domain("reachable_count", "=", 0)
        elif self.only == "review":
            domain &= Domain("partner_id", "any", [("discom_number_flag", "!=", False)])
        return domain

    def _report_query(self):
        return SQL(
            """
            SELECT p.discom_office_id, p.discom_area, p.discom_category_id, p.discom_asset_id,
                   %(village)s, p.discom_book_no, p.discom_account_no, %(name)s,
                   p.discom_whatsapp_number, COALESCE(p.discom_kyc_state, 'none'),
                   p.discom_kyc_date, taker.name, p.discom_kyc_source,
                   reached.reachable,
                   reached.reachable AND COALESCE(p.discom_consent_bills = 'given', FALSE),
                   CASE WHEN reached.reachable AND p.discom_consent_bills = 'given' THEN NULL
                        WHEN reached.reachable AND p.discom_consent_bills = 'withdrawn'
                        THEN 'opted_out'
                        WHEN reached.reachable THEN 'no_consent'
                        WHEN COALESCE(p.discom_whatsapp_number, '') = '' THEN
                             CASE p.discom_kyc_state WHEN 'refused' THEN 'refused'
                                  ELSE 'no_number' END
                        WHEN p.discom_kyc_state = 'bounced' THEN 'not_on_whatsapp'
                        ELSE p.discom_kyc_state END,
                   COALESCE(p.discom_consent_bills, 'never'),
                   COALESCE(p.discom_consent_outages, 'never'),
                   COALESCE(p.discom_consent_dues, 'never'),
                   COALESCE(p.discom_number_flag, CASE
                       WHEN p.discom_whatsapp_number IS NOT NULL THEN 'good' ELSE 'none' END)
              FROM res_partner p
        CROSS JOIN LATERAL (
                   SELECT p.discom_whatsapp_number IS NOT NULL
                          AND COALESCE(p.discom_kyc_state IN ('captured', 'verified'), FALSE)
                          AS reachable) reached
         LEFT JOIN discom_office office ON office.id = p.discom_office_id
         LEFT JOIN res_users person ON person.id = p.discom_kyc_user_id
         LEFT JOIN res_partner taker ON taker.id = person.partner_id
             WHERE p.id IN %(consumers)s
          ORDER BY office.parent_path, p.discom_village, p.discom_book_no, p.discom_account_no
            """,
            name=self._sql_consumer("p"),
            village=self._sql_village("p"),
            consumers=self.env["discom.kyc.report"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        consents = self._consent_labels()
        return [
            Column(self.env._("Office"), width=13, labels=self._office_labels(), empty="–"),
            Column(
                self.env._("Area"),
                width=8,
                labels=self._field_labels("res.partner", "discom_area"),
                empty="–",
            ),
            Column(
                self.env._("Tariff category"), width=8, labels=self._category_labels(), empty="–"
            ),
            Column(self.env._("Feeder"), width=12, labels=self._feeder_labels()),
            Column(self.env._("Village or ward"), width=14),
            Column(self.env._("Book"), width=8),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Name"), width=15),
            Column(self.env._("WhatsApp number"), width=17, convert=mask),
            Column(
                self.env._("KYC"),
                width=9,
                labels=self._field_labels("res.partner", "discom_kyc_state"),
            ),
            Column(self.env._("Taken on"), "date", 10.5),
            Column(self.env._("Taken by"), width=13),
            Column(
                self.env._("Taken by way of"),
                width=11,
                labels=self._field_labels("res.partner", "discom_kyc_source"),
                empty="–",
            ),
            Column(self.env._("Reachable on WhatsApp"), width=8, labels=self._yes_no()),
            Column(self.env._("Gets bills"), width=6, labels=self._yes_no()),
            Column(
                self.env._("Why not"),
                width=14,
                labels=self._reason_labels(),
                empty=self.env._("Gets the bill"),
            ),
            Column(self.env._("Consent: bills"), width=9, labels=consents),
            Column(self.env._("Consent: outages"), width=9, labels=consents),
            Column(self.env._("Consent: dues"), width=9, labels=consents),
            Column(self.env._("Quality of the numbers"), width=12, labels=self._quality_labels()),
        ]

    def _report_tables(self):
        yes = self._yes_no()[True]
        measures = (
            Measure(self.env._("Consumers")),
            Measure(self.env._("Reachable on WhatsApp"), ((REACHABLE, yes),)),
            Measure(self.env._("Reachable (%)"), share=((1,), 0)),
            Measure(self.env._("Gets bills"), ((BILLS, yes),)),
            Measure(self.env._("Gets bills (%)"), share=((3,), 0)),
        )
        consumers = measures[:1]
        return [
            Table(
                self.env._("Reachable by office"),
                (OFFICE, AREA),
                (self.env._("Office"), self.env._("Area")),
                measures,
                Chart((2, 4), "column"),
            ),
            Table(
                self.env._("Why no bill on WhatsApp"),
                (REASON,),
                (self.env._("Why not"),),
                consumers,
                Chart((0,), "bar"),
                order=0,
            ),
            Table(
                self.env._("Reachable by tariff category"),
                (CATEGORY,),
                (self.env._("Tariff category"),),
                measures,
                order="name",
            ),
            Table(
                self.env._("Quality of the numbers"),
                (OFFICE,),
                (self.env._("Office"),),
                tuple(
                    Measure(text, ((QUALITY, text),)) for text in self._quality_labels().values()
                ),
                sparse=True,
            ),
            Table(
                self.env._("KYC by way"),
                (WAY, KYC),
                (self.env._("Taken by way of"), self.env._("KYC")),
                measures,
                order="name",
            ),
        ]

    def _consent_labels(self):
        consents = self._field_labels("res.partner", "discom_consent_bills")
        return Labels({**consents, "never": self.env._("Never asked")})

    def _quality_labels(self):
        return Labels(
            {
                "good": self.env._("Nothing to review"),
                **self._field_labels("res.partner", "discom_number_flag"),
                "none": self.env._("No number"),
            }
        )

    def _reason_labels(self):
        return Labels(
            {
                **self._field_labels("res.partner", "discom_kyc_state"),
                **self._field_labels("discom.whatsapp.message", "skip_reason"),
            }
        )
