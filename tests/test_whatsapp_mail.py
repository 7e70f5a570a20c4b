from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.whatsapp_mail import DAILY
from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestMailAndSms(DiscomCommon):
    """A dishonest member of the staff writes to all consumers past the broadcasts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumers = cls.env["res.partner"].union(
            *(cls.create_consumer(email=f"c{n}@village.example") for n in range(DAILY + 5))
        )
        cls.domain = [("id", "in", cls.consumers.ids)]

    def mails(self):
        return self.env["mail.mail"].search(
            ["|", ("recipient_ids", "in", self.consumers.ids), ("email_to", "like", "village")]
        )

    def entries(self):
        return self.env["discom.audit.entry"].search(
            [("kind", "=", "send"), ("model", "=", "mail.mail")], order="id"
        )

    def compose(self, user, records, mode="mass_mail", **vals):
        """Write to the records with Odoo's composer."""
        composer = self.env["mail.compose.message"].with_user(user)
        composer = composer.create(
            {
                "composition_mode": mode,
                "model": records._name,
                "res_ids": str(records.ids),
                "subject": "Pay now",
                "body": "<p>to evil@upi</p>",
                "force_send": False,
                **vals,
            }
        )
        composer.action_send_mail()

    def refused(self, error, text=""):
        return self.assertRaisesRegex(error, text)

    def test_single_consumers(self):
        """Who answers consumers writes an e-mail to one, and that stands in the journal."""
        consumer = self.consumers[0]
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            consumer.with_user(self.counter).message_post(
                body="Your form is incomplete",
                partner_ids=consumer.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self.assertEqual(self.mails().recipient_ids, consumer)
        entry = self.entries()
        self.assertEqual((entry.user_id, entry.number), (self.counter, 1))
        self.assertNotIn("village", entry.text)

    def test_not_many(self):
        """By none of the doors of Odoo that any user has."""
        template = self.env["mail.template"].create(
            {"name": "T", "model_id": self.env.ref("base.model_res_partner").id, "subject": "T"}
        )
        one = self.consumers[0].with_user(self.counter)
        doors = {
            "domain": lambda: self.compose(
                self.counter, self.consumers, res_ids=False, res_domain=str(self.domain)
            ),
            "ids": lambda: self.compose(self.counter, self.consumers),
            "recipients": lambda: one.message_post(
                body="x",
                partner_ids=self.consumers.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            ),
            "template": lambda: template.with_user(self.counter).send_mail_batch(
                self.consumers.ids, email_values={"body_html": "<p>to evil@upi</p>"}
            ),
            "addresses": lambda: template.with_user(self.counter).send_mail(
                one.id, email_values={"email_to": ",".join(self.consumers.mapped("email"))}
            ),
        }
        for name, door in doors.items():
            with self.subTest(name):
                with self.refused(UserError, "broadcast"), self.env.cr.savepoint():
                    door()
                self.assertFalse(self.mails())
                self.assertFalse(self.entries())

    def test_not_many_one_by_one(self):
        for consumer in self.consumers[:DAILY]:
            self.compose(self.counter, consumer)
        with self.refused(UserError, "broadcast"), self.env.cr.savepoint():
            self.compose(self.counter, self.consumers[DAILY])
        self.compose(self.clerk, self.consumers[DAILY])
        self.assertEqual(sum(self.entries().mapped("number")), DAILY + 1)

    def test_who_answers_nobody_writes_to_nobody(self):
        """Nor leaves a message on a record by way of an e-mail that goes nowhere."""
        template = self.env["mail.template"].create(
            {"name": "T", "model_id": self.env.ref("base.model_res_partner").id, "subject": "T"}
        )
        silent = self.create_consumer()
        for user in (self.auditor, self.surveyor):
            for consumer in (self.consumers[0], silent):
                with self.subTest(user=user.login, consumer=consumer.email):
                    with self.refused(AccessError), self.env.cr.savepoint():
                        self.compose(user, consumer)
                    with self.refused(AccessError), self.env.cr.savepoint():
                        template.with_user(user).send_mail(consumer.id)
        self.assertFalse(self.mails())
        self.assertFalse((self.consumers + silent).message_ids.filtered("subject"))

    def test_colleagues_hear_as_before(self):
        """Mails to colleagues are nobody's concern, by their contact or by their address."""
        self.clerk.email = "clerk@office.example"
        mails = self.env["mail.mail"].with_user(self.administrator).sudo()
        mails.create(
            [{"email_to": "Clerk <clerk@office.example>"}, {"recipient_ids": self.clerk.partner_id}]
        )
        self.assertFalse(self.entries())

    def test_no_sms_of_ones_own(self):
        for values in (
            {"composition_mode": "numbers", "numbers": "+919415277001"},
            {"composition_mode": "mass", "res_model": "res.partner", "mass_keep_log": True,
             "res_ids": str(self.consumers.ids)},
        ):  # fmt: skip
            composer = self.env["sms.composer"].with_user(self.counter)
            context = {"default_discom_fallback_id": 1}
            composer = composer.with_context(**context).create({"body": "evil", **values})
            with self.subTest(values["composition_mode"]):
                with self.refused(UserError, "registered"), self.env.cr.savepoint():
                    composer.action_send_sms()
        self.assertFalse(self.env["sms.sms"].search([("body", "=", "evil")]))
