from odoo import fields, models
from odoo.tools import SQL

from ..tools.kyc_sheet import SheetColumn, write_sheet
from ..tools.phone import mask


class DiscomKycSheet(models.TransientModel):
    """Sheet of the consumers of an area who are left to visit, to be filled in without network.

    Texts are Hindi whatever the language of the user: the sheet is used in the villages. The import
    of KYC files knows its headers by these names (see ``import_kyc.py``).
    """

    _name = "discom.kyc.sheet"
    _description = "KYC sheet of an area"
    _inherit = ["discom.report.mixin"]

    _report_model = "res.partner"

    area_id = fields.Many2one("discom.kyc.drive.area", required=True)

    def _report_params(self):
        return {**super()._report_params(), "area_id": self.area_id.id}

    def _report_personal(self):
        """The area was given to somebody by the manager: it is on record, and needs no more."""
        return False

    def _report_title(self):
        return self.env._(
            "KYC %(area)s, %(drive)s", area=self.area_id.name, drive=self.area_id.drive_id.name
        )

    def _report_domain(self):
        # What was visited today counts too: the sheet may be printed in the evening.
        areas = self.env["discom.kyc.drive.area"]
        return self.area_id._consumer_domain() & areas._missing_domain()

    def _nothing_text(self):
        return self.env._(
            "Nobody is left to visit in %(area)s: no sheet is needed.", area=self.area_id.name
        )

    def _report_query(self):
        self.env.flush_all()
        partners = self.env["res.partner"]._search(self._report_domain())
        return SQL(
            """
            SELECT partner.discom_account_no, partner.name, partner.discom_name_hi,
                   partner.discom_guardian_name, partner.street,
                   COALESCE(NULLIF(partner.discom_village_hi, ''), partner.discom_village),
                   partner.discom_meter_no, partner.discom_whatsapp_number
              FROM res_partner partner
             WHERE partner.id IN %s
          ORDER BY partner.discom_village, partner.discom_book_no, partner.discom_sc_no, partner.id
            """,
            partners.subselect(),
        )

    def _write_workbook(self, path, set_progress=None):
        """Write the sheet; see :meth:`discom.report.mixin._write_workbook`."""
        count = self.env["res.partner"].search_count(self._report_domain())
        write_sheet(
            path,
            title=self._report_title(),
            columns=self._sheet_columns(),
            rows=self._sheet_rows(set_progress),
            count=count,
            notice=self._notice(),
            texts={"data": "केवाईसी", "notice": "सूचना", "page": "पृष्ठ &P / &N"},
        )

    def _sheet_rows(self, set_progress):
        taker = self.area_id.user_id.login
        notice = self.env["discom.consent.notice"]._current("hi_IN")
        number = 0
        for rows in self._stream(self._report_query()):
            for account, name, name_hi, guardian, street, village, meter, known in rows:
                number += 1
                yield [
                    account,
                    "field",
                    taker,
                    str(self.area_id.id),
                    notice.version,
                    (notice.lang or "")[:2],
                    str(number),
                    account,
                    name_hi or name,
                    guardian,
                    ", ".join(filter(None, (street, village))),
                    meter,
                    mask(known),
                    *[None] * 7,
                ]
            if set_progress:
                set_progress(number)

    def _sheet_columns(self):
        wrong = "सूची में से चुनें।"
        digits = "10 अंकों का मोबाइल नंबर, बिना 0 या +91 के।"
        return [
            SheetColumn("account_no", 0),
            SheetColumn("source", 0),
            SheetColumn("taken_by", 0),
            SheetColumn("area_id", 0),
            SheetColumn("notice_version", 0),
            SheetColumn("notice_language", 0),
            SheetColumn("क्रम", 5),
            SheetColumn("खाता संख्या", 11.5),
            SheetColumn("नाम", 20),
            SheetColumn("पिता / पति", 15),
            SheetColumn("पता", 18),
            SheetColumn("मीटर संख्या", 11),
            SheetColumn("पुराना नंबर", 14),
            SheetColumn("व्हाट्सऐप नंबर", 13, "mobile", hint=digits, error=digits),
            SheetColumn("मोबाइल (यदि अलग)", 13, "mobile", hint=digits, error=digits),
            SheetColumn("सहमति", 8, "choice", ("हाँ", "नहीं"), "सूचना पढ़कर पूछें।", wrong),
            SheetColumn("भाषा", 9, "choice", ("हिन्दी", "English"), "", wrong),
            SheetColumn(
                "दिनांक", 11, "date", hint="दिन/माह/वर्ष, जैसे 05/12/2026", error="जैसे 05/12/2026"
            ),
            SheetColumn(
                "परिणाम",
                12,
                "choice",
                ("मना किया", "बंद मिला", "चले गए"),
                "नंबर न मिला हो तो कारण चुनें।",
                wrong,
            ),
            SheetColumn("टिप्पणी", 16, "text"),
        ]

    def _notice(self):
        notice = self.env["discom.consent.notice"]._current("hi_IN")
        return [
            "पीले खाने भरें। नंबर लेने से पहले यह सूचना पढ़कर सुनाएँ और सहमति पूछें:",
            *(notice.body or "").split("\n"),
            "भरी हुई शीट कार्यालय में दें; वह जैसी है वैसी ही आयात होती है।",
        ]
