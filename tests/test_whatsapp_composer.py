from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappComposer(WhatsappCommon):
    """The composer says what will happen, and the broadcast does just that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reached = cls.create_bill()
        cls.no_number = cls.create_bill(cls.create_ready_consumer(discom_whatsapp_number=False))
        cls.never_asked = cls.create_bill(cls.create_consumer())
        withdrawn = cls.create_ready_consumer()
        withdrawn._discom_record_consent("withdrawn", ["bills"], "counter")
        cls.withdrawn = cls.create_bill(withdrawn)
        cls.bounced = cls.create_bill(cls.create_ready_consumer(discom_kyc_state="bounced"))
        cls.bills = cls.reached | cls.no_number | cls.never_asked | cls.withdrawn | cls.bounced

    def reasons(self, composer):
        return {skip.reason: skip.count for skip in composer.skip_ids}

    def test_counts_and_reasons(self):
        composer = self.compose(self.bills)
        self.assertEqual((composer.send_count, composer.skip_count), (1, 4))
        self.assertEqual(
            self.reasons(composer),
            {"no_number": 1, "no_consent": 1, "opted_out": 1, "not_on_whatsapp": 1},
        )
        self.assertFalse(composer.problem)

    def test_list_behind_a_reason(self):
        composer = self.compose(self.bills)
        skip = composer.skip_ids.filtered(lambda s: s.reason == "opted_out")
        action = skip.action_open_partners()
        partners = self.env["res.partner"]
        self.assertEqual(partners.search(action["domain"]), self.withdrawn.partner_id)
        own = self.compose(self.bills, user=self.clerk)
        for skip in own.skip_ids:
            domain = skip.with_user(self.clerk).action_open_partners()["domain"]
            self.assertEqual(partners.with_user(self.clerk).search_count(domain), skip.count)
            with self.assertRaises(AccessError):
                partners.with_user(self.clerk_b).search_count(domain)
        # An hour later the dialog is gone.
        domain = own.skip_ids[0].action_open_partners()["domain"]
        own.unlink()
        self.assertFalse(partners.search(domain))

    def test_samples(self):
        """Of two languages both are shown, and the document by its real name."""
        english = self.create_template(
            self.template.name, "bill", "Dear {{name}}, your bill is ready.", lang="en_IN"
        )
        self.template.header_type = "document"
        bills = self.create_bill()
        for lang in ("hi_IN", "hi_IN", "hi_IN", "en_IN"):
            consumer = self.create_ready_consumer()
            consumer.lang = lang
            bills |= self.create_bill(consumer)
        composer = self.compose(bills)
        rows = composer._sample_rows()
        self.assertEqual(len(rows), 3)
        self.assertEqual({row["lang"] for row in rows}, {"hi_IN", "en_IN"})
        self.assertIn("Dear", composer.preview)
        self.assertEqual(composer.language_summary, "Hindi: 4, English: 1")
        self.assertFalse(composer.warning)
        bill = self.env["discom.bill"].browse(rows[0]["res_id"])
        self.assertIn(bill._whatsapp_document("hi_IN")[bill.id][0], composer.preview)
        # Who reads English would get Hindi without a word.
        english.status = "paused"
        composer = self.compose(bills)
        self.assertEqual(composer.language_summary, "Hindi: 5")
        self.assertRegex(composer.warning, "cannot be sent in English now")

    def test_what_was_shown_is_what_happens(self):
        broadcast = self.send(self.bills)
        messages = self.messages(broadcast)
        states = {m.res_id: (m.state, m.skip_reason) for m in messages}
        self.assertEqual(
            states,
            {
                self.reached.id: ("queued", False),
                self.no_number.id: ("skipped", "no_number"),
                self.never_asked.id: ("skipped", "no_consent"),
                self.withdrawn.id: ("skipped", "opted_out"),
                self.bounced.id: ("skipped", "not_on_whatsapp"),
            },
        )
        self.assertEqual(broadcast.total_count, 5)
        self.assertEqual(broadcast.skipped_count, 4)
        self.assertEqual(broadcast.user_id, self.clerk)

    def test_values_are_frozen_when_queued(self):
        message = self.messages(self.send(self.reached))
        self.assertIn("₹500", message.text)
        self.reached.partner_id.discom_name_hi = "कोई और"
        self.assertNotIn("कोई और", message.text)
        self.assertNotIn("{{", message.text)

    def test_preview_shows_the_real_text(self):
        composer = self.compose(self.reached)
        self.assertIn("₹500", composer.preview)
        self.assertIn(self.reached.partner_id.discom_name_hi, composer.preview)

    def test_the_division_signs(self):
        self.division_a.name_hi = "खण्ड अ"
        message = self.messages(self.send(self.reached))
        self.assertEqual(self.reached.partner_id.discom_office_id, self.subdivision_a1)
        self.assertEqual(message.values["office"], "खण्ड अ")

    def test_preview_escapes_names(self):
        self.reached.partner_id.discom_name_hi = "<script>alert(1)</script>"
        self.assertNotIn("<script", self.compose(self.reached).preview)

    def test_second_sending_skips_who_already_has_it(self):
        self.send(self.bills)
        composer = self.compose(self.bills)
        self.assertEqual(composer.send_count, 0)
        self.assertEqual(self.reasons(composer)["duplicate"], 1)
        self.assertTrue(composer.problem)
        with self.assertRaises(UserError):
            composer.action_send()

    def test_repeat_is_a_choice(self):
        self.send(self.bills)
        self.assertEqual(self.compose(self.bills, resend=True).send_count, 1)

    def test_language_of_the_consumer_else_hindi(self):
        english = self.create_template(
            "bill_test", "bill", "Dear {{name}}, your bill is {{amount}}. Thank you.", "en_IN"
        )
        self.reached.partner_id.lang = "en_IN"
        hindi_reader = self.create_bill()
        broadcast = self.send(self.reached | hindi_reader)
        by_bill = {m.res_id: m for m in self.messages(broadcast)}
        self.assertEqual(by_bill[self.reached.id].template_id, english)
        self.assertEqual(by_bill[hindi_reader.id].template_id, self.template)
        english.status = "paused"
        message = self.messages(self.send(self.reached, resend=True))
        self.assertEqual(message.template_id, self.template)

    def test_select_all_means_the_domain_of_the_list(self):
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", 2)
        handed_over = self.bills[:2].with_context(
            active_domain=[("id", "in", self.bills.ids)], active_model="discom.bill"
        )
        self.assertEqual(self.compose(handed_over).total_count, 5)

    def test_some_selected_means_just_those(self):
        handed_over = self.reached.with_context(active_domain=[("id", "in", self.bills.ids)])
        self.assertEqual(self.compose(handed_over).total_count, 1)

    def test_large_audiences_are_planned_in_the_background_and_resumed(self):
        bills = self.bills
        for _number in range(7):
            bills |= self.create_bill()
        module = "odoo.addons.discom.models.whatsapp_broadcast"
        with patch(f"{module}.PLAN_AT_ONCE", 3), patch(f"{module}.PLAN_SIZE", 4):
            broadcast = self.send(bills)
            self.assertEqual(broadcast.state, "planning")
            self.assertFalse(self.messages(broadcast))
            broadcast._plan_batch()
            self.assertEqual(len(self.messages(broadcast)), 4)
            self.assertEqual(round(broadcast.planned_share), 33)
            self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        messages = self.messages(broadcast)
        self.assertEqual(len(messages), 12)
        self.assertEqual(len(set(messages.mapped("res_id"))), 12)
        self.assertEqual(broadcast.state, "sending")

    def test_no_account(self):
        self.account.action_archive()
        composer = self.compose(self.bills)
        self.assertIn("No sending number", composer.problem)

    def test_template_not_approved(self):
        self.template.status = "rejected"
        composer = self.compose(self.bills)
        self.assertIn("no approved template", composer.problem)
        self.assertEqual(self.reasons(composer)["no_template"], 1)

    def test_template_that_drifted_to_a_dearer_category(self):
        self.template.write({"submitted_category": "UTILITY", "category": "MARKETING"})
        self.assertIn("no approved template", self.compose(self.bills).problem)

    def test_halted_account_warns_and_the_messages_wait(self):
        self.account.write({"state": "halted", "halt_reason": "token expired"})
        composer = self.compose(self.bills)
        self.assertIn("token expired", composer.warning)
        composer.action_send()
        self.run_lane()
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_only_who_may_edit_the_document_may_send_it(self):
        for user in (self.auditor, self.counter, self.surveyor):
            with self.assertRaises(AccessError):
                self.compose(self.bills, user=user)

    def test_clerk_of_another_division_sees_nobody(self):
        with self.assertRaises(UserError):
            self.compose(self.bills, user=self.clerk_b)

    def test_domain_cannot_reach_beyond_the_own_office(self):
        other = self.create_bill(
            self.create_ready_consumer(
                discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
            )
        )
        composer = self.compose(self.reached)
        composer.res_domain = "[]"
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        self.assertNotIn(other.id, self.messages(broadcast).mapped("res_id"))

    def test_domain_is_data_and_never_code(self):
        composer = self.compose(self.reached)
        with self.assertRaisesRegex(UserError, "cannot be read"):
            composer.res_domain = "__import__('os').getcwd()"
            composer.action_send()

    def test_malformed_domains_are_told_so(self):
        """By RPC a selection may be anything; the answer says what is wrong with it."""
        composers = self.env["discom.whatsapp.composer"].with_user(self.clerk)
        for domain in (
            *("", "[", "5", "[('id', 'in')]", "[('id', '=', 1, 2)]", "{'id': 1}", "['&']"),
            *("[('no_such_field', '=', 1)]", "[('id', 'reaches', 1)]", "[('id', 'in', ['x'])]"),
            "[('partner_id.no_such_field', '=', 1)]",
            "(" * 5000,
        ):
            with self.subTest(domain=domain[:40]), mute_logger("odoo.sql_db"):
                with self.assertRaisesRegex(UserError, "cannot be read"):
                    composers.create(
                        {"res_model": "discom.bill", "res_domain": domain, "purpose": "bill"}
                    )
        for vals, reason in (({"res_model": "res.users"}, "cannot be sent"),
                             ({"purpose": "receipt"}, "no message of this kind")):  # fmt: skip
            with self.subTest(vals), self.assertRaisesRegex(UserError, reason):
                composers.create(
                    {"res_model": "discom.bill", "res_domain": "[]", "purpose": "bill", **vals}
                )._counts_now()

    def test_broadcasts_and_messages_are_not_written_by_hand(self):
        broadcast = self.send(self.reached)
        message = self.messages(broadcast)
        for record, values in ((broadcast, {"state": "done"}), (message, {"state": "queued"})):
            for user in (self.clerk, self.manager, self.administrator):
                with self.assertRaises(AccessError):
                    record.with_user(user).write(values)
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()
                with self.assertRaises(AccessError):
                    record.with_user(user).copy()
