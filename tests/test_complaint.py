from datetime import timedelta
from xmlrpc.client import Fault

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_whatsapp_service import OWNER, STRANGER, ServiceCommon

SETTLED = (
    "नमस्ते {{name}}, आपकी शिकायत {{complaint}} पर {{office}} ने कार्रवाई की है। परिणाम: {{result}} "
    "(खाता …{{account_last4}})।"
)


@tagged("post_install", "-at_install")
class TestComplaint(ServiceCommon):
    def complain(self, phone=OWNER):
        """The way of a complaint through the phone: subject, words; return it."""
        self.ask("शिकायत", phone=phone)
        self.press("मीटर खराब है", phone=phone)
        self.ask("मीटर से धुआँ निकल रहा है, मंदिर के पास", phone=phone)
        return self.env["discom.complaint"].search([("phone", "=", f"+{phone}")], limit=1)

    def test_by_whatsapp(self):
        """Subject from the list, words, a photo; it is the office's work at once."""
        complaint = self.complain()
        self.assertRecordValues(
            complaint,
            [{"kind": "meter", "text": "मीटर से धुआँ निकल रहा है, मंदिर के पास", "source": "whatsapp",
              "partner_id": self.owner.id, "office_id": self.subdivision_a1.id, "state": "new"}],
        )  # fmt: skip
        self.assertIn(complaint.name, self.answers(OWNER)[-1].body)
        self.assertEqual(complaint.activity_ids.user_id, self.counter, "who works for the office")
        self.simulator.inbound(OWNER, type="image")
        self.deliver()
        self.apply()
        self.assertIn(complaint.name, self.answers(OWNER)[-1].body)
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_file"))
        photos = complaint.message_ids.attachment_ids
        self.assertEqual(photos.mimetype, "image/png")
        self.assertTrue(photos.with_user(self.clerk).has_access("read"))
        self.assertFalse(photos.with_user(self.clerk_b).has_access("read"))

    def test_words_of_a_complaint_are_no_command(self):
        """While the words are expected, even a keyword is taken as words; menu gets out."""
        self.ask("शिकायत", phone=OWNER)
        self.press("अन्य", phone=OWNER)
        self.assertIn("दर्ज हो गई", self.ask("बिल", phone=OWNER))
        complaint = self.env["discom.complaint"].search([("phone", "=", f"+{OWNER}")])
        self.assertEqual(complaint.text, "बिल")
        self.ask("शिकायत", phone=OWNER)
        self.press("मीटर खराब है", phone=OWNER)
        self.ask("मेनू", phone=OWNER)
        self.assertEqual(len(self.env["discom.complaint"].search([("phone", "=", f"+{OWNER}")])), 1)

    def test_stranger_may_report_danger(self):
        """A fallen wire is reported by whoever sees it; the first thing said is to keep away."""
        self.ask("शिकायत", phone=STRANGER)
        self.assertIn("1912", self.press("खतरा: तार, खंभा", phone=STRANGER))
        self.assertIn("दूर रहें", self.ask("चौराहे पर तार गिरा है", phone=STRANGER))
        complaint = self.env["discom.complaint"].search([("phone", "=", f"+{STRANGER}")])
        self.assertEqual((complaint.kind, complaint.urgent, complaint.partner_id.id),
                         ("danger", True, False))  # fmt: skip
        self.assertTrue(complaint.office_id)

    def test_same_complaint_once(self):
        first = self.complain()
        second = self.complain()
        self.assertEqual(first, second)
        self.assertIn("पहले से", self.answers(OWNER)[-1].body)

    def test_told_inside_the_window(self):
        complaint = self.complain().with_user(self.counter)
        complaint.action_start()
        self.assertEqual(complaint.user_id, self.counter)
        complaint.resolution = "मीटर बदल दिया गया"
        complaint.action_resolve()
        self.assertEqual((complaint.state, complaint.told), ("resolved", "text"))
        self.assertFalse(complaint.activity_ids)
        self.run_lane()
        self.assertIn("मीटर बदल दिया गया", self.shown(OWNER)["body"])
        with self.assertRaisesRegex(UserError, complaint.name):
            complaint.action_resolve()
        complaint.action_reopen()
        self.assertEqual(complaint.state, "progress")

    def test_told_outside_the_window(self):
        """By the approved template; without one the form asks to call."""
        complaint = self.complain()
        complaint.conversation_id.last_in_at -= timedelta(hours=25)
        complaint.with_user(self.counter).action_resolve()
        self.assertEqual(complaint.told, "no")
        complaint.action_reopen()
        self.create_template("complaint_settled", "complaint", SETTLED)
        complaint.resolution = "ठीक\nकर दिया"
        complaint.with_user(self.counter).action_resolve()
        self.assertEqual(complaint.told, "template")
        self.run_lane()
        self.assertIn("ठीक कर दिया", self.shown(OWNER)["body"])

    def test_at_the_counter(self):
        """Entered by hand; the office is the consumer's; a rejection needs its reason."""
        with Form(self.env["discom.complaint"].with_user(self.counter)) as form:
            form.partner_id = self.owner
            form.kind = "bill"
            form.text = "रीडिंग गलत है"
        complaint = form.record
        self.assertEqual((complaint.office_id, complaint.source), (self.subdivision_a1, "counter"))
        self.assertTrue(complaint.name.startswith("C"))
        with self.assertRaisesRegex(UserError, "Resolution"):
            complaint.action_reject()
        complaint.resolution = "रीडिंग सही पाई गई"
        complaint.action_reject()
        self.assertEqual(complaint.state, "rejected")
        with self.assertRaises(ValidationError):
            complaint.text = "आधार 4991 1866 5246"

    def test_rights(self):
        complaint = self.complain()
        self.assertTrue(complaint.with_user(self.auditor).has_access("read"))
        self.assertFalse(complaint.with_user(self.clerk_b).has_access("read"))
        for user, may in ((self.counter, True), (self.operator, True), (self.surveyor, False),
                          (self.auditor, False)):  # fmt: skip
            self.assertEqual(complaint.with_user(user).has_access("write"), may)
            self.assertFalse(complaint.with_user(user).has_access("unlink"))
        with self.assertRaises(AccessError):
            complaint.with_user(self.auditor).action_resolve()

    def test_no_words_to_strangers(self):
        """Neither a conversation nor a number given by RPC carries words of a clerk to somebody of
        another office."""
        self.ask("बिल", phone=STRANGER)
        conversation = self.conversation(STRANGER)
        conversation.office_id = self.subdivision_b1
        foreign = self.create_consumer(
            discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
        )
        complaints = self.env["discom.complaint"].with_user(self.counter)
        values = {"text": "Pay here", "office_id": self.subdivision_a1.id, "resolution": "Pay here"}
        with self.assertRaises(AccessError):
            complaints.create({**values, "conversation_id": conversation.id})
        with self.assertRaises(AccessError):
            complaints.with_context(default_conversation_id=conversation.id).create(values)
        with self.assertRaises(AccessError):
            complaints.create({**values, "partner_id": foreign.id})
        complaint = complaints.create({**values, "phone": f"+{STRANGER}"})
        for name, record in (("conversation_id", conversation), ("partner_id", foreign)):
            with self.assertRaises(AccessError), self.cr.savepoint():
                complaint.write({name: record.id})
        before = self.answers(STRANGER)
        complaint.action_resolve()
        self.assertEqual(complaint.told, "no")
        self.assertEqual(self.answers(STRANGER), before)
        # A caller of the own office is told.
        conversation.office_id = self.subdivision_a1
        complaint.action_reopen()
        complaint.action_resolve()
        self.assertEqual(complaint.told, "text")
        self.assertIn("Pay here", (self.answers(STRANGER) - before).body)

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
    def rpc(self, method, *args, **kwargs):
        """Call a method of complaints as a script of the clerk does."""
        call = (self.env.cr.dbname, self.counter.id, "test_counter", "discom.complaint", method)
        return self.xmlrpc_object.execute_kw(*call, args, kwargs)

    def test_buttons_are_the_only_way(self):
        """Nobody closes a complaint, or says that the consumer was told, but by the buttons: not by
        RPC, by import, by a copy or by defaults of the context."""
        complaint = self.complain()
        conversation = complaint.conversation_id
        self.env.flush_all()
        answers = self.answers(OWNER)
        values = {"text": "No bill", "office_id": self.subdivision_a1.id}
        attempts = [
            ("write", {"state": "resolved"}),
            ("write", {"state": "rejected", "told": "text"}),
            ("write", {"told": "template"}),
            ("write", {"date_done": "2026-01-01 10:00:00"}),
            ("write", {"name": "C1"}),
            ("write", {"source": "phone"}),
            # Without these there would be nobody to tell, or other words to answer.
            ("write", {"conversation_id": False}),
            ("write", {"phone": False}),
            ("write", {"text": "All is well"}),
            ("create", {**values, "state": "resolved"}),
            ("create", {**values, "told": "text"}),
            ("create", {**values, "source": "whatsapp"}),
        ]
        for method, vals in attempts:
            with self.subTest(method, vals=vals), mute_logger("odoo.http"):
                with self.assertRaisesRegex(Fault, "buttons|conversation|consumer"):
                    self.rpc(method, *([complaint.ids, vals] if method == "write" else [vals]))
        with mute_logger("odoo.models"):
            for column, value in (("state", "resolved"), ("told", "text")):
                loaded = self.rpc("load", [".id", column], [[str(complaint.id), value]])
                self.assertFalse(loaded["ids"], column)
        for name, value in {"state": "resolved", "told": "text", "source": "field"}.items():
            with self.subTest(name), mute_logger("odoo.http"):
                with self.assertRaisesRegex(Fault, "buttons"):
                    self.rpc("create", values, context={f"default_{name}": value})
        made = self.rpc("copy", complaint.ids, {})
        self.env.invalidate_all()
        for new in complaint | complaint.browse(made):
            self.assertEqual((new.state, new.told, new.date_done), ("new", False, False))
        self.assertEqual(complaint.browse(made).mapped("source"), ["counter"])
        self.assertEqual(complaint.source, "whatsapp")
        self.assertEqual(complaint.conversation_id, conversation)
        self.assertEqual(self.answers(OWNER), answers, "nobody was told anything")

    def test_settled_complaint_stays_as_it_was_told(self):
        """What the consumer read is not changed behind; reopened, it is told anew."""
        complaint = self.complain().with_user(self.counter)
        complaint.resolution = "मीटर बदल दिया गया"
        self.env.flush_all()
        self.assertTrue(self.rpc("action_resolve", complaint.ids))
        self.env.invalidate_all()
        self.assertEqual((complaint.state, complaint.told), ("resolved", "text"))
        for vals in ({"resolution": "x"}, {"partner_id": False}, {"kind": "bill"}):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "Reopen"):
                complaint.write(vals)
        for vals in ({"state": "new"}, {"told": False}, {"date_done": False}):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "buttons"):
                complaint.write(vals)
        complaint.action_reopen()
        self.assertFalse(complaint.told)
        complaint.resolution = "दूसरा मीटर लगाया गया"
        complaint.action_resolve()
        self.assertIn("दूसरा", self.answers(OWNER)[-1].body)

    def test_number_of_another_company(self):
        """The same phone may have written to the number of another company."""
        self.ask("बिल", phone=STRANGER)
        complaint = self.env["discom.complaint"].create(
            {"text": "No bill", "office_id": self.subdivision_a1.id, "phone": f"+{STRANGER}"}
        )
        self.account.company_id = self.env["res.company"].create({"name": "Another discom"})
        self.assertFalse(complaint._conversations()[complaint.id])

    def test_aadhaar_in_a_complaint(self):
        """It is crossed out and the writer warned; the complaint is not lost for it."""
        self.ask("शिकायत", phone=OWNER)
        self.press("अन्य", phone=OWNER)
        self.assertIn("आधार", self.ask("मेरा आधार 4991 1866 5246 है", phone=OWNER))
        self.assertIn("दर्ज हो गई", self.ask("नाम गलत है", phone=OWNER))
