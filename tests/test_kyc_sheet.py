import io

import openpyxl
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..wizards import report_mixin
from .test_import import ImportCommon

NUMBER, MOBILE, CONSENT, LANGUAGE, DATE, OUTCOME, REMARK = (
    "व्हाट्सऐप नंबर",
    "मोबाइल (यदि अलग)",
    "सहमति",
    "भाषा",
    "दिनांक",
    "परिणाम",
    "टिप्पणी",
)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestKycSheet(ImportCommon):
    """The sheet that goes into a village and comes back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumers = cls.env["res.partner"]
        for number in range(6):
            cls.consumers += cls.create_consumer(
                discom_village="Salkhan",
                discom_whatsapp_number=False,
                discom_book_no=f"{number}",
                discom_guardian_name="=HYPERLINK" if number == 5 else "Ram",
            )
        cls.taken = cls.create_consumer(discom_village="Salkhan")
        cls.drive = cls.create_drive({"village": "Salkhan"})
        cls.area = cls.drive.area_ids

    def print_sheet(self, user=None):
        """Bytes of the sheet that the button of the area gives."""
        action = self.area.with_user(user or self.surveyor).action_print_sheet()
        attachment_id = int(action["url"].split("/")[-1].split("?")[0])
        return self.env["ir.attachment"].browse(attachment_id).raw

    def fill(self, content, rows):
        """Fill in cells as a person with a spreadsheet does.

        :param rows: dict of account number to a dict of header to value
        """
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet = book.worksheets[0]
        header = [cell.value for cell in sheet[1]]
        for line in sheet.iter_rows(min_row=2):
            for name, value in rows.get(line[0].value, {}).items():
                line[header.index(name)].value = value
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    def bring_back(self, rows, content=None):
        filled = self.fill(content or self.print_sheet(), rows)
        return self.run_import("kyc", filled, filename="sheet.xlsx", user=self.clerk)

    def test_sheet_holds_who_is_left(self):
        sheet = openpyxl.load_workbook(io.BytesIO(self.print_sheet())).worksheets[0]
        accounts = [row[0].value for row in sheet.iter_rows(min_row=2)]
        self.assertEqual(accounts, self.consumers.mapped("discom_account_no"))
        self.assertTrue(sheet.protection.sheet)
        hidden = [name for name, column in sheet.column_dimensions.items() if column.hidden]
        self.assertIn("A", hidden)
        header = {cell.value: cell for cell in sheet[1]}
        row = sheet[2]
        for name, cell in header.items():
            open_cell = name in (NUMBER, MOBILE, CONSENT, LANGUAGE, DATE, OUTCOME, REMARK)
            self.assertEqual(row[cell.column - 1].protection.locked, not open_cell, name)
        rules = {
            str(rule.sqref).split(":")[0][:-1]: rule
            for rule in sheet.data_validations.dataValidation
        }
        letter = header[CONSENT].column_letter
        self.assertEqual(rules[letter].formula1, '"हाँ,नहीं"')
        self.assertIn("=10", rules[header[NUMBER].column_letter].formula1)
        self.assertEqual(sheet.page_setup.orientation, "landscape")
        self.assertEqual(sheet.print_title_rows, "$1:$1")

    def test_sheet_has_the_village_in_hindi(self):
        """It is read in the villages; what comes back is found all the same."""
        first, second, *rest = self.consumers
        first.write({"street": "House 4", "discom_village_hi": "सलखन"})
        content = self.print_sheet()
        sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        place = [cell.value for cell in sheet[1]].index("पता")
        addresses = {row[0].value: row[place].value for row in sheet.iter_rows(min_row=2)}
        self.assertEqual(addresses[first.discom_account_no], "House 4, सलखन")
        self.assertIn("Salkhan", addresses[second.discom_account_no])
        job = self.bring_back(
            {first.discom_account_no: {NUMBER: 9415261288, CONSENT: "हाँ"}}, content
        )
        self.assert_counts(job, changed=1, same=5)
        self.assertEqual(first.discom_whatsapp_number, "+919415261288")
        self.assertEqual((first.discom_village, first.discom_village_hi), ("Salkhan", "सलखन"))

    def test_filled_sheet_is_read_as_it_is(self):
        first, second, third, fourth, *rest = self.consumers
        job = self.bring_back(
            {
                first.discom_account_no: {
                    NUMBER: 9415261288,
                    CONSENT: "हाँ",
                    LANGUAGE: "English",
                    DATE: "09/11/2026",
                },
                second.discom_account_no: {NUMBER: "९४१५२६१२८९", CONSENT: "नहीं"},
                third.discom_account_no: {OUTCOME: "मना किया", REMARK: "नाराज़"},
                fourth.discom_account_no: {OUTCOME: "बंद मिला"},
            }
        )
        self.assert_counts(job, changed=4, same=2)
        self.assertRecordValues(
            first + second + third + fourth,
            [
                {
                    "discom_whatsapp_number": number,
                    "discom_kyc_state": state,
                    "discom_consent_bills": consent,
                    "discom_kyc_user_id": user.id,
                }
                for number, state, consent, user in [
                    ("+919415261288", "captured", "given", self.surveyor),
                    ("+919415261289", "captured", "withdrawn", self.surveyor),
                    (False, "refused", False, self.surveyor),
                    (False, "none", False, self.env["res.users"]),
                ]
            ],
        )
        self.assertEqual(str(first.discom_kyc_date), "2026-11-09")
        self.assertEqual(first.discom_kyc_source, "field")
        self.assertEqual(first.discom_consent_outages, "given")
        self.assertEqual(first.discom_consent_ids[:1].method, "field")
        # The notice that is printed on the sheet.
        self.assertEqual(
            set(first.discom_consent_ids.mapped("notice_version"))
            | set(first.discom_consent_ids.mapped("notice_lang")),
            {"1", "hi_IN"},
        )
        self.assertFalse(any(second.discom_consent_ids.mapped("notice_version")))
        self.assertEqual(set(self.consumers[4:].mapped("discom_kyc_date")), {False})
        visits = self.drive.env["discom.kyc.visit"].search([("area_id", "=", self.area.id)])
        self.assertEqual(sorted(visits.mapped("outcome")), ["closed", "refused", "taken", "taken"])
        self.assertEqual(visits.filtered("note").note, "नाराज़")
        self.assertEqual(visits.user_id, self.surveyor)
        # With the one whose number was there before.
        self.assertEqual((self.area.taken_count, self.area.refused_count), (3, 1))

    def test_same_sheet_twice_and_further_filled(self):
        content = self.print_sheet()
        first, second, *_rest = self.consumers
        rows = {first.discom_account_no: {NUMBER: "9415261288", CONSENT: "हाँ"}}
        self.assert_counts(self.bring_back(rows, content), changed=1, same=5)
        self.assert_counts(self.bring_back(rows, content), same=6)
        rows[second.discom_account_no] = {OUTCOME: "चले गए"}
        self.assert_counts(self.bring_back(rows, content), changed=1, same=5)
        self.assert_counts(self.bring_back(rows, content), same=6)
        self.assertEqual(self.env["discom.kyc.visit"].search_count([]), 2)

    def test_bad_rows_come_back_with_reasons(self):
        rows = {
            account: values
            for account, values in zip(
                self.consumers.mapped("discom_account_no"),
                [
                    {NUMBER: "12345"},
                    {NUMBER: "9415261288", OUTCOME: "मना किया"},
                    {REMARK: "234123412346"},
                    {REMARK: "कल आना"},
                    {NUMBER: "9415261288", CONSENT: "शायद"},
                    {NUMBER: "9415261288", DATE: "11/11/2026"},
                ],
                strict=True,
            )
        }
        job = self.bring_back(rows)
        self.assert_counts(job, refused=6)
        reasons = {row["account_no"]: row["Reason"] for row in self.refused_rows(job)}
        for account, words in zip(
            rows,
            ["complete Indian number", "Keep one", "Aadhaar", "remark only", "1 or 0", "future"],
            strict=True,
        ):
            self.assertIn(words, reasons[account])
        self.assertEqual(set(self.consumers.mapped("discom_kyc_state")), {"none"})

    def test_number_given_meanwhile_outlives_a_refusal(self):
        content = self.print_sheet()
        first = self.consumers[0]
        first.write({"discom_whatsapp_number": "9415261288"})
        self.bring_back({first.discom_account_no: {OUTCOME: "मना किया"}}, content)
        self.assertEqual(first.discom_kyc_state, "captured")

    def test_refusal_ends_the_use_of_a_bad_number(self):
        first = self.consumers[0]
        first.write({"discom_whatsapp_number": "+919415261288", "discom_kyc_state": "bounced"})
        self.bring_back({first.discom_account_no: {OUTCOME: "मना किया"}})
        self.assertEqual((first.discom_kyc_state, first.discom_whatsapp_number), ("refused", False))
        self.assertIn("refused", first.discom_kyc_event_ids.mapped("new"))

    def test_tampered_keys_reach_nobody_else(self):
        other = self.create_consumer(
            discom_office_id=self.subdivision_b1.id,
            discom_asset_id=False,
            discom_whatsapp_number=False,
        )
        first = self.consumers[0]
        job = self.bring_back(
            {
                first.discom_account_no: {
                    "account_no": other.discom_account_no,
                    NUMBER: "9415261288",
                }
            }
        )
        self.assert_counts(job, same=5, refused=1)
        self.assertFalse(other.discom_whatsapp_number)

    def test_large_area_goes_into_the_background(self):
        self.patch(report_mixin, "DIRECT_ROWS", 3)
        action = self.area.with_user(self.manager).action_print_sheet()
        job = self.env["discom.report.job"].browse(action["res_id"])
        self.assertEqual(job.state, "queued")
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(job.state, "done")
        sheet = openpyxl.load_workbook(io.BytesIO(job.attachment_id.raw)).worksheets[0]
        self.assertEqual(sheet.max_row, 7)

    def test_nobody_left_and_who_may_print(self):
        with self.assertRaises(AccessError):
            self.print_sheet(self.counter)
        with self.assertRaises(AccessError):
            self.print_sheet(self.clerk_b)
        self.assertTrue(self.print_sheet(self.clerk))
        self.consumers.discom_kyc_state = "verified"
        with self.assertRaisesRegex(UserError, "left to visit in Salkhan"):
            self.print_sheet()

    def test_sheet_of_an_english_user_is_hindi(self):
        self.surveyor.lang = "en_US"
        sheet = openpyxl.load_workbook(io.BytesIO(self.print_sheet())).worksheets[0]
        self.assertEqual(sheet.title, "केवाईसी")
