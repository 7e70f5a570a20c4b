import base64
import io
from unittest.mock import patch

from lxml import etree
from PIL import Image
from psycopg2.errors import IntegrityConstraintViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import DiscomCommon

FORM = "discom.discom_consumer_view_form"
PIXEL = base64.b64encode(
    base64.b64decode(
        b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
        b"gg=="
    )
)


@tagged("post_install", "-at_install")
class TestKycHistory(DiscomCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer(discom_whatsapp_number=False)
        cls.proved = cls.create_consumer()
        cls.proved.discom_kyc_state = "verified"
        cls.today = str(cls.consumer._discom_today())

    def _history(self, consumer, *names):
        events = self.env["discom.kyc.event"].search([("partner_id", "=", consumer.id)], order="id")
        return events.mapped(lambda event: tuple(event[name] or "" for name in names))

    def test_form_leaves_history(self):
        form = Form(self.consumer.with_user(self.counter), FORM)
        form.discom_whatsapp_number = "94152 61299"
        form.email = "sita@example.org"
        form.discom_id_kind = "pan"
        form.discom_id_last4 = "12 4f"
        form.discom_id_seen = True
        form.discom_kyc_form = PIXEL
        form.save()
        self.assertEqual(
            sorted(
                entry
                for entry in self._history(self.consumer, "field", "old", "new", "source")
                if entry[0] != "discom_kyc_form"
            ),
            [
                ("discom_id_kind", "", "pan", "counter"),
                ("discom_id_last4", "", "124F", "counter"),
                ("discom_id_seen", "", "true", "counter"),
                ("discom_kyc_date", "", self.today, "counter"),
                ("discom_kyc_state", "none", "captured", "counter"),
                ("discom_whatsapp_number", "", "+919415261299", "counter"),
                ("email", "", "sita@example.org", "counter"),
            ],
        )
        event = self.consumer.discom_kyc_event_ids[0]
        self.assertRecordValues(
            event,
            [
                {
                    "user_id": self.counter.id,
                    "office_id": self.subdivision_a1.id,
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertTrue(event.date)
        self.assertTrue(self.consumer.discom_kyc_form)

    def test_photo_of_the_form_leaves_history(self):
        """Who added, replaced, removed it; of the picture itself only a fingerprint is kept."""
        consumer = self.consumer.with_user(self.counter)
        buffer = io.BytesIO()
        Image.new("RGB", (2, 2), "red").save(buffer, "PNG")
        for photo in (PIXEL, *[base64.b64encode(buffer.getvalue())] * 2):
            consumer.discom_kyc_form = photo
        consumer.with_user(self.clerk).discom_kyc_form = False
        events = self.consumer.discom_kyc_event_ids.filtered(
            lambda event: event.field == "discom_kyc_form"
        ).sorted("id")
        added, replaced, removed = events
        self.assertFalse(added.old)
        self.assertTrue(added.new)
        self.assertNotEqual(added.new, replaced.new)
        self.assertEqual((replaced.old, removed.old), (added.new, replaced.new))
        self.assertFalse(removed.new)
        self.assertEqual(events.mapped("user_id"), self.counter | self.clerk)
        self.assertEqual(set(events.mapped("source")), {"counter"})
        self.assertEqual(added.new_text, f"Photo {added.new}")
        new = self.create_consumer(discom_kyc_form=PIXEL)
        self.assertIn(("discom_kyc_form",), self._history(new, "field"))

    def test_photo_of_the_form_is_changed_on_the_consumer_only(self):
        self.consumer.discom_kyc_form = PIXEL
        self.env.flush_all()
        files = self.env["ir.attachment"].with_user(self.counter)
        key = {"res_model": "res.partner", "res_id": self.consumer.id}
        photo = files.search(
            [
                *((name, "=", value) for name, value in key.items()),
                ("res_field", "=", "discom_kyc_form"),
            ]
        )
        self.assertTrue(photo)
        self.assertTrue(photo.raw)
        other = files.create({**key, "name": "letter.png", "datas": PIXEL})
        for method in (
            photo.unlink,
            lambda: photo.write({"raw": b"another"}),
            lambda: files.create({**key, "res_field": "discom_kyc_form", "name": "x"}),
            lambda: other.write({"res_field": "discom_kyc_form"}),
        ):
            with self.assertRaisesRegex(AccessError, "KYC form"), self.cr.savepoint():
                method()

    def test_new_consumer_begins_with_what_was_given(self):
        consumer = self.create_consumer(discom_whatsapp_number="9415261200", email="a@example.org")
        self.assertEqual(
            sorted(self._history(consumer, "field", "new")),
            [
                ("discom_kyc_date", self.today),
                ("discom_kyc_state", "captured"),
                ("discom_whatsapp_number", "+919415261200"),
                ("email", "a@example.org"),
            ],
        )

    def test_same_value_leaves_nothing(self):
        before = self._history(self.proved, "id")
        self.proved.with_user(self.counter).write(
            {"discom_whatsapp_number": self.proved.discom_whatsapp_number[3:], "email": False}
        )
        self.assertEqual(self._history(self.proved, "id"), before)
        self.assertEqual(self.proved.discom_kyc_state, "verified")

    def test_number_is_found_by_its_beginning(self):
        """Who took a number, and who took it away; with the country's code or without."""
        first = self.proved.discom_whatsapp_number
        self.proved.with_user(self.counter).discom_whatsapp_number = "9415261299"
        events = self.env["discom.kyc.event"].with_user(self.manager)
        [node] = etree.fromstring(events.get_view(view_type="search")["arch"]).xpath(
            "//field[@name='new']"
        )
        for typed in ("+919415261299", "94152612", first, first.removeprefix("+91")):
            found = events.search(safe_eval(node.get("filter_domain"), {"self": typed}))
            self.assertIn(
                (first, "+919415261299"), found.mapped(lambda event: (event.old, event.new)), typed
            )
            self.assertEqual(set(found.mapped("field")), {"discom_whatsapp_number"})

    def test_labels_are_shown(self):
        self.create_drive({"user_id": self.surveyor.id})
        self.consumer.with_user(self.surveyor).discom_whatsapp_number = "9415261299"
        event = self.consumer.discom_kyc_event_ids.filtered(
            lambda event: event.field == "discom_kyc_state"
        )
        self.assertEqual((event.old_text, event.new_text), ("No number", "Captured"))
        self.assertEqual(event.source, "field")

    def test_many_cost_as_much_as_one(self):
        consumers = self.env["res.partner"].union(*[self.create_consumer() for _number in range(8)])
        self.env.flush_all()
        event = type(self.env["discom.kyc.event"])
        with patch.object(event, "_append", autospec=True, side_effect=event._append) as append:
            consumers.with_user(self.counter).email = "ward@example.org"
        self.assertEqual(append.call_count, 1)
        for consumer in consumers:
            self.assertIn(("email", "ward@example.org"), self._history(consumer, "field", "new"))

    def test_nobody_changes_history(self):
        self.consumer.discom_whatsapp_number = "9415261299"
        event = self.consumer.discom_kyc_event_ids[0]
        for method in (
            lambda: event.write({"new": "x"}),
            event.unlink,
            lambda: event.create({"partner_id": self.consumer.id}),
        ):
            with self.assertRaises(UserError):
                method()
        for query in ("UPDATE discom_kyc_event SET new = 'x'", "DELETE FROM discom_kyc_event"):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityConstraintViolation),
                self.cr.savepoint(),
            ):
                self.cr.execute(query)

    def test_state_is_not_set_by_hand(self):
        self.authenticate("test_counter", "test_counter")
        for vals in (
            {"discom_kyc_state": "verified"},
            {"discom_kyc_date": "2020-01-01"},
            {"discom_kyc_user_id": self.clerk.id},
            {"discom_number_flag": False},
            {"discom_kyc_source": "whatsapp"},
            {"discom_whatsapp_number": "9415261298", "discom_kyc_source": "file"},
            {"discom_whatsapp_number": "9415261298", "discom_kyc_state": "verified"},
            # Fingerprints: who wrote them would keep the rows of a file out.
            {"discom_kyc_hash": "0"},
            {"discom_import_hash": "0"},
        ):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_model"),
                self.assertRaisesRegex(JsonRpcException, "UserError|AccessError"),
            ):
                self.make_jsonrpc_request(
                    "/web/dataset/call_kw",
                    {
                        "model": "res.partner",
                        "method": "write",
                        "args": [self.consumer.ids, vals],
                        "kwargs": {},
                    },
                )
        consumers = self.env["res.partner"].with_user(self.administrator)
        new = {
            "name": "New",
            "discom_account_no": "4410999777",
            "discom_office_id": self.subdivision_a1.id,
            "discom_consumer": True,
        }
        with self.assertRaises(UserError):
            consumers.create({**new, "discom_kyc_state": "verified"})
        context = {
            "default_discom_kyc_state": "verified",
            "default_discom_consent_bills": "given",
            "default_discom_consumer": True,
        }
        del new["discom_consumer"]
        consumer = consumers.with_context(**context).create(new)
        self.assertRecordValues(
            consumer,
            [
                {
                    "discom_consumer": True,
                    "discom_kyc_state": "none",
                    "discom_consent_bills": False,
                    "company_id": self.company.id,
                }
            ],
        )

    def test_whatsapp_on_the_mobile(self):
        self.consumer.phone = "094152 61277"
        form = Form(self.consumer.with_user(self.counter), FORM)
        self.assertFalse(form.discom_whatsapp_same)
        form.discom_whatsapp_same = True
        self.assertEqual(form.discom_whatsapp_number, "+919415261277")
        form.save()
        self.assertTrue(self.consumer.discom_whatsapp_same)
        self.consumer.discom_whatsapp_number = "9415261276"
        self.assertFalse(self.consumer.discom_whatsapp_same)
        self.consumer.phone = "05446 222333"
        with self.assertRaises(ValidationError):
            Form(self.consumer.with_user(self.counter), FORM).discom_whatsapp_same = True

    def test_refused_and_stale(self):
        self.consumer.with_user(self.counter).action_discom_kyc_refused()
        self.assertRecordValues(
            self.consumer,
            [{"discom_kyc_state": "refused", "discom_kyc_user_id": self.counter.id}],
        )
        self.assertTrue(self.consumer.discom_kyc_state_date)
        with self.assertRaises(UserError):
            self.proved.with_user(self.counter).action_discom_kyc_refused()
        with self.assertRaises(UserError):
            self.consumer.with_user(self.counter).action_discom_kyc_stale()
        self.proved.with_user(self.counter).action_discom_kyc_stale()
        self.assertEqual(self.proved.discom_kyc_state, "stale")
        for user in (self.auditor, self.operator, self.clerk_b):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.proved.with_user(user).action_discom_kyc_stale()

    def test_history_is_seen_in_own_offices(self):
        events = self.env["discom.kyc.event"]
        domain = [("partner_id", "=", self.proved.id)]
        self.assertTrue(events.with_user(self.auditor).search(domain))
        self.assertFalse(events.with_user(self.clerk_b).search(domain))

    def test_context_of_a_client_forges_nothing(self):
        """Source, place, ground and taker in the history are the server's, whatever is sent."""
        self.authenticate("test_counter", "test_counter")
        way = {"source": "whatsapp", "place": "Camp", "evidence": "Code told back"}
        context = {
            "discom_kyc_way": way,
            "discom_kyc_source": "whatsapp",
            "discom_kyc_place": "Camp",
            "discom_kyc_evidence": "Code told back",
            "discom_kyc_user_id": self.clerk.id,
            "default_discom_kyc_user_id": self.clerk.id,
            "default_discom_kyc_source": "whatsapp",
            "uid": self.clerk.id,
        }

        def call(model, method, *args):
            return self.make_jsonrpc_request(
                "/web/dataset/call_kw",
                {"model": model, "method": method, "args": args, "kwargs": {"context": context}},
            )

        number = {"discom_whatsapp_number": "9415261291"}
        call("res.partner", "write", self.consumer.ids, number)
        values = {"number": "9415261292", "send": False}
        call("discom.kyc.counter", "save", self.consumer.id, values)
        call("res.partner", "web_save", self.consumer.ids, {"email": "s@example.org"}, {"id": {}})
        call("res.partner", "action_discom_kyc_stale", self.consumer.ids)
        events = self.env["discom.kyc.event"].search([("partner_id", "=", self.consumer.id)])
        self.assertEqual(
            {event.new for event in events if event.field == "discom_whatsapp_number"},
            {"+919415261291", "+919415261292"},
        )
        self.assertEqual(set(events.mapped("source")), {"counter"})
        self.assertEqual(events.user_id, self.counter)
        self.assertFalse(any(events.mapped("evidence")))
        self.assertNotIn("Camp", events.mapped("place"))
        self.assertRecordValues(
            self.consumer,
            [{"discom_kyc_source": "counter", "discom_kyc_user_id": self.counter.id}],
        )

    def test_way_of_the_server(self):
        consumer = self.consumer.with_user(self.counter)
        consumer._discom_by_way("rumour", "Camp Chopan", "Form 12").write(
            {"discom_whatsapp_number": "9415261299"}
        )
        self.assertRecordValues(
            self.consumer.discom_kyc_event_ids[0],
            [{"source": "counter", "place": "Camp Chopan", "evidence": "Form 12"}],
        )
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            consumer._discom_by_way(evidence="card 2341 2341 2346").write(
                {"discom_whatsapp_number": "9415261298"}
            )
