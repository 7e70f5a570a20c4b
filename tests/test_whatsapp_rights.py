from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_whatsapp import WhatsappCommon

OTHER_BODY = (
    "नमस्ते {{name}}, आपके विद्युत कार्यालय की ओर से एक सूचना है। अधिक जानकारी के लिए 1912 पर बात करें।"
)


@tagged("post_install", "-at_install")
class TestWhatsappRights(WhatsappCommon):
    """What the composer shows and does is what its user may see and do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.create_bill()
        consumer = cls.create_ready_consumer(
            discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
        )
        cls.foreign = cls.create_bill(consumer)

    def composer(self, user, domain, **vals):
        """A composer made over RPC, where everything can be said."""
        composer = (
            self.env["discom.whatsapp.composer"]
            .with_user(user)
            .create(
                {
                    "res_model": "discom.bill",
                    "res_domain": repr(domain),
                    "purpose": "bill",
                    **vals,
                }
            )
        )
        # As at the end of a request, in the name of the user.
        composer.env.flush_all()
        composer.env.invalidate_all()
        return composer

    def test_counts_tell_nothing_of_other_offices(self):
        both = [("id", "in", (self.own | self.foreign).ids)]
        composer = self.composer(self.clerk, both)
        self.assertEqual((composer.record_count, composer.total_count), (1, 1))
        self.assertEqual(composer.send_count, 1)
        number = self.foreign.partner_id.discom_whatsapp_number
        probe = self.composer(self.clerk, [("partner_id.discom_whatsapp_number", "=", number)])
        self.assertEqual((probe.record_count, probe.total_count), (0, 0))

    def test_composer_of_somebody_else(self):
        composer = self.composer(self.clerk, [("id", "=", self.own.id)])
        for user in (self.clerk_b, self.manager, self.auditor):
            with self.subTest(user=user.login):
                stolen = composer.with_user(user)
                if user != self.auditor:  # who has no composer at all
                    self.assertFalse(stolen.search([("id", "=", composer.id)]))
                for attempt in (
                    lambda stolen=stolen: stolen.read(["preview", "res_domain"]),
                    lambda stolen=stolen: stolen.skip_ids,
                    lambda stolen=stolen: stolen.write({"res_domain": "[]"}),
                    lambda stolen=stolen: stolen.action_send(),
                ):
                    self.env.invalidate_all()
                    with self.assertRaises(AccessError):
                        attempt()

    def test_wizards_of_somebody_else(self):
        answers = {"partner_ids": self.own.partner_id.ids, "evidence": "form 17"}
        for model, user, vals in (
            ("discom.consent.ask", self.counter, answers),
            ("discom.bill.delivery.register", self.clerk, {}),
        ):
            wizard = self.env[model].with_user(user).create(vals)
            with self.subTest(model), self.assertRaises(AccessError):
                wizard.with_user(self.manager).read([])

    def test_every_wizard_is_ones_own(self):
        for name, model in self.env.registry.items():
            if name.startswith("discom.") and model._transient:
                with self.subTest(name):
                    domain = self.env["ir.rule"].with_user(self.clerk)._compute_domain(name)
                    self.assertEqual(list(domain), [("create_uid", "in", [self.clerk.id])])

    def test_model_that_is_no_document(self):
        for name in ("res.users", "no.such.model"):
            with self.subTest(name), self.assertRaisesRegex(UserError, "cannot be sent"):
                self.composer(self.clerk, [], res_model=name)

    def test_template_and_number_must_fit(self):
        """The form offers only what fits; RPC may say anything."""
        other = self.create_template("other_test", "other", OTHER_BODY)
        pending = self.create_template("bill_pending", "bill", OTHER_BODY)
        pending.status = "pending"
        for template in (other, pending):
            composer = self.composer(self.clerk, [("id", "=", self.own.id)])
            composer.template_id = template
            with self.subTest(template.name), self.assertRaises(UserError):
                composer.action_send()
        composer = self.composer(self.clerk, [("id", "=", self.own.id)])
        self.account.office_ids = self.division_b
        self.assertTrue(composer.problem)
        with self.assertRaises(UserError):
            composer.action_send()

    def test_number_of_a_part_of_the_own_offices(self):
        """Who works for all divisions may use the number of one, and is told whose it is."""
        self.account.office_ids = self.division_a
        chief = self.create_user("test_chief", "group_division_manager", self.discom)
        composer = self.composer(chief, [("id", "in", (self.own | self.foreign).ids)])
        self.assertEqual(composer.account_id, self.account)
        self.assertFalse(composer.problem)
        self.assertIn("Division A", composer.warning)
        self.assertFalse(self.composer(self.clerk, [("id", "=", self.own.id)]).warning)

    def test_sent_once_however_often_clicked(self):
        composer = self.composer(self.clerk, [("id", "=", self.own.id)], resend=True)
        first = composer.action_send()
        second = composer.action_send()
        self.assertEqual(first["res_id"], second["res_id"])
        broadcast = self.env["discom.whatsapp.broadcast"].browse(first["res_id"])
        self.assertEqual(len(self.messages(broadcast)), 1)
        self.run_lane()
        self.assertEqual(len(self.simulator.messages()), 1)
