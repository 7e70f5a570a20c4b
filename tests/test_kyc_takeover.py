"""Who is taken over notices it: the number that was proved hears that another one is asked for."""

from datetime import timedelta
from xmlrpc.client import Fault

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.kyc_takeover import ONCE, PURPOSE
from ..models.whatsapp_message import PRIORITY_RECEIPT
from .test_import import ImportCommon
from .test_kyc_conversation import PHONE, KycConversationCommon

OLD = "919415399999"
NEW = "9415300055"


@tagged("post_install", "-at_install")
class TestKycTakeover(KycConversationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        blueprints = cls.env["discom.whatsapp.template"].search(
            [("account_id", "=", False), ("purpose", "=", PURPOSE)]
        )
        for blueprint in blueprints:
            cls.create_template(
                blueprint.name,
                PURPOSE,
                blueprint.body,
                blueprint.lang,
                footer=blueprint.footer,
            )

    def setUp(self):
        super().setUp()
        self.consumer.discom_whatsapp_number = f"+{OLD}"
        self.consumer._discom_prove_number("test")

    def notices(self, phone=OLD):
        return self.env["discom.whatsapp.message"].search(
            [("purpose", "=", PURPOSE), ("phone", "=", f"+{phone}")], order="id"
        )

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
    def rpc(self, user, model, method, *args):
        """Call a method as a script of the user does."""
        self.env.flush_all()
        call = (self.env.cr.dbname, user.id, user.login, model, method)
        result = self.xmlrpc_object.execute_kw(*call, args)
        self.env.invalidate_all()
        return result

    def test_asked_by_whatsapp(self):
        """The old number is told at once, once, with no more of the account than four digits; the
        staff read whether it could be told."""
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        notice = self.notices()
        self.assertRecordValues(
            notice,
            [
                {
                    "state": "queued",
                    "partner_id": self.consumer.id,
                    "office_id": self.consumer.discom_office_id.id,
                    "template_id": notice.template_id.id,
                    "lang": "hi_IN",
                    # A file may replace thousands: they do not keep an outage waiting.
                    "priority": PRIORITY_RECEIPT,
                }
            ],
        )
        self.assertIn(f"*{self.consumer.discom_account_no[-4:]}*", notice.text)
        for secret in (self.consumer.discom_account_no, self.consumer.name, PHONE[2:]):
            self.assertNotIn(secret, notice.text)
        request = self.env["discom.complaint"].search([("partner_id", "=", self.consumer.id)])
        self.assertIn("was told", request.message_ids[0].body)
        # Asked once more is the same request.
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.assertEqual(self.notices(), notice)
        # It goes to the old number, though another one stands on the account by now.
        self.consumer.with_user(self.counter).discom_whatsapp_number = f"+{PHONE}"
        self.run_lane()
        self.assertEqual(notice.phone, f"+{OLD}")
        self.assertEqual(len(self.simulator.messages(to=OLD)), 1)
        self.assertEqual(self.notices(), notice, "told already")

    def test_in_words_where_it_has_written(self):
        """Inside the window no template is needed, and the answer is in the inbox."""
        self.env["discom.whatsapp.template"].search([("purpose", "=", PURPOSE)]).status = "paused"
        self.ask("hello", phone=OLD)
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        notice = self.notices()
        self.assertFalse(notice.template_id)
        self.assertIn(f"…{self.consumer.discom_account_no[-4:]}", notice.body)
        self.run_lane()
        self.assertEqual(self.shown(OLD)["body"], notice.body)
        self.ask("I did not ask for this", phone=OLD)
        self.assertTrue(self.conversation(OLD).unread_count)

    def test_nothing_to_tell_it_with(self):
        """Without a template the staff read that they have to call."""
        self.env["discom.whatsapp.template"].search([("purpose", "=", PURPOSE)]).status = "paused"
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.assertFalse(self.notices())
        request = self.env["discom.complaint"].search([("partner_id", "=", self.consumer.id)])
        self.assertIn("Please call", request.message_ids[0].body)

    def test_replaced_by_staff(self):
        """By the counter's screen, by RPC on the consumer, in two steps, or as given up before."""
        consumer = self.consumer
        notice = self.env["discom.consent.notice"]._current("hi_IN")
        values = {"number": NEW, "lang": "hi_IN", "notice_id": notice.id, "consents": ["bills"]}
        doors = {
            "counter": lambda: self.rpc(
                self.counter, "discom.kyc.counter", "save", consumer.id, values
            ),
            "form": lambda: self.rpc(
                self.counter,
                "res.partner",
                "write",
                consumer.ids,
                {"discom_whatsapp_number": NEW},
            ),
            "taken away first": lambda: self.rpc(
                self.counter,
                "res.partner",
                "write",
                consumer.ids,
                {"discom_whatsapp_number": False},
            ),
            "called stale first": lambda: (
                consumer.with_user(self.counter).action_discom_kyc_stale(),
                consumer.with_user(self.counter).write({"discom_whatsapp_number": NEW}),
            ),
            "called stale, then by the code": lambda: (
                consumer.with_user(self.counter).action_discom_kyc_stale(),
                self.ask("KYC", consumer.discom_account_no, self.code),
            ),
            "reviewed": lambda: consumer.with_user(self.counter).action_discom_number_clear(),
        }
        for place, (door, change) in enumerate(doors.items()):
            phone = f"91941539990{place}"
            consumer.discom_whatsapp_number = f"+{phone}"
            consumer._discom_prove_number("test")
            with self.subTest(door):
                change()
                self.assertNotEqual(consumer.discom_whatsapp_number, f"+{phone}")
                self.assertEqual(len(self.notices(phone)), 1)
                self.assertEqual(self.notices(phone).partner_id, consumer)

    def test_who_is_told_nothing(self):
        """A number that nobody has proved, an agent's, one that let the account go itself, one that
        is dead, and one that has stopped all messages."""
        consumer = self.consumer.with_user(self.counter)
        consumer.discom_whatsapp_number = f"+{OLD}"
        for state in ("captured", "bounced"):
            self.consumer.write({"discom_whatsapp_number": f"+{OLD}", "discom_kyc_state": state})
            consumer.discom_whatsapp_number = NEW
        self.consumer.write({"discom_whatsapp_number": f"+{OLD}", "discom_kyc_state": "verified"})
        self.env["res.partner"]._discom_grow_old(self.consumer.ids, 24)
        consumer.discom_whatsapp_number = NEW
        self.consumer.write({"discom_whatsapp_number": f"+{OLD}", "discom_kyc_state": "verified"})
        self.consumer._discom_record_consent("withdrawn", ["bills", "outages", "dues"], "whatsapp")
        consumer.discom_whatsapp_number = NEW
        self.assertFalse(self.notices())
        self.consumer._discom_record_consent("given", ["bills"], "counter", notice_version="1",
                                             notice_lang="hi_IN")  # fmt: skip
        self.consumer.write({"discom_whatsapp_number": f"+{OLD}", "discom_kyc_state": "verified"})
        self.ask("not my account", phone=OLD)
        self.assertFalse(self.consumer.discom_whatsapp_number)
        self.assertFalse(self.notices())
        self.consumer.write({"discom_whatsapp_number": f"+{OLD}", "discom_kyc_state": "verified"})
        self.consumer.with_user(self.manager).action_discom_number_agent()
        self.assertFalse(self.consumer.discom_whatsapp_number)
        self.assertFalse(self.notices())

    def test_once_a_day(self):
        """Going to and fro writes no second message; the next day it does."""
        consumer = self.consumer.with_user(self.counter)
        for _again in range(3):
            consumer.discom_whatsapp_number = NEW
            self.consumer.write(
                {"discom_whatsapp_number": f"+{OLD}", "discom_kyc_state": "verified"}
            )
        self.assertEqual(len(self.notices()), 1)
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - ONCE - timedelta(minutes=1), self.notices().id],
        )
        self.env.invalidate_all()
        consumer.discom_whatsapp_number = NEW
        self.assertEqual(len(self.notices()), 2)

    def test_many_accounts_of_one_number(self):
        """Changed together, one message tells it, in a few statements however many they are."""
        family = self.env["res.partner"]
        for _index in range(4):
            family |= self.create_consumer(discom_whatsapp_number=f"+{OLD}")
        family._discom_prove_number("test")
        before = self.cr.sql_log_count
        family[:1]._discom_tell_replaced({family[0].id: ("+919415399991", "verified")})
        one = self.cr.sql_log_count - before
        had = {consumer.id: (f"+{OLD}", "verified") for consumer in family}
        before = self.cr.sql_log_count
        told = family._discom_tell_replaced(had)
        self.assertLessEqual(self.cr.sql_log_count - before, one + 3)
        self.assertEqual(told, family)
        self.assertEqual(len(self.notices()), 1)

    def test_number_of_another_office_is_not_told_by_hand(self):
        """The message follows from the change alone: nobody sends it by RPC."""
        for method in ("_discom_tell_replaced", "_discom_kyc_changed"):
            with self.subTest(method), self.assertRaises(Fault), mute_logger("odoo.http"):
                self.rpc(self.counter, "res.partner", method, {})

    def test_amount_does_not_take_a_number_in_use_away(self):
        """Not one that staff have taken either, though nobody has proved it; the code of a bill
        does, which whoever typed the number had not."""
        self.consumer.discom_whatsapp_number = "+919415399998"
        self.assertEqual(self.consumer.discom_kyc_state, "captured")
        asked = self.ask("KYC", self.consumer.discom_account_no)
        self.assertNotIn("रकम", asked)
        self.assertIn("मेल नहीं", self.ask("1250.50"))
        self.assertEqual(self.consumer.discom_whatsapp_number, "+919415399998")
        self.ask(self.code)
        self.assertEqual(self.consumer.discom_whatsapp_number, f"+{PHONE}")
        self.assertEqual(self.consumer.discom_kyc_state, "verified")


@tagged("post_install", "-at_install")
class TestKycTakeoverImport(ImportCommon):
    def test_replaced_by_a_file(self):
        """Files are a way of the staff as well; only proved numbers hear of them."""
        account = self.env["discom.whatsapp.account"]
        account.search([]).action_archive()
        account = account.create(
            {
                "name": "Number of the test",
                "phone_number_id": "990021",
                "waba_id": "990022",
                "access_token": "x",
                "app_secret": "x",
                "state": "connected",
            }
        )
        blueprints = self.env["discom.whatsapp.template"].search(
            [("account_id", "=", False), ("purpose", "=", PURPOSE)]
        )
        blueprints.copy({"account_id": account.id}).status = "approved"
        proved, captured, same = (
            self.create_consumer(discom_whatsapp_number=f"+91941539998{index}")
            for index in range(3)
        )
        (proved | same)._discom_prove_number("test")
        today = proved._discom_today()
        rows = ["account_no,whatsapp_number,taken_on"]
        numbers = ("9415300081", "9415300082", "9415399982")
        for consumer, number in zip((proved, captured, same), numbers, strict=True):
            rows.append(f"{consumer.discom_account_no},{number},{today}")
        self.run_import("kyc", rows, user=self.clerk)
        self.assertEqual(proved.discom_whatsapp_number, "+919415300081")
        messages = self.env["discom.whatsapp.message"].search([("purpose", "=", PURPOSE)])
        self.assertRecordValues(
            messages, [{"phone": "+919415399980", "partner_id": proved.id, "state": "queued"}]
        )
