import psycopg2
import psycopg2.errors

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import file_open, mute_logger

from .common_whatsapp import WhatsappCommon

SECRETS = ("access_token", "app_secret", "verify_token", "webhook_key", "webhook_url")


@tagged("post_install", "-at_install")
class TestWhatsappAccount(WhatsappCommon):
    def setUp(self):
        super().setUp()
        # Every connection test shall really ask the simulator.
        self.account.state = "draft"

    def test_setup_by_an_administrator(self):
        """From an empty form to a connected number, with what a person types."""
        with Form(self.env["discom.whatsapp.account"].with_user(self.administrator)) as form:
            form.name = "Second"
            form.base_url = self.simulator.url
            form.phone_number_id = "100000000000002"
            form.waba_id = self.simulator.waba_id
            form.access_token = self.simulator.token
            form.app_secret = self.simulator.app_secret
        account = form.record
        self.assertEqual(account.state, "draft")
        self.assertTrue(account.verify_token)
        self.assertIn(f"/discom/whatsapp/webhook/{account.webhook_key}", account.webhook_url)
        self.simulator.add_number(
            "100000000000002", waba_id=self.simulator.waba_id, quality_rating="YELLOW",
            messaging_limit="TIER_2K", verified_name="Vidyut Khand",
        )  # fmt: skip
        result = account.action_test_connection()
        self.assertEqual(result["params"]["type"], "success")
        self.assertRecordValues(
            account,
            [
                {
                    "state": "connected",
                    "quality": "yellow",
                    "daily_limit": 2000,
                    "verified_name": "Vidyut Khand",
                }
            ],
        )
        account.action_subscribe_webhook()

    def test_connection_errors_say_what_to_do(self):
        """Each mistake has its own advice; the account stays untested and no secret is shown."""
        cases = [
            ({"access_token": "wrong-token-123"}, "access token"),
            ({"access_token": False}, "no access token"),
            ({"phone_number_id": "123456"}, "phone number ID"),
            ({"waba_id": "123456"}, "WhatsApp Business account ID"),
            ({"base_url": "http://127.0.0.1:9"}, "does not answer"),
        ]
        before = self.account.read([field for values, _text in cases for field in values])[0]
        del before["id"]
        for values, text in cases:
            with self.subTest(text):
                self.account.write({**before, **values})
                with self.assertRaises(UserError) as caught:
                    self.account.action_test_connection()
                self.assertIn(text, str(caught.exception))
                self.assertNotIn("wrong-token-123", str(caught.exception))
                self.assertNotIn(self.simulator.app_secret, str(caught.exception))
                self.assertEqual(self.account.state, "draft")

    def test_number_of_another_business_account(self):
        """Both IDs exist, but do not belong together."""
        self.simulator.add_number("100000000000003", waba_id="200000000000002")
        self.account.waba_id = "200000000000002"
        with self.assertRaisesRegex(UserError, "does not belong"):
            self.account.action_test_connection()

    def test_server_error_is_explained(self):
        """An answer that is not JSON and an error of Meta's are told in words."""
        for fault, text in [
            ({"kind": "garbage"}, "JSON"),
            ({"code": 131042, "details": "Payment method missing"}, "Payment method missing"),
            ({"code": 10}, "permission"),
        ]:
            with self.subTest(text):
                self.simulator.set_faults([{"endpoint": "*", **fault}])
                with self.assertRaisesRegex(UserError, text):
                    self.account.action_test_connection()
        self.simulator.set_faults([])

    def test_errors_hide_secrets(self):
        """Even if a server repeats the token, the person does not see it."""
        self.simulator.set_faults(
            [{"endpoint": "*", "code": 131000, "details": f"bad {self.simulator.token}"}]
        )
        with self.assertRaises(UserError) as caught:
            self.account.action_test_connection()
        self.assertIn("bad", str(caught.exception))
        self.assertNotIn(self.simulator.token, str(caught.exception))

    def test_secrets_are_for_administrators(self):
        """Staff read the number but none of its secrets, by no door."""
        for user in (self.clerk, self.manager, self.auditor):
            account = self.account.with_user(user)
            self.assertEqual(account.read(["name"])[0]["name"], self.account.name)
            for name in SECRETS:
                with self.subTest(user=user.login, field=name):
                    with self.assertRaises(AccessError):
                        account.read([name])
                    with self.assertRaises(AccessError):
                        account.search([(name, "like", "a")])
                    with self.assertRaises(UserError):
                        account.export_data([name])
                    self.assertNotIn(name, account.fields_get())
        administrator = self.account.with_user(self.administrator)
        self.assertEqual(administrator.access_token, self.simulator.token)
        offered = administrator.fields_get(SECRETS, ["exportable"])
        for name in ("access_token", "app_secret", "verify_token", "webhook_key"):
            self.assertFalse(offered[name]["exportable"])
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                self.account.with_user(user).write({"name": "Mine"})

    def test_secrets_are_not_tracked_or_copied(self):
        """Neither the chatter nor a copy carries them on."""
        self.account.with_context(tracking_disable=False).access_token = "EAAnew-token"
        self.env.flush_all()
        self.assertNotIn("EAAnew-token", " ".join(self.account.message_ids.mapped("body")))
        copy = self.account.copy({"phone_number_id": "55"})
        self.assertFalse(copy.access_token or copy.app_secret)
        self.assertNotIn(self.account.webhook_key, (False, copy.webhook_key))
        self.assertNotIn(self.account.verify_token, (False, copy.verify_token))

    def test_secrets_are_not_logged(self):
        """The server logs a statement that fails with its values; no secret is among them."""
        token = "EAAsecret-of-a-test"
        values = {"name": "Twice", "waba_id": "1", "access_token": token, "app_secret": token}
        for mistake in (
            lambda: self.account.create(values | {"phone_number_id": self.account.phone_number_id}),
            lambda: self.account.create(values | {"phone_number_id": "2", "rate_limit": 0}),
            lambda: self.account.write({"access_token": token, "rate_limit": 0}),
            lambda: self.account.write({"verify_token": token, "settle_minutes": -1}),
        ):
            with (
                self.assertLogs("odoo.sql_db", "ERROR") as logs,
                self.assertRaises(psycopg2.IntegrityError) as caught,
                self.cr.savepoint(),
            ):
                mistake()
                self.env.flush_all()
            self.assertNotIn(token, "".join(logs.output) + str(caught.exception))

    def test_new_credentials_need_a_new_test(self):
        """A connected number with another token does not send before it was tested."""
        self.account.action_test_connection()
        self.assertEqual(self.account.state, "connected")
        self.account.access_token = self.simulator.token
        self.assertEqual(self.account.state, "connected", "nothing changed")
        self.account.rate_limit = 20
        self.assertEqual(self.account.state, "connected")
        self.account.access_token = "another"
        self.assertEqual(self.account.state, "draft")

    def test_halt_and_resume(self):
        """Resuming tests the connection first; with the fault still there nothing goes on."""
        self.account.action_test_connection()
        with self.assertRaises(UserError):
            self.account.action_resume()
        self.account.with_user(self.administrator).action_halt()
        self.assertEqual(self.account.state, "halted")
        self.assertIn(self.administrator.name, self.account.halt_reason)
        token = self.account.access_token
        self.account.access_token = "expired"
        with self.assertRaisesRegex(UserError, "access token"):
            self.account.action_resume()
        self.assertEqual(self.account.state, "halted")
        self.account.access_token = token
        self.env["ir.cron.trigger"].search([("cron_id", "=", self.account.cron_id.id)]).unlink()
        self.account.with_user(self.administrator).action_resume()
        self.assertRecordValues(self.account, [{"state": "connected", "halt_reason": False}])
        self.assertTrue(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.account.cron_id.id)])
        )

    def test_lane_lives_and_dies_with_the_account(self):
        """One scheduled action per number: created, named, archived and deleted with it."""
        account = (
            self.env["discom.whatsapp.account"]
            .with_user(self.administrator)
            .create({"name": "Lane", "phone_number_id": "77", "waba_id": "78"})
        )
        cron = account.sudo().cron_id
        self.assertRecordValues(
            cron,
            [
                {
                    "active": True,
                    "code": f"model._cron_send({account.id})",
                    "interval_type": "minutes",
                    "user_id": self.env.ref("base.user_root").id,
                }
            ],
        )
        self.assertEqual(cron.model_id.model, "discom.whatsapp.account")
        account.name = "Renamed"
        self.assertIn("Renamed", cron.name)
        account.action_archive()
        self.assertFalse(cron.active)
        account.action_unarchive()
        self.assertTrue(cron.active)
        action = cron.ir_actions_server_id
        account.unlink()
        self.assertFalse(cron.exists() or action.exists())

    def test_bad_settings_are_refused(self):
        """Mistakes a person makes while typing."""
        for values in [
            {"base_url": "graph.facebook.com"},
            {"base_url": "http://graph.facebook.com"},
            {"base_url": "ftp://graph.facebook.com"},
            {"api_version": "25"},
            {"api_version": "v25.0/x"},
            {"phone_number_id": "+91 54442 10001"},
            {"waba_id": "../me"},
            {"app_id": "१२३"},
        ]:
            with self.subTest(values), self.assertRaises(ValidationError):
                self.account.write(values)
        for values in [{"rate_limit": 0}, {"rate_limit": 5000}, {"daily_limit": -1}]:
            with (
                self.subTest(values),
                self.assertRaises(psycopg2.errors.CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.account.write(values)
                self.env.flush_all()

    def test_a_number_is_set_up_once(self):
        """Two accounts for one number would double its limits."""
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.account.copy({"phone_number_id": self.account.phone_number_id})

    def test_own_daily_limit_stays_when_lower(self):
        """Meta's limit caps ours and never raises it."""
        self.simulator.settings(daily_limit=10000)
        for own, expected in [(0, 10000), (500, 500), (50000, 10000)]:
            with self.subTest(own):
                self.account.daily_limit = own
                self.account.action_test_connection()
                self.assertEqual(self.account.daily_limit, expected)

    def test_limit_follows_meta_up_and_down(self):
        """A number grows from level to level; only a limit that somebody lowered stays."""
        for level, told in [(2000, 2000), (10000, 10000), (100000, 100000), (0, 0), (10000, 10000)]:
            with self.subTest(level):
                self.simulator.settings(daily_limit=level)
                self.account.action_test_connection()
                self.assertEqual(self.account.daily_limit, told)
        self.account.daily_limit = 4000
        self.simulator.settings(daily_limit=100000)
        self.account.action_test_connection()
        self.assertEqual(self.account.daily_limit, 4000, "somebody wants less")
        self.simulator.settings(daily_limit=2000)
        self.account.action_test_connection()
        self.assertEqual(self.account.daily_limit, 2000)
        self.simulator.settings(daily_limit=10000)
        self.account.action_test_connection()
        self.assertEqual(self.account.daily_limit, 10000)

    def test_neutralised_copy_cannot_send(self):
        """``odoo neutralize`` leaves no credential, no lane and nothing queued."""
        self.account.state = "connected"
        states = {"queued": "cancelled", "in_flight": "cancelled", "unknown": "cancelled",
                  "read": "read", "failed": "failed"}  # fmt: skip
        messages = self.env["discom.whatsapp.message"].create(
            [
                {
                    "account_id": self.account.id,
                    "phone": "+919415000001",
                    "body": "x",
                    "state": state,
                }
                for state in states
            ]
        )
        self.env.flush_all()
        with file_open("discom/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(messages.mapped("state"), list(states.values()))
        accounts = self.env["discom.whatsapp.account"].with_context(active_test=False).search([])
        for account in accounts:
            self.assertFalse(account.access_token or account.app_secret or account.verify_token)
            self.assertEqual(account.state, "halted")
            self.assertFalse(account.cron_id.active)
        with self.assertRaises(UserError):
            self.account.action_resume()
        self.run_lane()
        self.assertEqual(self.simulator.state()["accepted"], 0)
