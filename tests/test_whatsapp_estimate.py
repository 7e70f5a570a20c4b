from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common_whatsapp import WhatsappCommon

NIGHT = datetime(2026, 11, 26, 18, 30)  # midnight in India
DAY = datetime(2026, 11, 26, 6, 30)  # noon in India
COMBINED_BODY = (
    "नमस्ते {{name}} जी, {{office}} से इस नंबर पर दर्ज {{account_count}} खातों के बिल तैयार हैं: "
    "{{accounts}} और कुल देय राशि {{total}} है। धन्यवाद।"
)


@tagged("post_install", "-at_install")
class TestWhatsappEstimate(WhatsappCommon):
    """Cost, time, quiet hours, tests to oneself, and one message for several connections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bills = cls.create_bill() | cls.create_bill()
        cls.rates = cls.env["discom.whatsapp.rate"]

    # === COST === #

    def test_cost_comes_from_the_dated_rate_with_its_source(self):
        composer = self.compose(self.bills)
        self.assertAlmostEqual(composer.cost, 2 * 0.115 * 1.18, places=2)
        self.assertIn("2", composer.cost_summary)
        self.assertIn("18 % GST", composer.cost_summary)
        self.assertIn("resellers", composer.cost_source)
        self.assertIn("Not compared", composer.cost_source)
        rate = self.rates._for("UTILITY")
        self.assertTrue(rate.unverified)
        self.rates.create(
            {
                "category": "utility",
                "price": 0.2,
                "tax_percent": 0,
                "valid_from": fields.Date.today(),
                "source": "Rate card of Meta",
                "unverified": False,
            }
        )
        composer = self.compose(self.bills)
        self.assertAlmostEqual(composer.cost, 0.4)
        self.assertNotIn("Not compared", composer.cost_source)
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        self.assertAlmostEqual(broadcast.estimated_cost, 0.4)

    def test_no_rate_is_said(self):
        self.rates.search([]).unlink()
        composer = self.compose(self.bills)
        self.assertEqual(composer.cost_summary, "Not known")
        self.assertFalse(composer.problem)

    def test_rates_are_checked(self):
        with self.assertRaises(ValidationError):
            self.rates.create(
                {
                    "category": "service",
                    "price": 1,
                    "valid_from": "2026-05-01",
                    "valid_to": "2026-04-01",
                    "source": "x",
                }
            )
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                self.rates.with_user(user)._for("utility").price = 0

    def test_real_cost_from_the_reports(self):
        broadcast = self.send(self.bills)
        self.run_lane()
        messages = self.messages(broadcast)
        self.assertEqual(broadcast.cost, 0)
        self.statuses(messages[0], "delivered", category="utility")
        # What was sent and not delivered is not billed; another category has another price.
        self.statuses(messages[1], "sent", category="marketing")
        broadcast.invalidate_recordset()
        self.assertAlmostEqual(broadcast.cost, 0.115 * 1.18, places=2)
        self.statuses(messages[1], "read", category="marketing")
        broadcast.invalidate_recordset()
        self.assertAlmostEqual(broadcast.cost, (0.115 + 0.8631) * 1.18, places=2)

    def test_time_needed(self):
        self.account.write({"daily_limit": 1, "rate_limit": 1})
        self.assertIn("2 days at 1 a day", self.compose(self.bills).duration_summary)
        self.account.daily_limit = 0
        self.assertEqual(self.compose(self.bills).duration_summary, "less than a minute")

    def test_time_needed_beside_what_the_day_has_seen(self):
        """Whom the number has written to today, and what waits already, goes off the limit."""
        self.account.write({"daily_limit": 3, "rate_limit": 1})
        self.assertEqual(self.compose(self.bills).duration_summary, "less than a minute")
        recipients = self.env["discom.whatsapp.recipient"]
        portfolio, now = self.account._portfolio(), fields.Datetime.now()
        recipients._count(portfolio, self.account.id, {"+919415099001", "+919415099002"}, now)
        composer = self.compose(self.bills)
        self.assertEqual(
            composer.duration_summary, "2 days at 3 a day, of which 1 are still free today"
        )
        composer.send_at = now + timedelta(hours=25)
        self.assertEqual(composer.duration_summary, "less than a minute", "tomorrow it is free")
        self.send(self.create_bill())
        self.assertIn("2 days at 3 a day, of which 0", self.compose(self.bills).duration_summary)

    # === QUIET HOURS === #

    def at(self, moment):
        """Let the account think it is ``moment`` (UTC)."""
        real = type(self.account)._quiet_until
        return patch.object(
            type(self.account), "_quiet_until", lambda account, at=None: real(account, moment)
        )

    def test_quiet_hours_end(self):
        account = self.account
        account.write({"quiet_from": 20, "quiet_to": 8})
        self.assertEqual(account._quiet_until(NIGHT), datetime(2026, 11, 27, 2, 30))
        self.assertEqual(
            account._quiet_until(NIGHT + timedelta(hours=3)), datetime(2026, 11, 27, 2, 30)
        )
        self.assertFalse(account._quiet_until(DAY))
        self.assertFalse(account._quiet_until(datetime(2026, 11, 27, 2, 30)))
        account.write({"quiet_from": 12, "quiet_to": 14})
        self.assertEqual(account._quiet_until(DAY), datetime(2026, 11, 26, 8, 30))
        account.write({"quiet_from": 0, "quiet_to": 0})
        self.assertFalse(account._quiet_until(NIGHT))
        with self.assertRaises(ValidationError):
            account.quiet_from = 25

    def test_bills_wait_for_the_morning(self):
        self.account.write({"quiet_from": 20, "quiet_to": 8})
        with self.at(NIGHT):
            self.assertIn("after the quiet hours", self.compose(self.bills).start_summary)
            broadcast = self.send(self.bills)
            self.run_lane()
            self.assertEqual(set(self.messages(broadcast).mapped("state")), {"queued"})
            self.assertIn("08:00", broadcast.wait_reason)
        with self.at(DAY):
            self.run_lane()
            # Nothing is left to wait for, and nothing is said: neither a reason nor 0.
            broadcast.invalidate_recordset()
            self.assertEqual((broadcast.queued_count, broadcast.wait_reason), (0, False))
        self.assertEqual(set(self.messages(broadcast).mapped("state")), {"accepted"})

    def test_outages_leave_at_night(self):
        self.account.write({"quiet_from": 20, "quiet_to": 8})
        broadcast = self.send(self.bills)
        urgent, other = self.messages(broadcast)
        urgent.priority = 10
        with self.at(NIGHT):
            self.run_lane()
        self.assertEqual((urgent.state, other.state), ("accepted", "queued"))

    # === TEMPLATE THAT DRIFTED === #

    def test_dearer_category_stops_the_queue(self):
        self.template.submitted_category = "UTILITY"
        broadcast = self.send(self.bills)
        self.template.with_context(whatsapp_from_meta=True).category = "MARKETING"
        self.run_lane()
        self.assertEqual(set(self.messages(broadcast).mapped("state")), {"queued"})
        self.assertEqual(self.simulator.state()["accepted"], 0)
        self.assertIn("not approved in its category", broadcast.wait_reason)
        self.template.with_context(whatsapp_from_meta=True).category = "UTILITY"
        self.run_lane()
        self.assertEqual(set(self.messages(broadcast).mapped("state")), {"accepted"})

    # === TEST TO ONESELF === #

    def test_a_test_goes_to_the_own_number_alone(self):
        self.clerk.partner_id.phone = "94150 77777"
        composer = self.compose(self.bills)
        composer.action_send_test()
        self.run_lane()
        sent = self.simulator.messages()
        self.assertEqual([message["to"] for message in sent], ["919415077777"])
        self.assertIn("₹500", sent[0]["body"])
        message = self.env["discom.whatsapp.message"].search([("purpose", "=", "test")])
        self.assertEqual((message.state, len(message)), ("accepted", 1))
        self.assertFalse(message.partner_id)
        # No consumer, no statistics and no repetition knows of it.
        self.assertEqual(self.bills.mapped("whatsapp_state"), [False, False])
        self.assertEqual(sum(self.bills.mapped("whatsapp_message_count")), 0)
        self.assertFalse(self.bills.search([("whatsapp_state", "=", "accepted")]) & self.bills)
        self.assertEqual(self.compose(self.bills).send_count, 2)
        broadcast = self.send(self.bills)
        self.assertEqual(broadcast.queued_count, 2)

    def test_a_test_needs_the_own_number(self):
        for phone in (False, "05444 222222"):
            self.clerk.partner_id.phone = phone
            with self.subTest(phone), self.assertRaisesRegex(UserError, "My Preferences"):
                self.compose(self.bills).action_send_test()
        self.assertFalse(self.env["discom.whatsapp.message"].search([("purpose", "=", "test")]))

    def test_a_test_with_the_rights_of_sending(self):
        composer = self.compose(self.bills)
        with self.assertRaises(AccessError):
            composer.with_user(self.auditor).action_send_test()

    # === SEVERAL CONNECTIONS ON ONE NUMBER === #

    def family(self):
        """Three bills on one number and one on another, with a template for it."""
        self.create_template("bill_several", "bill", COMBINED_BODY, combined=True)
        bills = self.bills | self.create_bill() | self.create_bill()
        bills[:3].partner_id.discom_whatsapp_number = "+919415099999"
        return bills

    def test_without_a_template_it_is_not_offered(self):
        self.assertFalse(self.compose(self.bills).can_combine)

    def test_one_message_lists_all_connections(self):
        bills = self.family()
        composer = self.compose(bills)
        self.assertTrue(composer.can_combine)
        self.assertFalse(composer.combine)
        self.assertEqual(composer.send_count, 4)
        composer.combine = True
        self.assertEqual(composer.send_count, 2)
        self.assertEqual({s.reason: s.count for s in composer.skip_ids}, {"combined": 2})
        self.assertIn("₹1,500", composer.preview)
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        messages = self.messages(broadcast)
        self.assertEqual(
            sorted(messages.mapped("state")), ["queued", "queued", "skipped", "skipped"]
        )
        about = messages.filtered(lambda m: m.template_id.combined)
        self.assertEqual(len(about), 1)
        for bill in bills[:3]:
            self.assertIn(bill.partner_id.discom_account_no[-4:], about.text)
        self.assertIn("₹1,500.00", about.text)
        self.assertEqual(about.values["account_count"], "3")
        self.run_lane()
        self.assertEqual(len(self.simulator.messages(to="919415099999")), 1)
        # A second sending finds that all of them were told.
        again = self.compose(bills, combine=True)
        self.assertEqual({s.reason: s.count for s in again.skip_ids}, {"duplicate": 4})

    def test_the_number_decides_by_its_own_setting(self):
        bills = self.family()
        self.account.combine_default = True
        self.assertEqual(self.compose(bills).send_count, 2)

    def test_combined_in_batches(self):
        """Who carries the message is the same whatever the size of the batches."""
        bills = self.family()
        with patch("odoo.addons.discom.models.whatsapp_broadcast.PLAN_SIZE", 1):
            broadcast = self.send(bills, combine=True)
        messages = self.messages(broadcast)
        self.assertEqual(len(messages.filtered(lambda m: m.state == "queued")), 2)
        self.assertEqual(set(messages.mapped("skip_reason")) - {False}, {"combined"})

    def test_large_audience_is_worked_out_once_a_run(self):
        """Each batch would look at everybody else; nothing of it is left behind."""
        bills = self.family()
        broadcasts = self.env["discom.whatsapp.broadcast"]
        module = "odoo.addons.discom.models.whatsapp_broadcast"
        worked_out = []
        audience_sql = self.env.registry["discom.whatsapp.broadcast"]._audience_sql

        def counted(broadcast, user=None):
            worked_out.append(broadcast.id)
            return audience_sql(broadcast, user)

        with patch(f"{module}.PLAN_AT_ONCE", 0), patch(f"{module}.PLAN_SIZE", 1):
            broadcast = self.send(bills, combine=True)
            self.assertEqual(broadcast.state, "planning")
            # A run that broke has left its rows; they are out of date.
            broadcast._plan_batch()
            self.assertTrue(broadcasts._audiences())
            self.patch(self.env.registry["discom.whatsapp.broadcast"], "_audience_sql", counted)
            self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual(worked_out, [broadcast.id])
        self.assertFalse(broadcasts._audiences())
        messages = self.messages(broadcast)
        self.assertEqual(len(messages), len(bills))
        self.assertEqual(len(messages.filtered(lambda m: m.state == "queued")), 2)
        self.assertEqual(broadcast.state, "sending")

    def test_many_connections_fit_the_text(self):
        from ..models.whatsapp_combine import ACCOUNTS_LENGTH, _list_accounts

        text = _list_accounts([f"…{i:04d} ₹1,240.00" for i in range(100)], "hi_IN")
        self.assertLess(len(text), ACCOUNTS_LENGTH + 20)
        self.assertRegex(text, r"और \d+ अन्य$")

    # === PROGRESS === #

    def test_reasons_lead_to_their_messages(self):
        unreachable = self.create_bill(self.create_ready_consumer(discom_whatsapp_number=False))
        self.simulator.set_faults([{"code": 131026, "count": 1}])
        broadcast = self.send(self.bills | unreachable)
        self.run_lane()
        broadcast.invalidate_recordset()
        found = {(r["kind"], r["value"]): r for r in broadcast.reasons}
        self.assertEqual(found["skip_reason", "no_number"]["count"], 1)
        self.assertEqual(found["error_code", 131026]["count"], 1)
        action = broadcast.with_user(self.clerk).action_open_reason("error_code", 131026)
        messages = self.env["discom.whatsapp.message"].search(action["domain"])
        self.assertEqual(messages.mapped("state"), ["failed"])
        action = broadcast.with_user(self.clerk).action_open_reason("skip_reason", "no_number")
        messages = self.env["discom.whatsapp.message"].search(action["domain"])
        self.assertEqual(messages.res_id, unreachable.id)
        self.assertFalse(broadcast.action_open_reason("phone", "x"))

    def test_pace_and_time_left(self):
        self.simulator.set_faults([{"code": 131000, "skip": 1}])
        broadcast = self.send(self.bills)
        self.run_lane()
        broadcast.invalidate_recordset()
        self.assertTrue(broadcast.pace)
        self.assertTrue(broadcast.time_left)
        self.account.write({"state": "halted", "halt_reason": "token expired"})
        broadcast.invalidate_recordset()
        self.assertIn("token expired", broadcast.wait_reason)
