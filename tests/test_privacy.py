import base64
import io
import json
import zipfile
from datetime import timedelta
from xmlrpc.client import Fault

import openpyxl
from lxml import html
from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import SQL, mute_logger

from ..models.privacy_place import EXEMPT, PROFILE, TECHNICAL, places
from ..tools.webhook_redact import GONE, redact
from ..wizards import privacy_file
from .common_whatsapp import WhatsappCommon
from .test_import import ImportCommon

PNG = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    b"rkJggg=="
)
#: Texts of the places that stay when a person is erased: none says who the person is.
KEPT = {
    "discom.consent": {"notice_version", "notice_lang"},
    "discom.kyc.event": {"state"},
    "discom.kyc.visit": set(),
    # The ledger: the account, what was measured and charged, and how.
    "discom.bill": {
        *("name", "account_no", "meter_no", "history", "last_payment_mode", "tariff_notes"),
        *("import_hash", "supply_type", "meter_make"),
    },
    "discom.bill.line": {"name"},
    "discom.bill.problem": {"name", "account_no"},
    "discom.payment": {"reference", "account_no", "counter_token"},
    "discom.notice": {"name", "account_no", "paid_from"},
    "discom.notice.visit": {"account_no"},
    "discom.complaint": {"name"},
    "discom.outage.call": {"account_no"},
    "discom.whatsapp.message": {
        "lang",
        "res_model",
        "list_title",
        "kind",
        "category",
        "context_wamid",
    },
    # The conversation of a phone that others have, too; fingerprints of its last texts.
    "discom.whatsapp.conversation": {"phone", "lang", "said", "replied"},
    "discom.whatsapp.file": {"mime_type", "reason"},
}
NAME, GUARDIAN, VILLAGE = "Zorawar Quillfeather", "Bilbao Quillfeather", "Xanaduganj"


class PrivacyCommon(WhatsappCommon):
    """A consumer of whom much is kept, and a neighbour with the same phone, who stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_ready_consumer(
            name=NAME,
            discom_name_hi="ज़ोरावर क्विल",
            discom_guardian_name=GUARDIAN,
            discom_village=VILLAGE,
            street="7 Mirage Lane",
            email="zorawar@quill.example",
            discom_whatsapp_number="+919412345001",
            phone="+919412345002",
            discom_id_kind="voter",
            discom_id_last4="4711",
            discom_kyc_form=PNG,
        )
        cls.number = cls.consumer.discom_whatsapp_number
        cls.neighbour = cls.create_ready_consumer(name="Neighbour Stays")
        # A bill paid, a remark, a message each way, a complaint, a call, a file, a note.
        cls.bill = cls.create_bill(cls.consumer)
        cls.env["discom.payment"].create(
            {
                "partner_id": cls.consumer.id,
                "amount": 500,
                "date": cls.bill.bill_date,
                "means": "cheque",
                "means_no": "QUILL-998877",
            }
        )
        cls.out, cls.inbound = cls.env["discom.whatsapp.message"].create(
            [
                {
                    "account_id": cls.account.id,
                    "partner_id": cls.consumer.id,
                    "office_id": cls.consumer.discom_office_id.id,
                    "phone": cls.number,
                    "state": "read",
                    "template_id": cls.template.id,
                    "values": {"name": NAME, "account_last4": "0001"},
                },
                {
                    "account_id": cls.account.id,
                    "direction": "in",
                    "phone": cls.number,
                    "state": "received",
                    "body": "Quillfeather here, my meter is broken",
                    "wa_user_id": "IN.555000111",
                },
            ]
        )
        cls.env["discom.whatsapp.person"]._learn([{"user_id": "IN.555000111", "phone": cls.number}])
        cls.event = cls.env["discom.whatsapp.event"].create(
            {"account_id": cls.account.id, "payload": json.dumps(cls.call()), "state": "applied"}
        )
        cls.complaint = cls.env["discom.complaint"].create(
            {
                "partner_id": cls.consumer.id,
                "text": f"{GUARDIAN} says the pole leans",
                "phone": cls.number,
                "state": "resolved",
            }
        )
        cls.complaint.message_post(body=f"Spoke with {NAME}")
        cls.note = cls.consumer.message_post(body=f"{NAME} came by")
        cls.file = cls.env["ir.attachment"].create(
            {
                "name": "Quillfeather.pdf",
                "raw": b"%PDF quill",
                "res_model": "res.partner",
                "res_id": cls.consumer.id,
            }
        )
        cls.env.flush_all()

    @classmethod
    def call(cls):
        """A webhook call about two people."""
        return {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": "1",
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "contacts": [
                                    {"wa_id": "919412345001", "profile": {"name": NAME}},
                                    {"wa_id": "919400000009", "profile": {"name": "Somebody else"}},
                                ],
                                "messages": [
                                    {
                                        "from": "919412345001",
                                        "type": "text",
                                        "text": {"body": "Quillfeather here"},
                                    }
                                ],
                                "statuses": [
                                    {"recipient_id": "919412345001", "status": "read"},
                                    {"recipient_id": "919400000009", "status": "read"},
                                ],
                            },
                        }
                    ],
                }
            ],
        }

    def disconnect(self):
        self.consumer.write(
            {"discom_status": "permanent", "discom_permanent_date": fields.Date.today()}
        )

    def wizard(self, user=None, **vals):
        user = user or self.manager
        action = self.consumer.with_user(user).action_discom_erase()
        model = self.env[action["res_model"]].with_user(user).with_context(**action["context"])
        with Form(model) as form:
            for name, value in {
                "reason": "Letter of 3 November",
                "confirmation": self.consumer.discom_account_no,
                **vals,
            }.items():
                form[name] = value
        return form.record

    def holding(self, text):
        """Names of the tables that hold a text anywhere."""
        self.env.flush_all()
        self.cr.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind = 'r' AND nspname = 'public' ORDER BY relname"
        )
        tables = [name for (name,) in self.cr.fetchall()]
        found = set()
        for table in tables:
            self.cr.execute(
                SQL(
                    "SELECT EXISTS (SELECT FROM %s t WHERE t::text ILIKE %s)",
                    SQL.identifier(table),
                    f"%{text}%",
                )
            )
            if self.cr.fetchone()[0]:
                found.add(table)
        return found


@tagged("post_install", "-at_install")
class TestPrivacyErasure(PrivacyCommon):
    def test_nothing_of_the_person_is_left_in_the_database(self):
        texts = ("Quillfeather", "Xanaduganj", "Mirage", "9412345001", "9412345002", "quill.exam")
        texts += ("QUILL-998877", "ज़ोरावर", "IN.555000111")
        for text in texts:
            self.assertTrue(self.holding(text), text)
        self.disconnect()
        with mute_logger("odoo.models.unlink"):
            self.wizard().action_erase()
        for text in texts:
            with self.subTest(text):
                self.assertEqual(self.holding(text), set())
        self.assertFalse(self.file.exists())
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_model", "=", "res.partner"), ("res_id", "=", self.consumer.id),
                 ("res_field", "!=", False)]
            )
        )  # fmt: skip
        self.assertFalse(self.consumer.discom_id_last4)

    def test_the_ledger_stays(self):
        before = self.env["discom.ledger.entry"].search_read(
            [("partner_id", "=", self.consumer.id)], ["date", "name", "debit", "credit"]
        )
        self.disconnect()
        self.wizard().action_erase()
        self.assertTrue(before)
        self.assertEqual(
            self.env["discom.ledger.entry"].search_read(
                [("partner_id", "=", self.consumer.id)], ["date", "name", "debit", "credit"]
            ),
            before,
        )
        self.assertRecordValues(
            self.consumer,
            [{"name": "Erased consumer", "active": False, "discom_kyc_state": "none"}],
        )
        self.assertTrue(self.consumer.discom_account_no and self.consumer.discom_erased_at)
        self.assertEqual(self.out.state, "read", "that it was sent, and when, stays")
        purposes = set(self.consumer.discom_consent_ids.mapped("purpose"))
        self.assertEqual(purposes, {"bills", "outages", "dues"})

    def test_others_keep_theirs(self):
        """A phone that a neighbour has, too, stays with his messages; so do events of others."""
        self.neighbour.discom_whatsapp_number = self.number
        theirs = self.env["discom.whatsapp.message"].create(
            {
                "account_id": self.account.id,
                "partner_id": self.neighbour.id,
                "phone": self.number,
                "state": "read",
                "body": "For the neighbour",
            }
        )
        self.disconnect()
        self.wizard().action_erase()
        self.assertEqual((theirs.phone, theirs.body), (self.number, "For the neighbour"))
        self.assertTrue(self.inbound.body, "nobody can say whose it is")
        self.assertFalse(self.out.phone)
        self.assertEqual(self.neighbour.discom_whatsapp_number, self.number)

    def test_events(self):
        self.disconnect()
        self.wizard().action_erase()
        self.event.invalidate_recordset()
        self.assertIn("919400000009", self.event.payload)
        self.assertIn("Somebody else", self.event.payload)
        people = {"919412345001"}
        for payload in ("", "[]", "{", '{"entry": [1]}', '{"entry": "919412345001"}'):
            with self.subTest(payload):
                self.assertEqual(redact(payload, people), GONE)
        elsewhere = self.call()
        elsewhere["entry"][0]["id"] = "919412345001"
        self.assertEqual(redact(json.dumps(elsewhere), people), GONE)

    def test_refused_while_supply_or_dues_live(self):
        with self.assertRaisesRegex(UserError, "supply needs it"):
            self.wizard().action_erase()
        self.disconnect()
        self.wizard()
        self.consumer = self.create_bill().partner_id
        self.disconnect()
        wizard = self.wizard()
        self.assertIn("due", wizard.obstacles)
        with self.assertRaisesRegex(UserError, "is due"):
            wizard.action_erase()
        self.assertFalse(self.consumer.discom_erased_at)

    def test_administrator_forces(self):
        with self.assertRaises(AccessError):
            wizard = self.wizard()
            wizard.force = True
            wizard.action_erase()
        self.wizard(self.administrator, force=True).action_erase()
        self.assertTrue(self.consumer.discom_erased_at)
        entry = self.env["discom.audit.entry"].search([("kind", "=", "erasure")], limit=1)
        self.assertIn("although", entry.text)
        self.assertEqual(entry.reason, "Letter of 3 November")
        self.assertEqual((entry.user_id, entry.res_id), (self.administrator, self.consumer.id))

    def test_company_and_colleagues_are_no_part_of_a_person(self):
        """Whatever somebody who may change contacts has put above or below the consumer before."""
        company = self.env["res.company"].create({"name": "Another discom"}).partner_id
        left = self.create_user("test_left", "group_counter_clerk")
        left.active = False
        self.manager.group_ids += self.env.ref("base.group_partner_manager")
        self.consumer.with_user(self.manager).parent_id = company
        left.partner_id.with_user(self.manager).parent_id = self.consumer
        self.disconnect()
        self.consumer._discom_erase()
        self.assertEqual((company.name, company.active), ("Another discom", True))
        self.assertNotIn("Erased", left.partner_id.name)

    def test_asked_twice(self):
        """The account number has to be typed, and a reason given."""
        self.disconnect()
        for vals in ({"confirmation": "1234567890"}, {"reason": "because"}, {"confirmation": ""}):
            with self.subTest(vals), self.assertRaises(UserError):
                self.wizard(**vals).action_erase()
        self.assertEqual(self.consumer.name, NAME)

    def test_dry_run_shows_what_would_go(self):
        wizard = self.wizard()
        rows = {
            row.findall("td")[0].text: int(row.findall("td")[1].text)
            for row in html.fromstring(wizard.preview).iter("tr")
        }
        self.assertEqual(rows["WhatsApp Message"], 2)
        self.assertEqual(rows["Complaint"], 1)
        self.assertEqual(rows["Raw calls of the webhook"], 1)
        self.assertEqual(rows["Attachment"], 2)
        self.assertEqual(self.consumer.name, NAME)

    def test_only_managers_of_the_office(self):
        for user in (self.clerk, self.counter, self.auditor, self.surveyor):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.consumer.with_user(user).action_discom_erase()
        manager_b = self.create_user("test_manager_b", "group_division_manager", self.division_b)
        with self.assertRaises(AccessError):
            self.env["discom.privacy.erase"].with_user(manager_b).create(
                {"partner_id": self.consumer.id}
            ).action_erase()

    def test_nothing_waits_to_leave(self):
        queued = self.out.copy({"state": "queued"})
        self.disconnect()
        self.wizard().action_erase()
        queued.invalidate_recordset()
        self.assertEqual(queued.state, "cancelled")

    def test_not_twice(self):
        self.disconnect()
        wizard, again = self.wizard(), self.wizard()
        wizard.action_erase()
        with self.assertRaisesRegex(UserError, "already"):
            again.action_erase()

    # === THE LIST IS COMPLETE === #

    def test_every_model_with_persons_is_known(self):
        """A new model with consumers or phones is a place of a person, or says why not."""
        known = {place.model for place in places()} | set(EXEMPT) | {"discom.privacy.file"}
        for name, model in self.env.registry.items():
            if not name.startswith("discom.") or model._abstract or model._transient:
                continue
            personal = [
                field.name
                for field in model._fields.values()
                if field.store
                and (
                    (field.type == "many2one" and field.comodel_name == "res.partner")
                    or field.name in ("phone", "mobile", "whatsapp_number", "phone_number")
                )
            ]
            if personal:
                with self.subTest(model=name, fields=personal):
                    self.assertIn(name, known)

    def test_every_text_of_a_place_is_erased_or_reviewed(self):
        """A new text of a place is blanked, or is on the list of what says nothing of a person."""
        for place in places():
            if place.delete:
                continue
            texts = {
                field.name
                for field in self.env[place.model]._fields.values()
                if field.store
                and field.column_type
                and field.type in ("char", "text", "html", "json")
            } - TECHNICAL
            with self.subTest(place.model):
                self.assertEqual(texts - set(place.blank) - KEPT.get(place.model, set()), set())

    def test_every_text_of_a_consumer_is_erased_or_reviewed(self):
        kept = {
            *("name", "complete_name", "discom_account_no", "discom_old_account_no", "lang"),
            *("discom_book_no", "discom_sc_no", "discom_kno", "discom_meter_no", "tz", "type"),
            *("discom_meter_make", "discom_supply_type", "discom_load_unit"),
        }
        texts = {
            field.name
            for field in self.env["res.partner"]._fields.values()
            if field.store
            and field.column_type
            and field.type in ("char", "text", "html", "json")
            and (field._module == "discom" or field.name in ("phone", "email", "street", "comment"))
        }
        self.assertEqual(texts - set(PROFILE) - kept - TECHNICAL, set())


@tagged("post_install", "-at_install")
class TestPrivacyFile(PrivacyCommon):
    def make(self, user=None, **vals):
        user = user or self.manager
        action = self.consumer.with_user(user).action_discom_data_file()
        model = self.env[action["res_model"]].with_user(user)
        wizard = model.with_context(**action["context"]).create({"lang": "en_US", **vals})
        wizard.action_print()
        job = self.env["discom.report.job"].search([("user_id", "=", user.id)], limit=1)
        return zipfile.ZipFile(io.BytesIO(job.sudo().attachment_id.raw))

    def test_all_that_is_kept(self):
        archive = self.make()
        names = archive.namelist()
        self.assertEqual(names[:3], ["README.txt", "data.json", "data.xlsx"])
        self.assertTrue(any("Quillfeather.pdf" in name for name in names))
        data = json.loads(archive.read("data.json"))
        text = json.dumps(data, ensure_ascii=False)
        for expected in (
            *(NAME, GUARDIAN, VILLAGE, "7 Mirage Lane", "+919412345002", "4711"),
            *(self.bill.name, "QUILL-998877", "the pole leans", "my meter is broken", "came by"),
        ):
            with self.subTest(expected):
                self.assertIn(expected, text)
        self.assertNotIn("Neighbour Stays", text)
        for title in ("Contact", "Consent", "KYC change", "Electricity Bill", "Consumer Payment"):
            self.assertIn(title, data)
        book = openpyxl.load_workbook(io.BytesIO(archive.read("data.xlsx")))
        self.assertEqual(len(book.sheetnames), len(data))
        self.assertIn(NAME, [cell.value for cell in book["Contact"][2]])
        letter = archive.read("README.txt").decode()
        self.assertIn(self.consumer.discom_account_no, letter)
        self.assertIn("Meta", letter)

    def test_texts_are_no_formulas(self):
        self.consumer.street = '=HYPERLINK("http://evil.example")'
        book = openpyxl.load_workbook(io.BytesIO(self.make().read("data.xlsx")))
        cells = [cell for row in book["Contact"] for cell in row]
        self.assertEqual({cell.data_type for cell in cells} - {"s", "n", "d"}, set())
        self.assertIn(self.consumer.street, [cell.value for cell in cells])

    def test_names_of_files_lead_nowhere(self):
        self.file.name = "../../etc/passwd"
        names = [name for name in self.make().namelist() if "passwd" in name]
        self.assertEqual(len(names), 1)
        self.assertTrue(names[0].startswith("files/"))
        self.assertNotIn("/", names[0].removeprefix("files/"))

    def test_is_written_down(self):
        self.make()
        entry = self.env["discom.audit.entry"].search([("kind", "=", "data_file")], limit=1)
        self.assertEqual((entry.user_id, entry.res_id), (self.manager, self.consumer.id))
        self.assertNotIn(NAME, entry.text)

    def test_only_managers_of_the_office(self):
        for user in (self.clerk, self.counter, self.auditor):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.make(user)
        manager_b = self.create_user("test_manager_b", "group_division_manager", self.division_b)
        with self.assertRaises(AccessError):
            self.env["discom.privacy.file"].with_user(manager_b).create(
                {"partner_id": self.consumer.id, "lang": "en_US"}
            ).action_print()

    def test_many_records_in_the_background(self):
        self.patch(privacy_file, "DIRECT_RECORDS", 1)
        action = self.consumer.with_user(self.manager).action_discom_data_file()
        wizard = self.env["discom.privacy.file"].with_user(self.manager)
        wizard = wizard.with_context(**action["context"]).create({"lang": "hi_IN"})
        wizard.action_print()
        job = self.env["discom.report.job"].search([("user_id", "=", self.manager.id)], limit=1)
        self.assertEqual(job.state, "queued")
        self.run_cron(self.env.ref("discom.ir_cron_report_job"))
        self.assertEqual(job.state, "done")


@tagged("post_install", "-at_install")
class TestPrivacyRequest(PrivacyCommon, HttpCase):
    def ask(self, kind, user=None, **vals):
        model = self.env["discom.privacy.request"].with_user(user or self.counter)
        with Form(model) as form:
            form.kind = kind
            form.partner_id = self.consumer
            for name, value in vals.items():
                form[name] = value
        return form.record.with_user(self.manager)

    def test_register(self):
        """Taken in at the counter, due by the company's setting, answered by the manager."""
        self.company.discom_privacy_days = 20
        today = self.env["res.partner"]._discom_today()  # in India, where it is tomorrow already
        request = self.ask("access", received=today - timedelta(days=21))
        self.assertEqual(request.due_date, today - timedelta(days=1))
        self.assertTrue(request.is_overdue)
        self.assertIn(request, request.search([("is_overdue", "=", True)]))
        self.assertEqual(request.office_id, self.subdivision_a1)
        self.assertIn(self.manager, request.activity_ids.user_id)
        with self.assertRaisesRegex(UserError, "letters"):
            request.action_done()
        request.answer = "Handed over at the counter"
        request.action_done()
        self.assertRecordValues(
            request,
            [{"state": "done", "done_user_id": self.manager.id, "done_date": today}],
        )
        self.assertFalse(request.is_overdue)
        self.assertFalse(request.activity_ids)
        with self.assertRaises(UserError):
            request.answer = "Something else"
        with self.assertRaises(UserError):
            request.unlink()

    def test_grievance_has_its_own_time(self):
        """That of the settings, no longer than the law allows, which stands beside it."""
        for days in (90, 30):
            self.company.discom_grievance_days = days
            request = self.ask("grievance")
            self.assertEqual(request.due_date - request.received, timedelta(days=days))
        field = self.company._fields["discom_grievance_days"]
        self.assertIn("14(3)", field.help)
        with self.assertRaises(IntegrityError), self.cr.savepoint(), mute_logger("odoo.sql_db"):
            self.company.discom_grievance_days = 91
            self.env.flush_all()

    def test_file_from_the_request(self):
        request = self.ask("access")
        action = request.action_data_file()
        wizard = self.env[action["res_model"]].with_user(self.manager)
        wizard.with_context(**action["context"]).create({"lang": "hi_IN"}).action_print()
        self.assertIn("file of the data", request.message_ids[0].body)
        entry = self.env["discom.audit.entry"].search([("kind", "=", "data_file")], limit=1)
        self.assertEqual(entry.reason, request.name)

    def test_erasure_closes_the_request(self):
        request = self.ask("erasure")
        request.answer = "Was erased today"
        with self.assertRaisesRegex(UserError, "nothing was erased"):
            request.action_done()
        self.disconnect()
        action = request.action_erase()
        self.env[action["res_model"]].with_user(self.manager).with_context(
            **action["context"]
        ).create(
            {"reason": "As in the request", "confirmation": self.consumer.discom_account_no}
        ).action_erase()
        self.assertEqual((request.state, request.done_user_id), ("done", self.manager))

    def test_request_of_somebody_else(self):
        """A request is not answered by what is done to another consumer, nor twice."""
        self.disconnect()
        other = self.ask("erasure")
        other.sudo().partner_id = self.neighbour
        values = {"partner_id": self.consumer.id, "request_id": other.id}
        erase = (
            self.env["discom.privacy.erase"]
            .with_user(self.manager)
            .create(
                {
                    **values,
                    "reason": "As in the request",
                    "confirmation": self.consumer.discom_account_no,
                }
            )
        )
        file = (
            self.env["discom.privacy.file"]
            .with_user(self.manager)
            .create({**values, "lang": "hi_IN"})
        )
        for door in (erase.action_erase, file.action_print):
            with self.assertRaisesRegex(UserError, f"{other.name} is about another consumer"):
                door()
        self.assertEqual(other.state, "open")
        self.assertFalse(self.consumer.discom_erased_at)
        mine = self.ask("erasure")
        erase.request_id = mine
        mine.answer = "The connection is in use"
        mine.action_refuse()
        with self.assertRaisesRegex(UserError, "answered already"):
            erase.action_erase()
        self.assertFalse(self.consumer.discom_erased_at)
        # What was asked for is something else, and stays open.
        wrong = self.ask("access")
        erase.request_id = wrong
        erase.action_erase()
        self.assertTrue(self.consumer.discom_erased_at)
        self.assertEqual(wrong.state, "open")

    def test_correction(self):
        """Opens the consumer; what is changed there stands in his history."""
        request = self.ask("correction", text="The name is wrong")
        action = request.action_correct()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", self.consumer.id))
        self.consumer.with_user(self.manager).discom_guardian_name = "Right Name"
        self.consumer.with_user(self.manager).phone = "+919415299901"
        request.answer = "Name of the father corrected"
        request.action_done()
        done, changed = self.env["discom.audit.entry"].search(
            [("kind", "=", "correction")], limit=2
        )
        self.assertEqual((changed.model, changed.res_id), ("res.partner", self.consumer.id))
        self.assertEqual(changed.user_id, self.manager)
        self.assertEqual(changed.text, "Changed: Father or husband")
        self.assertEqual((done.model, done.res_id), (request._name, request.id))
        for label in ("Father or husband", "Mobile"):
            self.assertIn(label, done.text)
        self.assertNotIn("Right Name", f"{changed.text} {done.text}", "no data of the person")

    def test_corrections_are_on_record(self):
        """Also without a request; not where nothing changes, nor what the software writes."""
        entries = self.env["discom.audit.entry"]
        domain = [("kind", "=", "correction"), ("res_id", "=", self.consumer.id)]
        for vals, count in (
            ({"name": self.consumer.name}, 0),
            ({"name": "Corrected", "street": "House 1"}, 1),
            ({"discom_meter_no": "77123"}, 1),
            ({"street": False}, 2),
        ):
            with self.subTest(vals):
                self.consumer.with_user(self.counter).write(vals)
                self.assertEqual(entries.search_count(domain), count)
        self.env["res.partner"].browse(self.consumer.id).with_user(SUPERUSER_ID).name = "System"
        self.assertEqual(entries.search_count(domain), 2)
        contact = self.env["res.partner"].create({"name": "Printer"})
        self.administrator.group_ids += self.env.ref("base.group_partner_manager")
        contact.with_user(self.administrator).name = "Renamed"
        self.assertFalse(
            entries.search([("model", "=", "res.partner"), ("res_id", "=", contact.id)])
        )

    def test_grievance_is_no_correction(self):
        request = self.ask("grievance", text="My number was given away")
        request.answer = "The clerk was warned"
        request.action_done()
        entry = self.env["discom.audit.entry"].search([("res_id", "=", request.id)], limit=1)
        self.assertEqual((entry.kind, entry.model), ("grievance", request._name))

    def test_refused_with_the_reason(self):
        request = self.ask("erasure")
        with self.assertRaises(UserError):
            request.action_refuse()
        request.answer = "The connection is in use"
        request.action_refuse()
        self.assertEqual(request.state, "refused")
        entry = self.env["discom.audit.entry"].search([("kind", "=", "refusal")], limit=1)
        self.assertEqual(entry.reason, "The connection is in use")

    def test_who_may(self):
        request = self.ask("access")
        with self.assertRaises(AccessError):
            request.with_user(self.counter).answer = "Done by myself"
        for button in ("action_data_file", "action_erase", "action_done", "action_refuse"):
            with self.subTest(button), self.assertRaises(AccessError):
                getattr(request.with_user(self.counter), button)()
        with self.assertRaisesRegex(UserError, "buttons"):
            request.state = "done"
        self.assertFalse(request.with_user(self.clerk_b).has_access("read"))

    def test_whose_request_it_is_stays(self):
        """By RPC as well: what is erased is the consumer's whose identity was looked at. What was
        answered stays as it was, the time for the answer is not moved."""
        request = self.ask("erasure", identity="Voter card seen")
        due, office = request.due_date, request.office_id
        self.env.flush_all()

        @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
        def write(vals):
            call = (self.env.cr.dbname, self.manager.id, "test_manager", request._name, "write")
            return self.xmlrpc_object.execute_kw(*call, [request.ids, vals])

        refused = (
            {"partner_id": self.neighbour.id},
            {"partner_id": False},
            {"due_date": "2099-01-01"},
            {"office_id": self.subdivision_a2.id},
            {"done_user_id": self.counter.id},
        )
        for vals in refused:
            with self.subTest(vals), self.assertRaises(Fault), mute_logger("odoo.http"):
                write(vals)
        # The same consumer is no change; more words are none of the person.
        self.assertTrue(write({"partner_id": self.consumer.id, "text": "All of it"}))
        self.env.invalidate_all()
        self.assertRecordValues(
            request,
            [{"partner_id": self.consumer.id, "due_date": due, "office_id": office.id}],
        )
        request.answer = "The connection is in use"
        request.action_refuse()
        for name in ("identity", "text", "answer"):
            with self.subTest(name), self.assertRaisesRegex(UserError, "was answered"):
                request[name] = "Something else"
        made = request.create(
            {
                "kind": "access",
                "partner_id": self.consumer.id,
                "state": "done",
                "done_user_id": self.counter.id,
                "done_date": "2020-01-01",
            }
        )
        self.assertRecordValues(
            made, [{"state": "open", "done_user_id": False, "done_date": False}]
        )


@tagged("post_install", "-at_install")
class TestErasedImport(ImportCommon):
    def test_file_does_not_bring_an_erased_person_back(self):
        """Neither the consumer master nor a KYC file; other rows go on."""
        erased, other = self.create_consumer(name="Goes"), self.create_consumer(name="Stays")
        erased.discom_status = "permanent"
        erased._discom_erase()
        for kind, header in (("consumer", "account_no,name"), ("kyc", "account_no,mobile")):
            values = ("Back Again", "New Name") if kind == "consumer" else ("9415012345",) * 2
            rows = [
                f"{consumer.discom_account_no},{value}"
                for consumer, value in zip((erased, other), values, strict=True)
            ]
            job = self.upload(kind, [header, *rows])
            job.action_check()
            with self.subTest(kind):
                self.assertEqual(job.refused_count, 1)
                self.assertIn("erased", base64.b64decode(job.refused_file).decode())
                job.action_run()
        self.assertEqual(erased.name, "Erased consumer")
        self.assertFalse(erased.discom_whatsapp_number)
        self.assertEqual(other.name, "New Name")
