import io
from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from ..tools import xlsx, xlsx_summary
from .common import DiscomCommon
from .common_workbook import ReadBook, WorkbookMixin

MONTH = date(2026, 10, 1)
NOW = "2026-11-26 06:00:00"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestReportExcel(WorkbookMixin, DiscomCommon):
    """Each workbook as it is read back, on an October whose figures are known."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_category = cls.env["discom.category"].search(
            [("id", "!=", cls.category.id)], limit=1
        )
        village = {"discom_village": "Salkhan", "discom_book_no": "0041"}
        with freeze_time("2026-10-05 06:00:00"):
            cls.read, cls.failed = (cls.create_consumer(**village) for _number in range(2))
            cls.evil = cls.create_consumer(name='=HYPERLINK("http://x")', discom_name_hi=False)
            cls.formatted = cls.create_consumer(name="<r><t>x</t></r>", discom_name_hi=False)
            cls.numberless = cls.create_consumer(
                discom_whatsapp_number=False,
                discom_area="urban",
                discom_office_id=cls.subdivision_a2.id,
                discom_category_id=cls.other_category.id,
                **village,
            )
            cls.foreign = cls.create_consumer(
                discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
            )
        cls.consumers = cls.read | cls.failed | cls.evil | cls.formatted | cls.numberless
        cls.amounts = [1234567.5, 857.5, 250, 12345678, 99.25]
        cls.bills = cls.env["discom.bill"].create(
            [
                {
                    "partner_id": consumer.id,
                    "period": MONTH,
                    "bill_date": date(2026, 10, 20),
                    "due_date": date(2026, 11, 5),
                    "line_ids": [
                        Command.create({"head": "energy", "name": "Energy", "amount": amount})
                    ],
                }
                for consumer, amount in zip(
                    cls.consumers | cls.foreign, [*cls.amounts, 70], strict=True
                )
            ]
        )
        cls.bills._set_state("issued")
        cls.env["discom.whatsapp.message"].create(
            [
                cls.message(cls.bills[0], "read", category="utility"),
                cls.message(cls.bills[1], "failed", error_text="=1+1 Undeliverable"),
                cls.message(cls.bills[2], "delivered", category="utility"),
                cls.message(cls.bills[3], "skipped", skip_reason="opted_out"),
                cls.message(cls.bills[5], "read", category="utility"),
            ]
        )
        cls.payment = cls.env["discom.payment"].create(
            {"partner_id": cls.read.id, "amount": 200000, "date": date(2026, 10, 25)}
        )
        cls.env["discom.ageing"]._refresh(
            SQL("SELECT UNNEST(%s::integer[])", (cls.consumers | cls.foreign).ids)
        )

    @classmethod
    def message(cls, bill, state, **vals):
        sent = datetime(2026, 10, 21, 6)
        return {
            "res_model": "discom.bill",
            "res_id": bill.id,
            "partner_id": bill.partner_id.id,
            "office_id": bill.office_id.id,
            "phone": bill.partner_id.discom_whatsapp_number,
            "purpose": "bill",
            "state": state,
            "sent_at": sent,
            "delivered_at": sent if state in ("read", "delivered") else False,
            **vals,
        }

    def october(self, model, user=None, **vals):
        return self.print_book(
            model,
            user or self.clerk,
            date_from=date(2026, 10, 1),
            date_to=date(2026, 10, 31),
            **vals,
        )

    # === THE WORKBOOKS === #

    def test_kyc_progress(self):
        book = self.october("discom.kyc.progress", target_share=80, office_id=self.division_a)
        self.assert_sound(book)
        table = book.table("KYC by office")
        self.assertEqual(table["Sub-division A1"]["Consumers"], 4)
        self.assertEqual(table["Sub-division A2"]["No number"], 1)
        self.assertEqual((table["Total"]["Consumers"], table["Total"]["With KYC"]), (5, 4))
        self.assertEqual(table["Sub-division A1"]["Goal"], 3.2)
        self.assertEqual(table["Total"]["Of the goal"], 1)
        areas = book.table("KYC by area")
        self.assertEqual(areas["Sub-division A2", "Urban"]["Consumers"], 1)
        days = book.table("By day")
        self.assertEqual(days[datetime(2026, 10, 5)]["Captured"], 4)

    def test_kyc_progress_of_chosen_consumers(self):
        model = self.env["discom.kyc.progress"].with_context(
            active_model="res.partner", active_ids=self.read.ids
        )
        form = Form(model.with_user(self.clerk))
        self.assertEqual(form.selected_count, 1)
        form.date_from = date(2026, 10, 1)
        book = self.read_action(form.save().action_print())
        self.assertEqual(book.table("KYC by office")["Total"]["Consumers"], 1)
        self.assertEqual(book.table("By person")["Total"]["Captured"], 1)
        # By which the days are narrowed.
        head = [row[0] for row in book.values.worksheets[0].iter_rows(max_row=6, values_only=True)]
        self.assertIn("Period: 01/10/2026 – 26/11/2026", head)

    def test_reachability(self):
        self.read._discom_record_consent("given", ["bills"], "paper")
        self.failed._discom_record_consent("withdrawn", ["bills"], "paper")
        self.failed.flush_recordset()
        book = self.print_book("discom.reachability", self.clerk, office_id=self.division_a)
        self.assert_sound(book)
        rows = {row["Account number"]: row for row in book.rows()}
        self.assertEqual(rows.keys(), set(self.consumers.mapped("discom_account_no")))
        read, failed, none = (
            rows[consumer.discom_account_no]
            for consumer in (self.read, self.failed, self.numberless)
        )
        self.assertEqual((read["Gets bills"], read["Why not"]), ("Yes", "Gets the bill"))
        self.assertEqual((failed["Gets bills"], failed["Why not"]), ("No", "Consent withdrawn"))
        self.assertEqual(none["Reachable on WhatsApp"], "No")
        self.assertEqual(none["Why not"], "No WhatsApp number")
        self.assertEqual(read["Feeder"], "Feeder A1")
        self.assertNotIn(self.read.discom_whatsapp_number, str(rows))
        table = book.table("Reachable by office")
        self.assertEqual(table["Total"]["Reachable on WhatsApp"], 4)
        self.assertEqual(table["Sub-division A1", "Rural"]["Gets bills"], 1)
        quality = book.table("Quality of the numbers")["Total"]
        self.assertEqual(quality["No number"], 1)

    def test_bill_run_and_delivery(self):
        held = self.env["discom.bill"].create(
            {
                "partner_id": self.read.id,
                "period": date(2026, 9, 1),
                "bill_date": date(2026, 9, 20),
                "due_date": date(2026, 10, 5),
            }
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE discom_bill SET is_held = TRUE WHERE id = %s", [held.id])
        held.invalidate_recordset()
        book = self.print_book("discom.bill.delivery.register", self.clerk, period=MONTH)
        self.assert_sound(book)
        self.assertEqual(book.table("Bill run by sub-division")["Total"]["Issued"], 5)
        reasons = book.table("By message and reason")
        self.assertEqual(reasons["Failed", "=1+1 Undeliverable"]["Bills"], 1)
        self.assertEqual(
            book.table("Skipped, by reason")["Total"],
            {"Sub-division": "Total"} | {"Consent withdrawn": 1},
        )
        book = self.print_book("discom.bill.delivery.register", self.clerk, period=date(2026, 9, 1))
        self.assertEqual(book.rows()[0]["Bill"], "Held back")

    def test_door_list(self):
        self.env["discom.outage.contact"].create(
            {
                "village": "salkhan",
                "office_id": self.division_a.id,
                "name": "Lal Babu",
                "whatsapp_number": "+919415299999",
                "role": "lineman",
            }
        )
        book = self.print_book("discom.door.list", self.operator, period=MONTH)
        self.assert_sound(book)
        rows = {row["Account number"]: row for row in book.rows()}
        walked = self.failed | self.formatted | self.numberless
        self.assertEqual(rows.keys(), set(walked.mapped("discom_account_no")))
        row = rows[self.failed.discom_account_no]
        self.assertEqual((row["Lineman"], row["Book"]), ("Lal Babu", "0041"))
        self.assertEqual(row["Why not on WhatsApp"], "=1+1 Undeliverable")
        self.assertEqual(rows[self.numberless.discom_account_no]["Why not on WhatsApp"], "Not sent")
        self.assertEqual(book.table("By lineman")["Sub-division A1", "Lal Babu"]["Bills"], 1)
        self.assertEqual(
            book.table("By book and village")["Lal Babu", "0041", "Salkhan"]["Bills"], 2
        )

    def test_reasons_in_the_language_of_the_report(self):
        """What WhatsApp's code means, where it told one, instead of its English text."""
        failed = self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.bill"), ("res_id", "=", self.bills[1].id)]
        )
        failed.write({"error_code": 131026, "error_text": "Message undeliverable"})
        error = self.env["discom.whatsapp.error"].search([("code", "=", 131026)])
        for lang, reason in (("en_US", error.meaning), ("hi_IN", error.meaning_hi)):
            for report in ("discom.bill.delivery.register", "discom.door.list"):
                with self.subTest(lang=lang, report=report):
                    book = self.print_book(report, self.clerk, lang=lang, period=MONTH)
                    texts = [text for row in book.rows() for text in row.values()]
                    self.assertIn(reason, texts)
                    self.assertNotIn("Message undeliverable", texts)

    def test_door_list_of_nobody(self):
        self.env["discom.whatsapp.message"].search([]).state = "read"
        self.env["discom.whatsapp.message"].create(self.message(self.bills[4], "read"))
        with self.assertRaisesRegex(UserError, "nobody has to walk"):
            self.fill("discom.door.list", self.clerk, period=MONTH).action_print()

    def test_collection_and_arrears(self):
        book = self.october("discom.arrears.report", office_id=self.division_a)
        self.assert_sound(book)
        dues = sum(self.amounts) - 200000
        rows = book.rows()
        self.assertEqual(len(rows), 5)
        self.assertEqual(rows[0]["Dues (₹)"], 12345678)
        self.assertAlmostEqual(sum(row["Dues (₹)"] for row in rows), dues, 2)
        self.assertAlmostEqual(book.table("Arrears by office")["Total"]["Dues (₹)"], dues, 2)
        groups = book.table("Arrears by category, area and age")
        self.assertEqual(groups[self.other_category.code, "Urban"]["0-30 Days (₹)"], 99.25)
        top = book.table("Largest debtors")
        self.assertEqual([line[1] for line in top][0], self.formatted.discom_account_no)
        offices = book.table("Collection by office")
        self.assertAlmostEqual(offices["Total"]["Billed (₹)"], sum(self.amounts), 2)
        self.assertEqual(offices["Sub-division A1"]["Collected (₹)"], 200000)
        self.assertEqual(
            book.table("Collection by day")[datetime(2026, 10, 25)]["Collected (₹)"], 200000
        )
        few = self.october("discom.arrears.report", minimum=123456.5, area="rural")
        self.assertEqual(len(few.rows()), 2)
        head = [row[0] for row in few.values.worksheets[0].iter_rows(max_row=6, values_only=True)]
        self.assertIn("Dues from (₹): 1,23,456.50", head)

    def test_effect_of_nothing(self):
        with self.assertRaisesRegex(UserError, "nothing to report"):
            self.fill("discom.effect.report", self.clerk).action_print()

    def test_message_costs(self):
        rate = self.env["discom.whatsapp.rate"]._for("utility", date(2026, 10, 21))
        book = self.october("discom.message.cost", self.manager)
        self.assert_sound(book)
        total = book.table("Cost by office")["Total"]
        self.assertEqual(total["Messages"], 2, "that of the other division is not his")
        self.assertAlmostEqual(total["Cost with tax (₹)"], rate._amount(2), 4)
        names = book.formulas.worksheets[0]._charts[0].series[0].cat
        self.assertRegex(
            (names.strRef or names.numRef).f, r"!\$A\$\d+(:\$A\$\d+)?$", "by purpose alone"
        )
        self.assertEqual(book.table("Cost by day")[datetime(2026, 10, 21)]["Messages"], 2)

    def test_outages_with_indices(self):
        reason = self.env["discom.outage.reason"].search([], limit=1)
        outage = self.env["discom.outage"].create(
            {
                "asset_ids": self.feeder_a1.ids,
                "office_id": self.subdivision_a1.id,
                "reason_id": reason.id,
                "kind": "breakdown",
                "date_start": datetime(2026, 10, 10, 6),
            }
        )
        outage.write({"state": "restored", "date_end": datetime(2026, 10, 10, 8)})
        served = self.env["discom.outage.served"].search(
            [("office_id", "=", self.subdivision_a1.id)]
        )
        served.filtered(lambda line: line.month == MONTH).sudo().consumers = 8
        book = self.october("discom.outage.register", self.operator, office_id=self.division_a)
        self.assert_sound(book)
        self.assertEqual(book.table("Outages by office")["Total"]["Outages"], 1)
        indices = book.table("Reliability by office")["Sub-division A1"]
        hit = self.env["discom.outage.interruption"].search(
            [("outage_id", "=", outage.id), ("office_id", "=", self.subdivision_a1.id)]
        )
        self.assertEqual(indices["Consumers served"], 8)
        self.assertAlmostEqual(
            indices["SAIDI (unplanned, min)"], sum(hit.mapped("consumer_minutes")) / 8
        )
        self.assertTrue(indices["SAIDI (unplanned, min)"])

    def test_compensation_of_outages(self):
        self.env["discom.outage.compensation"].create(
            {
                "hours": 1,
                "amount": 150,
                "period_hours": 24,
                "date_from": "2026-01-01",
                "source": "Test order, clause 1",
            }
        )
        outage = self.env["discom.outage"].create(
            {"asset_ids": self.feeder_a1.ids, "date_start": datetime(2026, 10, 10, 6)}
        )
        outage.write({"state": "restored", "date_end": datetime(2026, 10, 11, 8)})
        due = self.env["discom.outage.compensation.due"].search([("outage_id", "=", outage.id)])
        amount = sum(due.mapped("consumers")) * 150 * 2
        self.assertTrue(amount)
        book = self.october("discom.outage.register", self.operator, office_id=self.division_a)
        self.assert_sound(book)
        total = book.table("Outages by office")["Total"]
        self.assertEqual(total["Compensation due (₹)"], amount)
        months = book.table("Compensation by month and office")
        self.assertEqual(months["Total"]["Compensation due (₹)"], amount)
        self.assertEqual(months["Total"]["Consumers to compensate"], sum(due.mapped("consumers")))

    def test_audit_extract(self):
        entries = self.env["discom.audit.entry"]
        entries._log("export", "discom.bill", "=1+1", number=7, office=self.division_a)
        entries._log("role", None, "Roles", office=self.division_b)
        book = self.print_book(
            "discom.audit.extract",
            self.auditor,
            date_from=date(2026, 11, 26),
            date_to=date(2026, 11, 26),
            office_id=self.division_a,
        )
        self.assert_sound(book)
        [row] = [row for row in book.rows() if row["Details"] == "=1+1"]
        self.assertEqual(
            (row["What"], row["Of"], row["Records"]), ("Export", "Electricity Bill", 7)
        )
        self.assertFalse([row for row in book.rows() if row["Details"] == "Roles"])
        self.assertGreaterEqual(book.table("By what was done")["Export"]["Records"], 7)
        with self.assertRaises(AccessError):
            self.env["discom.audit.extract"].with_user(self.clerk).create({})

    # === WHAT HOLDS FOR ALL === #

    def test_hindi(self):
        book = self.october("discom.arrears.report", lang="hi_IN")
        self.assertEqual(book.values.sheetnames[0], "सारांश")
        rows = book.rows()
        self.assertIn("खाता संख्या", rows[0])
        self.assertIn(self.read.discom_name_hi, [row["नाम"] for row in rows])
        self.assert_sound(book)

    def test_villages_in_hindi(self):
        """A workbook in Hindi has the Hindi name of the village, where there is one."""
        self.env["discom.whatsapp.message"].search([]).state = "failed"
        self.read.discom_village_hi = "सलखन"
        self.read._discom_record_consent("given", ["bills"], "paper")
        first, second = self.read.discom_account_no, self.failed.discom_account_no
        for report in (
            *("discom.bill.delivery.register", "discom.door.list"),
            *("discom.arrears.report", "discom.reachability"),
        ):
            period = {"period": MONTH} if "period" in self.env[report]._fields else {}
            for lang, account, heading, village in (
                ("hi_IN", "खाता संख्या", "ग्राम या वार्ड", "सलखन"),
                ("en_US", "Account number", "Village or ward", "Salkhan"),
            ):
                with self.subTest(report=report, lang=lang):
                    book = self.print_book(report, self.clerk, lang=lang, **period)
                    villages = {row[account]: row[heading] for row in book.rows()}
                    self.assertEqual((villages[first], villages[second]), (village, "Salkhan"))
        for lang, village in (("hi_IN", "सलखन"), ("en_US", "Salkhan")):
            rows = self.october("discom.kyc.progress", lang=lang).rows()
            self.assertIn(village, [text for row in rows for text in row.values()])

    def test_texts_and_numbers(self):
        """Account numbers are texts, amounts numbers; no name becomes a formula or markup."""
        book = self.october("discom.arrears.report")
        sheet = book.formulas.worksheets[1]
        heads = {cell.value.replace("\n", " "): cell.column for cell in sheet[book.head(sheet)]}
        for row in range(book.head(sheet) + 1, sheet.max_row + 1):
            account = sheet.cell(row, heads["Account number"])
            self.assertEqual((account.data_type, len(account.value)), ("s", 10))
            self.assertEqual(sheet.cell(row, heads["Dues (₹)"]).data_type, "n")
        names = [row["Name"] for row in book.rows()]
        self.assertIn('=HYPERLINK("http://x")', names)
        self.assertIn(" <r><t>x</t></r>", names)
        tops = [line for line in book.table("Largest debtors")]
        self.assertIn('=HYPERLINK("http://x")', [line[0] for line in tops])

    def test_printed_on_it(self):
        book = self.october("discom.arrears.report", office_id=self.division_a, area="rural")
        for sheet in book.values.worksheets:
            text = " ".join(str(row[0].value) for row in sheet.iter_rows(max_row=7))
            self.assertIn("Collection and arrears", text)
            self.assertIn("Office: Division A", text)
            self.assertIn("Period: 01/10/2026 – 31/10/2026", text)
            self.assertIn("Area: Rural", text)
            self.assertIn(f"Printed by {self.clerk.name} on 26/11/2026", text)

    def test_indian_grouping(self):
        """Lakh and crore in the cell's format, of negative amounts as well."""
        self.assertIn(r"##\,##\,##\,##0.00", xlsx_summary.NUMBER_FORMATS["money"])
        self.assertIn(r"##\,##\,##\,##0.00", xlsx_summary.NUMBER_FORMATS["decimal"])
        book = self.october("discom.arrears.report")
        sheet = book.formulas.worksheets[1]
        [cell] = [c for row in sheet.iter_rows() for c in row if c.value == 12345678][:1]
        self.assertEqual(cell.number_format, xlsx_summary.NUMBER_FORMATS["money"])
        self.pay_in_advance()
        book = self.print_book("discom.ledger.statement", self.clerk, partner_id=self.read)
        cells = [
            cell
            for row in book.formulas.worksheets[1].iter_rows()
            for cell in row
            if isinstance(cell.value, float | int) and cell.value <= -100000
        ]
        self.assertTrue(cells)
        for cell in cells:
            self.assertEqual(cell.number_format, xlsx_summary.NUMBER_FORMATS["negative money"])

    def pay_in_advance(self):
        self.env["discom.payment"].create(
            {"partner_id": self.read.id, "amount": 5000000, "date": date(2026, 11, 20)}
        )

    def test_chosen_in_the_list(self):
        for model, records, report in (
            ("discom.bill", self.bills[1], "discom.door.list"),
            ("discom.ageing", None, "discom.arrears.report"),
            ("res.partner", self.read, "discom.arrears.report"),
            ("res.partner", self.read, "discom.reachability"),
        ):
            with self.subTest(model=model, report=report):
                records = records or self.env[model].search([("partner_id", "=", self.read.id)])
                wizard = self.env[report].with_user(self.clerk)
                context = {"active_model": model, "active_ids": records.ids}
                form = Form(wizard.with_context(**context))
                self.assertEqual(form.selected_count, 1)
                self.assertEqual(len(self.read_action(form.save().action_print()).rows()), 1)

    def test_all_of_a_filtered_list(self):
        """More than the client passes on: the filter of the list says which."""
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", "2")
        wizard = self.env["discom.arrears.report"].with_user(self.clerk)
        form = Form(
            wizard.with_context(
                active_model="res.partner",
                active_ids=self.consumers[:2].ids,
                active_domain=[("discom_village", "=", "Salkhan")],
            )
        )
        self.assertEqual(form.selected_count, 3)

    def test_rights(self):
        for model in (
            *("discom.kyc.progress", "discom.reachability", "discom.door.list"),
            *("discom.arrears.report", "discom.effect.report", "discom.message.cost"),
        ):
            with self.subTest(model=model):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(self.counter).create({})
                self.assertTrue(self.env[model].with_user(self.auditor).create({}))

    def test_room_for_texts(self):
        """A long text takes lines in a row that is high enough, a short one does not; rows to be
        written in by hand are higher, and no heights pile up in memory."""
        target = io.BytesIO()
        columns = [xlsx.Column("Why it was not delivered", width=12), xlsx.Column("Short", width=9)]
        pen = xlsx.Column("Signature", width=12, pen=True)
        texts = {"summary": "S", "total": "Total", "others": "Others", "page": "&P"}
        long = "the number is not on WhatsApp"
        with xlsx.Book(target, "t", [], "p", texts) as book:
            sheet = book.add_sheet("A", columns, 300)
            sheet.write_rows([(long, "a")] * 299 + [("short", "x" * 21)])
            self.assertLess(len(sheet.sheet.row_info), 9)
            book.add_sheet("B", [columns[0], pen], 1).write_rows([("short", None)])
        read = ReadBook(target.getvalue()).values
        rows, pens = read["A"], read["B"]
        head = next(row[0].row for row in rows.iter_rows() if row[1].value == "Short")
        self.assertEqual(rows.cell(head, 1).value, "Why it was\nnot\ndelivered")
        self.assertEqual(rows.row_dimensions[head + 1].height, 18 + 2 * 15)
        self.assertTrue(rows.cell(head + 1, 1).alignment.wrap_text)
        self.assertFalse(rows.cell(head + 1, 2).alignment.wrap_text)
        self.assertEqual(rows.row_dimensions[head + 300].height, 18 + 2 * 15)
        self.assertEqual(pens.row_dimensions[head + 1].height, 18 + 15)

    def test_groups_beyond_the_limit(self):
        """Others are what the rows shown leave of the whole."""
        target = self.make_book(limit=2)
        self.assertEqual(target.table("T")["Others"]["Sum"], 6)
        self.assertEqual(target.table("T")["Total"]["Sum"], 15)
        for formula, shown, found in target.compute().values():
            self.assertAlmostEqual(shown, found, msg=formula)

    def make_book(self, limit, rows=None):
        rows = rows or [(f"a*{n}", n) for n in range(1, 6)]
        target = io.BytesIO()
        columns = [xlsx.Column("Group"), xlsx.Column("Sum", "integer", total=True)]
        table = xlsx_summary.Table(
            "T",
            (0,),
            ("Group",),
            (
                xlsx_summary.Measure("Number"),
                xlsx_summary.Measure("Sum", summed=1),
                xlsx_summary.Measure("Mean", share=((1,), 0), kind="decimal"),
            ),
            order=1,
            limit=limit,
        )
        texts = {"summary": "S", "total": "Total", "others": "Others", "page": "&P"}
        with xlsx.Book(target, "t", [], "p", texts) as book:
            totals = {1: sum(row[1] for row in rows)}
            sheet = book.add_sheet("It's", columns, len(rows), [table], totals)
            sheet.write_rows(rows)
        return ReadBook(target.getvalue())

    def test_keys_that_formulas_take_for_others(self):
        """Capital letters, numbers with zeros before them and long texts are told apart as the
        formulas tell them."""
        long = "x" * 400 + "*"
        rows = [("Salkhan", 1), ("salkhan", 2), ("0041", 4), ("41", 8), (long, 16)]
        book = self.make_book(limit=9, rows=rows)
        table = book.table("T")
        self.assertEqual(table["Salkhan"]["Sum"], 3)
        self.assertEqual((table["0041"]["Sum"], table["41"]["Sum"]), (4, 8))
        self.assertEqual(table["x" * 119 + "…"]["Sum"], 16)
        for formula, shown, found in book.compute().values():
            self.assertAlmostEqual(shown, found, msg=formula)
            self.assertFalse([text for text in formula.split('"')[1::2] if len(text) > 255])

    def test_period_is_checked(self):
        with self.assertRaisesRegex(UserError, "lies before the first"):
            self.fill(
                "discom.message.cost",
                self.clerk,
                date_from=date(2026, 10, 2),
                date_to=date(2026, 10, 2) - timedelta(days=1),
            )
