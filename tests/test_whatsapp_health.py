from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappHealth(WhatsappCommon):
    """What is not in order with a sending number, and what to do; its profile; its secrets."""

    def health(self):
        self.account.invalidate_recordset()
        return {section["key"]: section for section in self.account.with_user(self.clerk).health}

    def assertLevel(self, key, level):
        section = self.health()[key]
        self.assertEqual(section["level"], level, section)
        self.assertEqual(bool(section["advice"]), level != "green", section)

    def test_a_number_in_order(self):
        self.account.with_user(self.administrator).action_test_connection()
        self.account.webhook_last_seen = fields.Datetime.now()
        self.assertLevel("throughput", "amber")  # 500 a second, where Meta allows 80
        self.account.rate_limit = 80
        sections = self.health()
        self.assertFalse([s for s in sections.values() if s["level"] != "green"])
        self.assertEqual(self.account.health_level, "green")
        self.assertFalse(self.account.health_advice)
        self.assertEqual(self.account.billing_currency, "INR")
        self.account.throughput_level = "HIGH"
        self.assertLevel("throughput", "amber")  # Meta allows more than is used
        self.account.rate_limit = 500
        self.assertLevel("throughput", "green")

    def test_each_section(self):
        account = self.account
        account.state = "draft"
        self.assertLevel("connection", "amber")
        account.write({"state": "halted", "halt_reason": "(190) token"})
        self.assertLevel("connection", "red")
        self.assertIn("Resume sending", self.account.health_advice)
        account.state = "connected"
        account.quality = "red"
        self.assertLevel("quality", "red")
        account.quality = "yellow"
        self.assertLevel("quality", "amber")
        self.template.status = "pending"
        self.assertLevel("templates", "amber")
        self.template.status = "rejected"
        self.assertLevel("templates", "red")
        self.template.write(
            {"status": "approved", "submitted_category": "UTILITY", "category": "MARKETING"}
        )
        self.assertLevel("templates", "red")

    def test_version_ends(self):
        account, today = self.account, fields.Date.context_today(self.env.user)
        account.api_version = "v99.0"
        self.assertLevel("version", "amber")
        version = self.env["discom.whatsapp.api.version"].create(
            {"name": "v99.0", "end_date": today + timedelta(days=100), "source": "test"}
        )
        self.assertLevel("version", "green")
        version.end_date = today + timedelta(days=30)
        self.assertLevel("version", "amber")
        version.end_date = today
        self.assertLevel("version", "red")

    def test_billing_in_rupees(self):
        account, today = self.account, fields.Date.context_today(self.env.user)
        parameters = self.env["ir.config_parameter"]
        account.billing_currency = "USD"
        parameters.set_param("discom.whatsapp_inr_deadline", str(today + timedelta(days=10)))
        self.assertLevel("billing", "red")
        parameters.set_param("discom.whatsapp_inr_deadline", str(today + timedelta(days=200)))
        self.assertLevel("billing", "amber")
        account.billing_currency = "INR"
        self.assertLevel("billing", "green")

    def test_errors_limit_and_reports(self):
        now = fields.Datetime.now()
        messages = self.env["discom.whatsapp.message"].create(
            [
                {
                    "account_id": self.account.id,
                    "phone": f"+9194151{i:05d}",
                    "state": "failed" if i < 4 else "accepted",
                    "claimed_at": now - timedelta(minutes=30),
                    "wamid": f"wamid.{i}",
                }
                for i in range(40)
            ]
        )
        self.assertLevel("errors_hour", "red")
        messages[1:4].state = "accepted"
        self.assertLevel("errors_hour", "green")
        messages[1].state = "failed"
        self.assertLevel("errors_day", "amber")
        self.assertLevel("webhook", "red")
        self.account.webhook_last_seen = now
        self.assertLevel("webhook", "green")
        self.env["discom.whatsapp.recipient"].create(
            [
                {"portfolio": self.account.waba_id, "phone": message.phone, "counted_at": now}
                for message in messages
            ]
        )
        self.account.daily_limit = 45
        self.assertLevel("limit", "amber")
        self.account.daily_limit = 40
        self.assertLevel("limit", "red")

    def test_one_query_a_section_for_all_numbers(self):
        accounts = self.account
        for number in range(5):
            accounts |= self.account.copy(
                {"name": f"Copy {number}", "phone_number_id": f"10000000000010{number}"}
            )
        self.account.invalidate_model()
        self.account.mapped("health")  # what is loaded once is loaded
        self.env.flush_all()
        accounts.invalidate_recordset()
        self.account.invalidate_recordset()
        with self.assertQueryCount(9):
            accounts.mapped("health_level")

    # === PROFILE === #

    def test_profile_is_published_and_read(self):
        account = self.account.with_user(self.administrator)
        with self.assertRaisesRegex(UserError, "contact"):
            account.action_publish_profile()
        account.write(
            {
                "profile_about": "विद्युत वितरण खण्ड पिपरी",
                "profile_address": "Pipri, Sonbhadra",
                "profile_email": "ee.pipri@example.org",
                "profile_websites": "https://uppcl.org\nhttps://www.uppclonline.com",
            }
        )
        account.action_publish_profile()
        account.write({"profile_about": "typed", "profile_websites": False})
        account.action_read_profile()
        self.assertRecordValues(
            account,
            [
                {
                    "profile_about": "विद्युत वितरण खण्ड पिपरी",
                    "profile_address": "Pipri, Sonbhadra",
                    "profile_email": "ee.pipri@example.org",
                    "profile_websites": "https://uppcl.org\nhttps://www.uppclonline.com",
                }
            ],
        )
        self.assertTrue(account.profile_read_at)

    def test_profile_within_metas_limits(self):
        for vals in (
            {"profile_about": "x" * 140},
            {"profile_websites": "uppcl.org"},
            {"profile_websites": "https://a.in https://b.in https://c.in"},
        ):
            with self.subTest(vals), self.assertRaises(ValidationError):
                self.account.write(vals)
        with self.assertRaises(AccessError):
            self.account.with_user(self.manager).action_read_profile()

    # === SECRETS === #

    def test_secrets_are_not_exported_even_by_an_administrator(self):
        self.administrator.group_ids += self.env.ref("base.group_allow_export")
        account = self.account.with_user(self.administrator)
        for name in ("access_token", "app_secret", "verify_token", "webhook_key", "webhook_url"):
            with self.subTest(name), self.assertRaisesRegex(UserError, "not exported"):
                account.export_data(["name", name])
            with self.subTest(f"through a template: {name}"), self.assertRaises(UserError):
                self.template.with_user(self.administrator).export_data(
                    ["name", f"account_id/{name}"]
                )
        self.assertEqual(account.export_data(["name"])["datas"], [["Test number"]])

    def test_secrets_by_no_other_door(self):
        for user in (self.manager, self.clerk):
            account = self.account.with_user(user)
            for attempt in (
                lambda account=account: account.read(["access_token"]),
                lambda account=account: account.search([("access_token", "=like", "s%")]),
                lambda account=account: account._read_group([], ["access_token"]),
                lambda account=account: account.export_data(["access_token"]),
            ):
                with self.assertRaises(UserError):
                    attempt()
