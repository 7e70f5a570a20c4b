import io
import time
from datetime import timedelta

import openpyxl

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from ..models import mask_reading
from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestPrivacyBreach(WhatsappCommon):
    """Who is affected by a breach is found from records, from the journal, or from a broadcast."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a1 = cls.create_ready_consumer()
        cls.a2 = cls.create_ready_consumer(
            discom_office_id=cls.subdivision_a2.id, discom_whatsapp_number=False
        )
        cls.b1 = cls.create_ready_consumer(discom_office_id=cls.subdivision_b1.id)
        cls.mine = cls.a1 | cls.a2 | cls.b1
        cls.journal = cls.env["discom.audit.entry"]
        cls.now = fields.Datetime.now()

    def breach(self, **vals):
        model = self.env["discom.privacy.breach"].with_user(self.administrator)
        return model.create({"name": "A list was lost", **vals})

    def affected(self, breach, sure=None):
        persons = breach.person_ids
        if sure is not None:
            persons = persons.filtered(lambda person: person.sure is sure)
        return persons.partner_id & self.mine

    def session(self, **vals):
        return self.breach(
            kind="session",
            user_id=self.clerk.id,
            date_from=self.now - timedelta(hours=1),
            date_to=self.now + timedelta(hours=1),
            **vals,
        )

    def log(self, kind, records, user=None, **facts):
        self.journal.with_user(user or self.clerk)._log(kind, records, **facts)

    # === WHO === #

    def test_records_by_filter(self):
        with Form(self.env["discom.privacy.breach"].with_user(self.administrator)) as form:
            form.name = "Papers found in the street"
            form.kind = "records"
            form.model = "res.partner"
            form.domain = str([("id", "in", self.mine.ids)])
        breach = form.record
        breach.action_find()
        self.assertEqual(self.affected(breach), self.mine)
        self.assertRecordValues(
            breach,
            [{"state": "found", "person_count": 3, "sure_count": 3, "reachable_count": 2}],
        )
        entry = self.journal.search([("kind", "=", "breach")], limit=1)
        self.assertEqual((entry.res_id, entry.number), (breach.id, 3))

    def test_records_of_an_office(self):
        breach = self.breach(
            domain=str([("id", "in", self.mine.ids)]), office_id=self.division_a.id
        )
        breach.action_find()
        self.assertEqual(self.affected(breach), self.a1 | self.a2)

    def test_records_of_another_model(self):
        bill = self.create_bill(self.a1)
        breach = self.breach(model="discom.bill", domain=str([("id", "=", bill.id)]))
        breach.action_find()
        self.assertEqual(self.affected(breach), self.a1)

    def test_what_a_stolen_session_exported_and_saw(self):
        self.log("export", self.create_bill(self.a1) | self.create_bill(self.a2))
        self.log("unmasking", self.a2)
        self.log("export", self.b1, user=self.manager)
        self.log("export", self.b1, at=self.now - timedelta(days=2))
        breach = self.session()
        breach.action_find()
        self.assertEqual(self.affected(breach), self.a1 | self.a2)
        self.assertEqual(self.affected(breach, sure=True), self.a1 | self.a2)

    def test_exports_say_whose_data_they_were(self):
        """By the doors themselves: a list, an approved one, a print, a workbook, a long reading."""
        self.clerk.group_ids += self.env.ref("base.group_allow_export")
        bills = self.create_bill(self.a1) | self.create_bill(self.a2)
        request = self.env["discom.export.request"]
        asked = request.create(
            {
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain": str([("id", "in", self.a2.ids)]),
                "reason": "The regulator asks for it",
                "user_id": self.clerk.id,
                "company_id": self.company.id,
            }
        )
        asked.with_user(self.manager).action_approve()
        report = self.env["ir.actions.report"].with_user(self.clerk)
        register = self.env["discom.bill.delivery.register"].with_user(self.clerk)
        register = register.with_context(active_model="discom.bill", active_ids=bills[1].ids)
        doors = {
            "list": (lambda: self.a1.with_user(self.clerk).export_data(["phone"]), 100, self.a1),
            "approved": (lambda: self.a2.with_user(self.clerk).export_data(["phone"]), 0, self.a2),
            "print": (
                lambda: report._render_qweb_pdf("discom.report_bill", bills.ids),
                100,
                self.a1 | self.a2,
            ),
            "workbook": (lambda: register.create({}).action_print(), 100, self.a2),
            "reading": (lambda: self.a1.with_user(self.clerk).read(["phone"]), 100, self.a1),
        }
        self.patch(mask_reading, "SCREEN_ROWS", 0)
        for name, (export, rows, affected) in doors.items():
            self.company.discom_export_rows = rows
            last = self.journal.search([], limit=1).id
            export()
            made = self.journal.search([("id", ">", last), ("kind", "=", "export")])
            with self.subTest(name):
                self.assertEqual(made.user_id, self.clerk)
                model, ids = self.session()._in_hand(made)
                records = self.env[model].browse(ids)
                self.assertEqual(
                    records if model == "res.partner" else records.partner_id, affected
                )
                sure = [sure for sure, _query in self.session()._session()]
                self.assertEqual(set(sure), {True})
        self.assertEqual(asked.state, "used")

    def test_a_number_alone_makes_all_of_the_office_possible(self):
        self.log("export", self.a1)
        self.log("export", "discom.bill", number=40)
        breach = self.session()
        breach.action_find()
        self.assertEqual(self.affected(breach, sure=True), self.a1)
        self.assertEqual(self.affected(breach, sure=False), self.a2)

    def test_all_that_the_user_could_see(self):
        breach = self.session(with_scope=True)
        breach.action_find()
        self.assertEqual(self.affected(breach, sure=False), self.a1 | self.a2)
        nothing = self.session()
        nothing.action_find()
        self.assertFalse(nothing.person_count)

    def test_broadcast(self):
        """Who was skipped is not affected."""
        bills = self.create_bill(self.a1) | self.create_bill(self.a2)
        broadcast = self.send(bills)
        self.run_lane()
        breach = self.breach(kind="broadcast", broadcast_id=broadcast.id)
        breach.action_find()
        self.assertEqual(self.affected(breach), self.a1)

    def test_other_companies_are_out_of_reach(self):
        other = self.env["res.company"].create({"name": "Another discom"})
        office = self.create_office("Other division", "discom", company_id=other.id)
        stranger = self.create_consumer(
            discom_office_id=office.id, discom_asset_id=False, company_id=other.id
        )
        breach = self.breach(domain=str([("id", "in", (stranger | self.a1).ids)]))
        breach.action_find()
        self.assertEqual(breach.person_ids.partner_id, self.a1)

    def test_bad_descriptions(self):
        for domain in ("[", "[('no_such_field', '=', 1)]", "__import__('os').system('id')"):
            with self.subTest(domain), self.assertRaisesRegex(UserError, "filter"):
                self.breach(domain=domain).action_find()
        with self.assertRaises(ValidationError):
            self.breach(kind="session", user_id=self.clerk.id)
        with self.assertRaises(ValidationError):
            self.breach(kind="broadcast")

    # === WHAT IS MADE OF IT === #

    def test_texts_and_times(self):
        self.company.discom_privacy_officer = "S. Verma, 1912"
        breach = self.breach(
            domain=str([("id", "in", self.mine.ids)]),
            discovered_at="2026-11-26 10:00:00",
            nature="Names and numbers {x}",
            measures="Passwords changed",
        )
        breach.action_find()
        self.assertEqual(str(breach.report_until), "2026-11-29 10:00:00")
        for text in (breach.text_board, breach.text_board_hi):
            for expected in ("26/11/2026 15:30", "Names and numbers {x}", "S. Verma", ": 3"):
                self.assertIn(expected, text)
        self.assertIn("प्रिय उपभोक्ता", breach.text_person_hi)
        self.assertIn("Dear consumer", breach.text_person)
        breach.text_person = "Changed by hand"
        breach.action_close()
        self.assertEqual((breach.state, breach.text_person), ("closed", "Changed by hand"))

    def test_excel(self):
        breach = self.breach(domain=str([("id", "in", self.mine.ids)]))
        breach.action_find()
        action = breach.action_excel()
        wizard = self.env[action["res_model"]].with_user(self.administrator)
        wizard.with_context(**action["context"]).create({"lang": "en_US"}).action_print()
        job = self.env["discom.report.job"].search([], limit=1)
        book = openpyxl.load_workbook(io.BytesIO(job.attachment_id.raw))
        cells = {str(cell.value) for row in book["Data"] for cell in row}
        self.assertLessEqual(set(self.mine.mapped("discom_account_no")), cells)
        self.assertIn(self.a1.discom_whatsapp_number, cells)
        self.assertEqual(self.journal.search_count([("kind", "=", "breach")]), 2)

    def test_what_was_found_stays(self):
        breach = self.breach(domain=str([("id", "=", self.a1.id)]))
        breach.action_find()
        for vals in (
            {"domain": "[]"},
            {"kind": "session"},
            {"person_count": 0},
            {"state": "draft"},
        ):
            with self.subTest(vals), self.assertRaises(UserError):
                breach.write(vals)
        with self.assertRaises(UserError):
            breach.unlink()
        with self.assertRaises(UserError):
            breach.action_find()
        breach.action_reset()
        self.assertEqual((breach.state, len(breach.person_ids)), ("draft", 0))
        self.assertEqual(self.journal.search_count([("kind", "=", "breach")]), 2)
        breach.unlink()

    def test_administrators_only(self):
        breach = self.breach(domain=str([("id", "in", self.mine.ids)]))
        breach.action_find()
        for user in (self.manager, self.clerk):
            with self.subTest(user.login):
                self.assertFalse(breach.with_user(user).has_access("read"))
        with self.assertRaises(AccessError):
            breach.with_user(self.auditor).action_reset()
        self.assertEqual(breach.with_user(self.auditor).person_ids.partner_id, self.a1 | self.a2)

    def test_cost_does_not_grow_with_the_number(self):
        """Ten thousand are found with as many statements as three: in well under a second, though a
        busy machine may take some."""
        self.env.flush_all()
        self.cr.execute(
            SQL(
                """
                INSERT INTO res_partner (name, complete_name, active, type, company_id,
                                         discom_consumer, discom_account_no, discom_office_id)
                SELECT 'Many', 'Many', TRUE, 'contact', %s, TRUE, (6600000000 + n)::text, %s
                  FROM generate_series(1, 10000) n
                """,
                self.company.id,
                self.subdivision_a1.id,
            )
        )
        # As the database does by itself, sooner or later.
        self.cr.execute("ANALYZE res_partner")

        def cost(domain, number):
            breach = self.breach(domain=str(domain))
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            breach.action_find()
            self.env.flush_all()
            self.assertEqual(breach.person_count, number)
            return self.env.cr.sql_log_count - before

        few = [("id", "in", self.mine.ids)]
        # The first fills the caches.
        cost(few, 3)
        three = cost(few, 3)
        started = time.monotonic()
        self.assertLessEqual(cost([("name", "=", "Many")], 10_000), three)
        self.assertLess(time.monotonic() - started, 20)
