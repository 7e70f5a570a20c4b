"""Exports: masked as the screen is, on record, and approved by another person where many."""

import csv
import io
import json
import warnings
from datetime import timedelta
from unittest.mock import patch

import openpyxl

from odoo import Command, fields, http
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import Form, HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from ..models import mask_reading
from ..tools.personal import SIGN
from ..tools.rate_limit import Tally
from .common_mask import MOBILE, PERSONAL, STREET, MaskCommon

REASON = "The regulator asks for the list of the month"


class ExportCommon(MaskCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumers = cls.env["res.partner"].union(
            *(cls.create_consumer(street=f"House {n}") for n in range(6))
        )
        cls.company.discom_export_rows = 4
        export = cls.env.ref("base.group_allow_export")
        for user in (cls.auditor, cls.clerk, cls.counter, cls.manager, cls.operator):
            user.group_ids = [Command.link(export.id)]
        cls.manager_2 = new_test_user(
            cls.env,
            "test_manager_2",
            groups="discom.group_division_manager",
            discom_office_ids=cls.division_a.ids,
        )

    def export(self, user, records=None, columns=("discom_account_no", "phone")):
        records = self.consumers if records is None else records
        return records.with_user(user).export_data(list(columns))["datas"]

    def ask(self, user, records=None, columns=("discom_account_no", "phone")):
        """Export too much, and ask from the message."""
        with self.assertRaises(RedirectWarning) as refused, self.cr.savepoint():
            self.export(user, records, columns)
        text, action_id, _button, context = refused.exception.args
        self.assertIn("approval", text)
        action = self.env["ir.actions.act_window"].browse(action_id)
        form = Form(
            self.env[action.res_model].with_user(user).with_context(**context),
            view=action.view_id.xml_id or action.view_id,
        )
        form.reason = REASON
        return form.save()

    def entries(self, kind="export"):
        return self.env["discom.audit.entry"].search([("kind", "=", kind)], order="id")


@tagged("post_install", "-at_install")
class TestExport(ExportCommon):
    def test_control_room_tells_who_decides(self):
        """A request waits in the control room of the manager, not of who asked for it."""
        request = self.ask(self.clerk)

        def waiting(user):
            data = self.env["discom.control.room"].with_user(user).figures()["data"]
            return {item["key"]: item["figure"] for item in data["approvals"]["items"]}

        self.assertEqual(waiting(self.manager)["export"]["domain"], [("id", "in", request.ids)])
        self.assertNotIn("export", waiting(self.clerk))

    def test_masked(self):
        """A list that leaves is masked as on the screen, also through other records."""
        call = self.env["discom.outage.call"].create({"partner_id": self.consumer.id})
        for compatible in (True, False):
            context = {"import_compat": compatible}
            rows = [
                *self.consumer.with_user(self.auditor)
                .with_context(**context)
                ._export_rows([[name] for name in PERSONAL] + [["child_ids", "phone"], ["name"]]),
                *call.with_user(self.auditor)
                .with_context(**context)
                ._export_rows([["partner_id", "phone"], ["account_no"], ["partner_id", "street"]]),
            ]
            text = self.tell(rows)
            self.assertEqual(text.count("•7302"), 2)
            self.assertIn(self.consumer.discom_account_no, text)
            self.assertEqual(len(rows[1]), 3)
        self.assertEqual(
            self.export(self.counter, self.consumer, ("phone", "street")), [[MOBILE, STREET]]
        )

    def test_own_area_in_full(self):
        """Rows of the own area in full, the others masked, in one file."""
        self.surveyor.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        self.create_drive({"village": "Khadia"})
        rows = self.export(self.surveyor, self.consumer + self.other, ("phone",))
        self.assertEqual(rows[0], [MOBILE])
        self.assertIn(SIGN, rows[1][0])

    def test_on_record(self):
        """Who, of what, how many rows, which columns."""
        self.export(self.clerk, self.consumers[:3])
        entry = self.entries()[-1]
        self.assertEqual((entry.user_id, entry.model, entry.number), (self.clerk, "res.partner", 3))
        self.assertIn("discom_account_no, phone", entry.text)

    def test_reading_many_at_once(self):
        """More rows in one call than a screen shows have left: on record, and counted with what is
        exported; a page of a list is not."""
        self.patch(mask_reading, "SCREEN_ROWS", 5)
        names = ["discom_account_no", "phone"]
        domain = [("id", "in", self.consumers.ids)]
        partners = self.env["res.partner"].with_user(self.clerk)
        partners.search_read(domain, names, limit=5)
        partners.web_search_read(domain, {name: {} for name in names}, limit=5)
        self.consumers.read(names)
        self.assertFalse(self.entries())
        doors = (
            lambda: partners.search_read(domain, names),
            lambda: partners.web_search_read(domain, {name: {} for name in names}),
            lambda: self.consumers.with_user(self.clerk).read(names),
            lambda: self.consumers.with_user(self.clerk).copy_data(),
        )
        for read in doors:
            count = len(self.entries())
            read()
            self.assertEqual(len(self.entries()), count + 1)
            entry = self.entries()[-1]
            self.assertEqual((entry.user_id, entry.number), (self.clerk, 6))
            self.assertEqual(entry.res_ids, self.consumers.ids)
            if read is not doors[-1]:
                self.assertIn("phone", entry.text)
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk, self.consumers[:1])

    def test_reading_many_as_groups_or_names(self):
        """Groups of one consumer each, values gathered in a list and the names of a picker are rows
        as well; figures by office are none."""
        self.patch(mask_reading, "SCREEN_ROWS", 5)
        domain = [("id", "in", self.consumers.ids)]
        partners = self.env["res.partner"].with_user(self.clerk)
        bills = self.env["discom.bill"].with_user(self.clerk)
        consumers = [*domain, ("discom_consumer", "=", True)]
        partners.formatted_read_group(domain, ["discom_office_id"], ["__count"])
        partners.formatted_read_group(domain, ["discom_account_no"], ["__count"], limit=5)
        bills.formatted_read_group([], ["office_id"], ["amount_total:sum"])
        partners.name_search("", domain, limit=5)
        self.assertFalse(self.entries())
        for read in (
            lambda: partners.formatted_read_group(domain, ["name", "phone"], ["__count"]),
            lambda: partners.formatted_read_group(domain, [], ["phone:array_agg"]),
            lambda: partners.formatted_read_group(domain, ["discom_office_id"], ["id:array_agg"]),
            lambda: partners.formatted_read_grouping_sets(domain, [["discom_account_no"], []]),
            lambda: partners.read_group(domain, ["phone:max"], ["discom_account_no"], lazy=False),
            lambda: partners.name_search("", domain, limit=None),
            lambda: partners.name_search("Consumer", consumers, limit=None),
            lambda: partners.web_read_group(domain, ["discom_account_no"], ["__count"]),
        ):
            count = len(self.entries())
            with warnings.catch_warnings():
                # Odoo calls read_group deprecated, and takes it by RPC all the same.
                warnings.simplefilter("ignore", DeprecationWarning)
                read()
            entry = self.entries()[-1]
            self.assertEqual(len(self.entries()), count + 1)
            self.assertEqual((entry.user_id, entry.model), (self.clerk, "res.partner"))
            self.assertEqual(entry.number, 6)

    def test_reading_little_by_little(self):
        """Page after page adds up, whatever the pages are of; nobody else's do."""
        self.patch(mask_reading, "READ", Tally(10, 3600))
        partners = self.env["res.partner"].with_user(self.clerk)
        domain = [("id", "in", self.consumers.ids)]
        for page in range(2):
            partners.search_read(domain, ["phone"], offset=4 * page, limit=4)
        self.consumers.with_user(self.counter).read(["phone"])
        self.consumers[:4].read(["phone"])
        self.env["discom.office"].with_user(self.clerk).search_read([], ["name"])
        self.assertFalse(self.entries())
        partners.formatted_read_group(domain, ["discom_account_no"], ["__count"], limit=5)
        entry = self.entries()
        self.assertEqual((entry.user_id, entry.model), (self.clerk, "res.partner"))
        self.assertEqual(entry.number, 11)
        self.assertIn("portions", entry.text)
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk, self.consumers[:1])

    def test_counters_threads_and_single_prints(self):
        """Whoever goes through the accounts one by one, at a counter's screen, in the inbox or by
        printing each bill, has read them: it adds up as a list does."""
        bills = self.env["discom.bill"].create(
            [
                {
                    "partner_id": consumer.id,
                    "period": "2026-10-01",
                    "bill_date": "2026-10-05",
                    "due_date": "2026-10-20",
                }
                for consumer in self.consumers
            ]
        )
        kyc = self.env["discom.kyc.counter"].with_user(self.counter)
        payments = self.env["discom.payment.counter"].with_user(self.counter)
        report = self.env.ref("discom.discom_bill_report").with_user(self.counter)
        account = self.env["discom.whatsapp.account"].create(
            {
                "name": "Number of the test",
                "phone_number_id": "990031",
                "waba_id": "990032",
                "access_token": "x",
                "app_secret": "x",
            }
        )
        conversations = self.env["discom.whatsapp.conversation"].create(
            [
                {
                    "account_id": account.id,
                    "phone": f"+91941520990{n}",
                    "office_id": self.division_a.id,
                }
                for n in range(4)
            ]
        )
        doors = {
            "card": lambda: [kyc.card(consumer.id) for consumer in self.consumers[:4]],
            "dues": lambda: [payments.card(consumer.id) for consumer in self.consumers[:4]],
            "find": lambda: kyc.find("Consumer"),
            "print": lambda: [
                report._render_qweb_pdf(report.report_name, bill.ids) for bill in bills[:4]
            ],
            "thread": lambda: [talk.with_user(self.counter).thread() for talk in conversations],
        }
        for door, read in doors.items():
            self.patch(mask_reading, "READ", Tally(3, 3600))
            count = len(self.entries())
            with self.subTest(door):
                read()
                [entry] = self.entries()[count:][:1]
                self.assertEqual(entry.user_id, self.counter)
                self.assertGreater(entry.number, 3)
                self.assertIn("portions", entry.text)

    def test_who_may_not_export_at_all(self):
        self.clerk.group_ids = [Command.unlink(self.env.ref("base.group_allow_export").id)]
        with self.assertRaisesRegex(UserError, "rights to export"):
            self.export(self.clerk)
        self.assertFalse(self.entries())

    def test_bulk_needs_an_approval(self):
        """Refused, asked for, approved by another, exported once, on record with the reason."""
        request = self.ask(self.clerk)
        self.assertEqual(
            (request.state, request.rows, request.user_id, request.office_id),
            ("asked", 6, self.clerk, self.division_a),
        )
        self.assertEqual(request.activity_ids.user_id, self.manager)
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk)
        request.with_user(self.manager).action_approve()
        self.assertFalse(request.activity_ids)
        self.assertEqual(len(self.export(self.clerk)), 6)
        self.assertEqual(request.state, "used")
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk)
        entry = self.entries()[-1]
        self.assertEqual(
            (entry.model, entry.res_id, entry.number, entry.reason),
            (request._name, request.id, 6, REASON),
        )
        self.assertEqual(self.entries("asked").user_id, self.clerk)
        self.assertEqual(self.entries("approval").user_id, self.manager)

    def test_four_eyes(self):
        """Nobody approves the own export; only managers of the office approve at all."""
        own = self.ask(self.manager)
        with self.assertRaisesRegex(UserError, "your own request"):
            own.with_user(self.manager).action_approve()
        for user in (self.clerk, self.auditor, self.clerk_b):
            with self.assertRaises(AccessError):
                own.with_user(user).action_approve()
        own.with_user(self.manager_2).action_approve()
        self.assertEqual(own.state, "approved")
        with self.assertRaisesRegex(UserError, "already"):
            own.with_user(self.manager_2).action_refuse()

    def test_nothing_is_made_up(self):
        """A client sets neither state nor rows nor another name, on creation or later."""
        requests = self.env["discom.export.request"].with_user(self.clerk)
        request = requests.create(
            {
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain": str([("id", "in", self.consumers.ids)]),
                "reason": REASON,
                "state": "approved",
                "rows": 1,
                "user_id": self.manager.id,
                "until": "2099-01-01 00:00:00",
            }
        )
        self.assertEqual((request.state, request.rows), ("asked", 6))
        self.assertEqual((request.user_id, request.until), (self.clerk, False))
        for user, vals in (
            (self.clerk, {"state": "approved"}),
            (self.manager, {"state": "approved"}),
            (self.manager, {"domain": "[]"}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                request.with_user(user).write(vals)
        with self.assertRaisesRegex(UserError, "few words"):
            requests.create({**request.copy_data()[0], "reason": "because"})
        with self.assertRaises(UserError):
            requests.create(
                {"model_id": request.model_id.id, "domain": "[('no', '=', 1)]", "reason": REASON}
            )

    def test_another_list_than_approved(self):
        """More rows, other rows or other columns are another export."""
        request = self.ask(self.clerk, self.consumers[:5])
        request.with_user(self.manager).action_approve()
        for records, columns in (
            (self.consumers, ("discom_account_no", "phone")),
            (self.consumers[1:], ("discom_account_no", "phone")),
            (self.consumers[:5], ("discom_account_no", "phone", "street")),
        ):
            with self.assertRaises(RedirectWarning), self.cr.savepoint():
                self.export(self.clerk, records, columns)
        self.assertEqual(len(self.export(self.clerk, self.consumers[:5], ("phone",))), 5)

    def test_approval_of_another(self):
        """An approval is for who asked."""
        self.ask(self.clerk).with_user(self.manager).action_approve()
        with self.assertRaises(RedirectWarning):
            self.export(self.counter)

    def test_ends(self):
        """It holds for some hours; what nobody decides is closed."""
        request = self.ask(self.clerk)
        request.with_user(self.manager).action_approve()
        later = fields.Datetime.now() + timedelta(hours=25)
        with patch.object(fields.Datetime, "now", return_value=later):
            with self.assertRaises(RedirectWarning):
                self.export(self.clerk)
            self.env["discom.export.request"]._gc_expire()
        self.assertEqual(request.state, "expired")

    def test_refused(self):
        request = self.ask(self.clerk)
        with self.assertRaisesRegex(UserError, "why it is refused"):
            request.with_user(self.manager).action_refuse()
        form = Form(request.with_user(self.manager))
        form.refusal = "Ask for your own office only"
        form.save().action_refuse()
        self.assertEqual(request.state, "refused")
        self.assertEqual(self.entries("refusal").reason, "Ask for your own office only")
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk)

    def test_in_slices(self):
        """Several small exports within a day count together, of whatever is about people."""
        self.export(self.clerk, self.consumers[:3])
        calls = self.env["discom.outage.call"].create(
            [{"partner_id": consumer.id} for consumer in self.consumers[3:]]
        )
        with self.assertRaises(RedirectWarning), self.cr.savepoint():
            self.export(self.clerk, calls, ("account_no", "partner_id/phone"))
        with self.assertRaises(RedirectWarning), self.cr.savepoint():
            self.export(self.clerk, self.consumers[3:])
        self.export(self.counter, self.consumers[3:])

    def test_lines_below_few_records(self):
        """One office with all its people below it is not one row, nor is it about an office."""
        for consumer in self.consumers:
            self.env["discom.outage.call"].create({"partner_id": consumer.id})
        parent = self.env["res.partner"].create({"name": "Family", "company_id": self.company.id})
        self.consumers.write({"parent_id": parent.id, "type": "other"})
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk, parent, ("name", "child_ids/discom_account_no"))

    def test_in_slices_through_other_records(self):
        """Slices count together as well where people are lines below what is not about them."""
        columns = ("login", "partner_id/child_ids/discom_account_no")
        for consumers, user in (
            (self.consumers[:3], self.auditor),
            (self.consumers[3:], self.manager),
        ):
            consumers.write({"parent_id": user.partner_id.id, "type": "other"})
        self.assertEqual(len(self.export(self.clerk, self.auditor, columns)), 3)
        with self.assertRaises(RedirectWarning), self.cr.savepoint():
            self.export(self.clerk, self.manager, columns)
        with self.assertRaises(RedirectWarning), self.cr.savepoint():
            self.export(self.clerk, self.consumers[:3])

    def test_what_is_not_about_people(self):
        """Offices and tariffs go out as ever, on record."""
        offices = self.env["discom.office"].search([])
        self.assertGreater(len(offices), 4)
        self.export(self.clerk, offices, ("name",))
        self.assertEqual(self.entries()[-1].model, "discom.office")

    def test_audit_journal(self):
        """The journal itself leaves the same way."""
        self.assertTrue(
            self.env["discom.export.request"]._is_bulk("discom.audit.entry", 5)
            or self.env.user._is_superuser()
        )
        self.assertTrue(
            self.env["discom.export.request"]
            .with_user(self.auditor)
            ._is_bulk("discom.audit.entry", 5)
        )

    def test_large_export_in_few_queries(self):
        """A masked export asks whose the rows are once, not for each row."""
        counts = []
        for records in (self.consumers, self.consumers[:2], self.consumers):
            records = records.with_user(self.auditor)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            records._export_rows([["phone"], ["street"], ["discom_account_no"]])
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


@tagged("post_install", "-at_install")
class TestExportReports(ExportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bills = cls.env["discom.bill"]
        for place, consumer in enumerate(cls.consumers):
            bills.create(
                {
                    "name": f"EXP{place}",
                    "partner_id": consumer.id,
                    "period": "2026-10-01",
                    "bill_date": "2026-10-05",
                    "due_date": "2026-10-20",
                }
            )

    def register(self, user):
        bills = self.env["discom.bill"].search([("partner_id", "in", self.consumers.ids)])
        return (
            self.env["discom.bill.delivery.register"]
            .with_user(user)
            .with_context(active_model="discom.bill", active_ids=bills.ids)
            .create({})
        )

    def test_register_is_asked_for(self):
        """The workbook asks for its approval instead of downloading, and is made from it once."""
        action = self.register(self.clerk).action_print()
        self.assertEqual(action["res_model"], "discom.export.request")
        form = Form(
            self.env["discom.export.request"]
            .with_user(self.clerk)
            .with_context(**action["context"]),
            view="discom.discom_export_request_view_form_ask",
        )
        form.reason = REASON
        request = form.save()
        self.assertEqual(request.rows, 6)
        with self.assertRaises(UserError):
            request.action_make()
        request.with_user(self.manager).action_approve()
        action = request.with_user(self.clerk).action_make()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertEqual(request.state, "used")
        with self.assertRaises(UserError):
            request.with_user(self.clerk).action_make()
        self.assertEqual(self.entries()[-1].reason, REASON)

    def test_small_report_on_record(self):
        self.company.discom_export_rows = 100
        action = self.register(self.clerk).action_print()
        self.assertEqual(action["type"], "ir.actions.act_url")
        entry = self.entries()[-1]
        self.assertEqual((entry.model, entry.number), ("discom.bill", 6))

    def test_print_of_many_on_record(self):
        """PDFs of several documents are put on record; addresses on them follow the masks."""
        bills = self.env["discom.bill"].search([("partner_id", "in", self.consumers.ids)])
        addresses = {
            user: bills[0].with_user(user)._document_person(bills[0].with_user(user).partner_id)
            for user in (self.auditor, self.clerk)
        }
        self.assertIn("House", addresses[self.clerk]["address"])
        self.assertNotIn("House", addresses[self.auditor]["address"])
        report = self.env.ref("discom.discom_bill_report").with_user(self.auditor)
        report._render_qweb_pdf(report.report_name, bills[:2].ids)
        entry = self.entries()[-1]
        self.assertEqual(
            (entry.user_id, entry.model, entry.number), (self.auditor, "discom.bill", 2)
        )

    def test_bulk_print_needs_an_approval(self):
        """A PDF of more documents than leave freely: asked for, approved, printed once; what was
        printed and exported counts together."""
        bills = self.env["discom.bill"].search([("partner_id", "in", self.consumers.ids)])
        report = self.env.ref("discom.discom_bill_report").with_user(self.clerk)
        printed = lambda some: report._render_qweb_pdf(report.report_name, some.ids)[0]  # noqa: E731
        with self.assertRaises(RedirectWarning) as refused:
            printed(bills)
        _text, _action, _button, context = refused.exception.args
        self.assertEqual(context["default_columns"], report.report_name)
        requests = self.env["discom.export.request"].with_user(self.clerk)
        request = requests.with_context(**context).create({"reason": REASON})
        request.with_user(self.manager).action_approve()
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk, bills, ("name",))
        self.assertTrue(printed(bills).startswith(b"%PDF"))
        self.assertEqual((request.state, self.entries()[-1].reason), ("used", REASON))
        with self.assertRaises(RedirectWarning):
            printed(bills)
        # In slices, and with exports between them.
        printed(bills[:3])
        with self.assertRaises(RedirectWarning):
            printed(bills[3:])
        with self.assertRaises(RedirectWarning):
            self.export(self.clerk, self.consumers[:2])
        # One document is what the screen shows, at a counter for everybody who comes.
        self.assertTrue(printed(bills[:1]))
        with self.assertRaises(AccessError):
            report.with_user(self.clerk_b)._render_qweb_pdf(report.report_name, bills[:2].ids)

    def test_bulk_print_in_the_background(self):
        """A selection too long to wait for is asked for, and made once from its approval."""
        bills = self.env["discom.bill"].search([("partner_id", "in", self.consumers.ids)])
        prints = self.env["discom.bill.print"].with_user(self.clerk)
        selected = {"active_model": "discom.bill", "active_ids": bills.ids}
        action = prints.with_context(**selected).print_selection("discom.report_bill")
        self.assertEqual(action["res_model"], "discom.export.request")
        requests = self.env["discom.export.request"].with_user(self.clerk)
        request = requests.with_context(**action["context"]).create({"reason": REASON})
        self.assertEqual((request.rows, request.report), (6, "discom.bill.print"))
        request.with_user(self.manager).action_approve()
        job = self.env["discom.report.job"].browse(request.action_make()["res_id"])
        self.assertEqual((job.user_id, job.rows_total), (self.clerk, 6))
        self.assertEqual(request.state, "used")


@tagged("post_install", "-at_install")
class TestExportDoors(ExportCommon, HttpCase):
    def data(self, records, **kw):
        return json.dumps(
            {
                "model": "res.partner",
                "fields": [{"name": "phone", "label": "Phone"}, {"name": "street", "label": "S"}],
                "ids": records.ids,
                "domain": [],
                "import_compat": False,
                **kw,
            }
        )

    def send(self, kind, records, **kw):
        return self.url_open(
            f"/web/export/{kind}",
            data={"data": self.data(records, **kw), "csrf_token": http.Request.csrf_token(self)},
        )

    def test_csv_and_xlsx(self):
        """The files of Odoo's own dialog: masked, refused over the size with what to do."""
        self.authenticate("test_auditor", "test_auditor")
        answer = self.send("csv", self.consumer)
        rows = list(csv.reader(io.StringIO(answer.text)))
        self.tell(rows)
        self.assertIn(SIGN, rows[1][0])
        self.assertEqual(self.send("xlsx", self.consumer).status_code, 200)
        with mute_logger("odoo.http", "odoo.addons.web.controllers.export"):
            for kind, more in (("csv", {}), ("xlsx", {"groupby": ["lang"]})):
                answer = self.send(kind, self.consumers, **more)
                self.assertEqual(answer.status_code, 500)
                self.assertIn("Ask for approval", answer.text)

    def test_names_are_texts(self):
        """A name that begins like a formula or an address is a text in the file of a list, grouped
        or not."""
        names = ['=HYPERLINK("http://evil.example")', "{=1+1}", "external:c:\\x", "@SUM(1)"]
        names += ["http://evil.example", "+1+1"]
        for consumer, name in zip(self.consumers, names, strict=True):
            consumer.name = name
        self.company.discom_export_rows = 1000
        self.authenticate("test_counter", "test_counter")
        fields_ = [
            {"name": name, "label": "=1+1", "type": "char", "store": True}
            for name in ("name", "discom_account_no")
        ]
        for groups in ([], ["name"]):
            answer = self.send("xlsx", self.consumers, fields=fields_, groupby=groups)
            book = openpyxl.load_workbook(io.BytesIO(answer.content))
            cells = [cell for row in book.active.iter_rows() for cell in row if cell.value]
            with self.subTest(groups=groups):
                self.assertLessEqual(set(names), {cell.value for cell in cells})
                self.assertFalse([cell.value for cell in cells if cell.data_type == "f"])
                self.assertFalse([cell.value for cell in cells if cell.hyperlink])
        rows = list(csv.reader(io.StringIO(self.send("csv", self.consumers, fields=fields_).text)))
        self.assertFalse([row for row in rows[1:] if row[0][0] in "=+-@"])

    def pivot(self, **kw):
        table = {
            "model": "res.partner",
            "title": "Consumers",
            "measure_count": 1,
            "col_group_headers": [[{"title": "=1+1", "width": 1, "height": 1}]],
            "measure_headers": [{"title": "{=2}", "is_bold": False}],
            "rows": [
                {"title": "=HYPERLINK(1)", "indent": 0, "values": [{"value": "=3", "is_bold": 0}]},
                {"title": "Khadia", "indent": 1, "values": [{"value": 7, "is_bold": 1}]},
            ],
            **kw,
        }
        return self.url_open(
            "/web/pivot/export_xlsx",
            data={"data": json.dumps(table), "csrf_token": http.Request.csrf_token(self)},
        )

    def test_workbook_of_a_pivot(self):
        """Its download is on record, with the number of its rows; what the browser sends are texts,
        and what it says of the model is not believed."""
        self.authenticate("test_clerk", "test_clerk")
        answer = self.pivot()
        self.assertEqual(answer.status_code, 200)
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        cells = [cell for row in book.active.iter_rows() for cell in row if cell.value]
        self.assertIn(7, [cell.value for cell in cells])
        self.assertFalse([cell.value for cell in cells if cell.data_type == "f"])
        entry = self.entries()[-1]
        self.assertEqual((entry.user_id, entry.model, entry.number), (self.clerk, "res.partner", 0))
        self.assertIn("2 rows", entry.text)
        count = len(self.entries())
        self.assertEqual(self.pivot(model="discom.no.such").status_code, 200)
        self.assertEqual(len(self.entries()), count + 1)
        self.assertFalse(self.entries()[-1].model)

    def test_groups_of_a_pivot(self):
        """What a pivot shows comes by its groups: of what is masked there are none, for each role,
        of any model, by any path."""
        self.env["discom.outage.call"].create({"partner_id": self.consumer.id})
        specs = {
            "res.partner": [*PERSONAL, "phone_sanitized", "email_normalized"],
            "discom.outage.call": ["partner_id.phone", "partner_id.discom_whatsapp_number"],
            "discom.kyc.event": ["new", "old", "evidence", "partner_id.email"],
            "discom.whatsapp.message": ["phone", "partner_id.phone"],
            "discom.complaint": ["phone", "partner_id.street"],
        }
        masked_to = {"test_auditor": self.auditor, "test_operator": self.operator}
        for login, user in masked_to.items():
            self.authenticate(login, login)
            for model, names in specs.items():
                for name in names:
                    *_path, last = name.split(".")
                    owner = self.env[model].with_user(user)._personal_model(name.split("."))
                    if owner._personal_by_role(owner._personal_kind(last)):
                        continue
                    params = {
                        "model": model,
                        "method": "formatted_read_grouping_sets",
                        "args": [[], [[name], []], ["__count"]],
                        "kwargs": {},
                    }
                    with self.subTest(user=login, model=model, name=name):
                        with self.assertRaisesRegex(JsonRpcException, "masked|Access"):
                            with mute_logger("odoo.http"):
                                self.make_jsonrpc_request("/web/dataset/call_kw", params)
