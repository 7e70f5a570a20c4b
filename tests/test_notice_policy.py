from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ..models.notice_stop import CHOICES
from .test_notice_effect import SendingCommon
from .test_notice_field import FieldCommon, photo
from .test_notice_stops import StopCommon

#: Ways in which a reason becomes known -> the choice of the policy.
WAYS = {
    "deceased": "deceased",
    "court": "court",
    "own_staff": "own_staff",
    "disputed": "disputed",
    "problem": "disputed",
    "life_support": "life_support",
    "scheme": "scheme",
    "plan": "plan",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestPolicyStops(StopCommon, SendingCommon, FieldCommon):
    """Each policy says what stops its steps: proposed, queued, and at the door."""

    def test_all_by_default(self):
        self.assertTrue(all(self.policy[f"stop_{reason}"] for reason in CHOICES))
        policies = self.env["discom.notice.policy"].with_user(self.administrator)
        with Form(policies.browse(self.policy.id)) as form:
            form.stop_scheme = False
        entry = self.env["discom.audit.entry"].search(
            [("model", "=", "discom.notice.policy"), ("res_id", "=", self.policy.id)], limit=1
        )
        self.assertEqual(entry.user_id, self.administrator)

    def test_proposal(self):
        """What a policy leaves out stops nothing of it; all else does as before."""
        consumers = {way: self.owing(amount=8000) for way in WAYS}
        for way, consumer in consumers.items():
            self.stop(consumer, way)
        for left_out in CHOICES:
            self.policy[f"stop_{left_out}"] = False
            run = self.propose("2026-11-23")
            steps = self.steps(run)
            for way, consumer in consumers.items():
                reason = WAYS[way]
                stopped = ("overdue", "stopped", reason)
                expected = ("overdue", "proposed", False) if reason == left_out else stopped
                with self.subTest(left_out=left_out, way=way):
                    self.assertEqual(steps[consumer], expected)
            run.action_cancel()
            self.policy[f"stop_{left_out}"] = True

    def test_held_for_another_reason_always_stops(self):
        consumer = self.owing()
        self.stop(consumer, "other")
        self.policy.write({f"stop_{reason}": False for reason in CHOICES})
        self.assertEqual(
            self.steps(self.propose("2026-11-23"))[consumer], ("overdue", "stopped", "other")
        )

    def test_of_its_own_policy_only(self):
        """Two categories, two policies: a scheme stops the one and not the other."""
        category = self.env["discom.category"].create({"code": "T-8", "name": "Test"})
        plain, special = self.owing(), self.owing(discom_category_id=category.id)
        other = self.policy.copy({"name": "Named", "stop_scheme": False})
        other.category_ids = category
        scheme = self.scheme()
        for consumer in (plain, special):
            self.env["discom.scheme.registration"].create(
                {"scheme_id": scheme.id, "partner_id": consumer.id}
            )
        steps = self.steps(self.propose("2026-11-23"))
        self.assertEqual(steps[plain][1:], ("stopped", "scheme"))
        self.assertEqual(steps[special][1:], ("proposed", False))

    def test_queued_message(self):
        consumers = {way: self.owing(amount=8000, lang="hi_IN") for way in WAYS}
        self.policy.write({"stop_court": False, "stop_scheme": False})
        broadcast = self.sent(self.approve(self.propose("2026-11-23")))
        messages = {message.partner_id: message for message in self.messages(broadcast)}
        with freeze_time("2026-11-23 06:05:00"):
            for way, consumer in consumers.items():
                self.stop(consumer, way)
        self.lane()
        left = {
            way for way, consumer in consumers.items() if messages[consumer].state != "cancelled"
        }
        self.assertEqual(left, {"court", "scheme"})

    def test_at_the_door(self):
        notice = self.listed(amount=8000)
        self.give(notice)
        self.policy.stop_own_staff = False
        with freeze_time("2026-12-31 06:00:00"):
            self.stop(notice.partner_id, "own_staff")
            notice.with_user(self.surveyor)._record_visit("disconnected", reading=1, photo=photo())
        self.assertEqual(notice.state, "disconnected")

    def test_paid_below_the_minimum(self):
        """Minimum of the formal notice: 50. 70 of 100 paid ends it, unless the policy goes on;
        whoever has paid all is asked by none."""
        notice = self.formal()
        self.pay(70, "2026-11-10", notice.partner_id)
        self.assertEqual(notice.state, "paid")
        self.policy.stop_paid = False
        notice = self.formal("2026-12-14")
        payment = self.pay(70, "2026-11-10", notice.partner_id)
        self.assertEqual(notice.state, "issued")
        self.pay(30, "2026-11-10", notice.partner_id)
        self.assertEqual(notice.state, "paid")
        self.take_back(payment, "bounced")
        self.assertEqual(notice.state, "issued", "70 are due again")


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestStopsUntilApproval(StopCommon, SendingCommon, FieldCommon):
    """Between proposal and approval, and between approval and sending, the world goes on."""

    def test_known_before_the_approval(self):
        consumers = {way: self.owing(amount=8000) for way in WAYS}
        free = self.owing(amount=8000)
        run = self.propose("2026-12-14")
        with freeze_time("2026-12-14 05:00:00"):
            for way, consumer in consumers.items():
                self.stop(consumer, way)
        self.approve(run)
        steps = self.steps(run)
        self.assertEqual(steps.pop(free), ("formal", "issued", False))
        for way, consumer in consumers.items():
            with self.subTest(way):
                self.assertEqual(steps[consumer], ("formal", "stopped", WAYS[way]))
        self.assertFalse(
            run.notice_ids.filtered(lambda n: n.partner_id != free).mapped("name")[0],
            "no number for a notice that is not issued",
        )
        self.assertIn("8 of those proposed were stopped", run.message_ids[0].body)

    def test_one_step_of_two_runs(self):
        """The division and one of its sub-divisions propose the same consumers."""
        consumer = self.owing()
        first = self.propose("2026-11-23")
        second = self.propose("2026-11-23", self.subdivision_a1)
        self.assertEqual(self.steps(second)[consumer][1], "proposed")
        self.approve(first)
        self.approve(second)
        self.assertEqual(self.steps(first)[consumer][1], "approved")
        self.assertEqual(self.steps(second)[consumer], ("overdue", "stopped", "step"))

    def test_another_bill_took_its_place(self):
        consumer = self.owing()
        run = self.propose("2026-12-14")
        with freeze_time("2026-12-14 05:00:00"):
            self.force_issue(
                self.create_bill(consumer, month=12, amount=50, amount_arrears=100, issue=False)
            )
        self.approve(run)
        self.assertEqual(self.steps(run)[consumer], ("formal", "stopped", "bill"))

    def late(self, first_day, second_day):
        """A reminder that waits in its run, and the overdue step that follows it."""
        consumer = self.owing(lang="hi_IN")
        first = self.approve(self.propose(first_day))
        second = self.approve(self.propose(second_day))
        kinds = {run.notice_ids.kind for run in (first, second)}
        self.assertEqual(kinds, {"reminder", "overdue"})
        return consumer, first, second

    def test_older_reminder_gives_way(self):
        """Nobody sent it for days; meanwhile the next step was approved."""
        _consumer, first, second = self.late("2026-11-18", "2026-11-23")
        reminder = first.notice_ids
        with freeze_time("2026-11-23 06:00:00"):
            self.assertEqual(reminder._whatsapp_stale("due_reminder"), reminder)
            self.assertFalse(second.notice_ids._whatsapp_stale("overdue"))

    def test_gap_counts_from_what_left(self):
        """The reminder of the 18th left late, on the 22nd: the overdue message waits till the
        25th."""
        consumer, first, second = self.late("2026-11-18", "2026-11-23")
        message = self.env["discom.whatsapp.message"].create(
            {
                "partner_id": consumer.id,
                "phone": consumer.discom_whatsapp_number,
                "account_id": self.account.id,
                "res_model": "discom.notice",
                "res_id": first.notice_ids.id,
                "purpose": "due_reminder",
                "state": "delivered",
                # 00:30 of the 23rd in India.
                "claimed_at": "2026-11-22 19:00:00",
            }
        )
        overdue = second.notice_ids
        for day, stale in (("2026-11-23", True), ("2026-11-25", True), ("2026-11-26", False)):
            with self.subTest(day=day), freeze_time(f"{day} 06:00:00"):
                self.assertEqual(bool(overdue._whatsapp_stale("overdue")), stale)
        message.state = "failed"
        with freeze_time("2026-11-23 06:00:00"):
            self.assertFalse(overdue._whatsapp_stale("overdue"), "it reached nobody")

    def test_cancelled_bill(self):
        """Who has no bill any more is neither notified nor cut."""
        listed, issued = self.listed(), self.formal("2026-12-14")
        for notice in (listed, issued):
            self.cancel_issued(notice.bill_id)
            self.assertEqual(notice.state, "paid")
        self.assertEqual(listed.notice_id.state, "paid")
        # A correction with the same dues takes the place of the bill; the notice stands.
        other = self.formal("2026-12-15")
        correction = other.bill_id.browse(other.bill_id.action_correct()["res_id"])
        correction.action_check()
        correction.action_issue()
        self.assertEqual((other.bill_id.state, other.state), ("cancelled", "issued"))


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestStepMessage(SendingCommon):
    """A step may have a message of its own."""

    TEXT = (
        "नमस्ते {{name}} जी, {{office}} की ओर से दूसरा स्मरण: खाता {{account_last4}} पर "
        "{{amount}} बकाया है। कृपया आज ही भुगतान करें।"
    )

    def setUp(self):
        super().setUp()
        self.overdue = self.policy.step_ids.filtered(lambda step: step.kind == "overdue")
        self.category = self.env["discom.category"].create({"code": "T-7", "name": "Test"})
        self.firm = self.policy.copy({"name": "Firm"})
        self.firm.category_ids = self.category
        self.firm_step = self.firm.step_ids.filtered(lambda step: step.kind == "overdue")

    def own(self, name="overdue_firm", langs=("hi_IN",), **vals):
        for lang in langs:
            template = self.create_template(
                name, "overdue", f"{lang[:2]} {self.TEXT}", lang=lang, model="discom.notice", **vals
            )
        return template

    def test_each_consumer_gets_the_message_of_the_step(self):
        """One run, one broadcast, two messages; each in the language of the consumer."""
        self.firm_step.template_id = self.own(langs=("en_IN", "hi_IN"))
        plain = self.owing(lang="hi_IN")
        hindi, english, other = (
            self.owing(lang=lang, discom_category_id=self.category.id)
            for lang in ("hi_IN", "en_IN", "en_US")
        )
        run = self.approve(self.propose("2026-11-23"))
        broadcast = self.sent(run)
        self.assertEqual(self.counts, (4, 4))
        templates = {
            message.partner_id: (message.template_id.name, message.lang)
            for message in self.messages(broadcast)
        }
        self.assertEqual(
            templates,
            {
                plain: ("overdue_test", "hi_IN"),
                hindi: ("overdue_firm", "hi_IN"),
                english: ("overdue_firm", "en_IN"),
                other: ("overdue_firm", "hi_IN"),
            },
        )
        self.lane()
        bodies = {message["to"]: message["body"] for message in self.simulator.messages()}
        self.assertTrue(bodies[english.discom_whatsapp_number.lstrip("+")].startswith("en "))
        self.assertIn("दूसरा स्मरण", bodies[hindi.discom_whatsapp_number.lstrip("+")])
        self.assertNotIn("दूसरा स्मरण", bodies[plain.discom_whatsapp_number.lstrip("+")])

    def test_composer_says_so(self):
        self.firm_step.template_id = self.own()
        self.owing(lang="hi_IN")
        for _place in range(2):
            self.owing(lang="hi_IN", discom_category_id=self.category.id)
        run = self.approve(self.propose("2026-11-23"))
        with freeze_time("2026-11-23 06:00:00"):
            action = run.with_user(self.clerk).action_send_overdue()
            composer = self.env["discom.whatsapp.composer"].with_user(self.clerk)
            composer = composer.browse(action["res_id"])
            self.assertEqual(composer.template_summary, "overdue_test: 1, overdue_firm: 2")
            self.assertIn("दूसरा स्मरण", composer.preview)
            self.assertEqual(composer.preview.count("o_discom_bubble"), 3)

    def test_not_approved_on_the_number(self):
        """Nobody gets a text that nobody chose: they are skipped, and it is said before."""
        template = self.own()
        self.firm_step.template_id = template
        template.status = "paused"
        plain = self.owing(lang="hi_IN")
        special = self.owing(lang="hi_IN", discom_category_id=self.category.id)
        run = self.approve(self.propose("2026-11-23"))
        with freeze_time("2026-11-23 06:00:00"):
            action = run.with_user(self.clerk).action_send_overdue()
            composer = self.env["discom.whatsapp.composer"].browse(action["res_id"])
            self.assertEqual(
                composer.template_summary, "overdue_test: 1, overdue_firm: not approved, 1 skipped"
            )
        broadcast = self.sent(run)
        messages = {message.partner_id: message for message in self.messages(broadcast)}
        self.assertEqual(messages[special].skip_reason, "no_template")
        self.assertEqual(messages[plain].state, "queued")

    def test_all_steps_have_their_own(self):
        """The chosen one is for those without; where it is the same nothing is said of it."""
        self.overdue.template_id = self.env["discom.whatsapp.template"].search(
            [("name", "=", "overdue_test")]
        )
        self.owing(lang="hi_IN")
        run = self.approve(self.propose("2026-11-23"))
        with freeze_time("2026-11-23 06:00:00"):
            action = run.with_user(self.clerk).action_send_overdue()
            composer = self.env["discom.whatsapp.composer"].browse(action["res_id"])
        self.assertFalse(composer.template_summary)
        self.assertEqual(composer.send_count, 1)

    def test_choices_and_what_is_none(self):
        template = self.own(langs=("en_IN", "hi_IN"))
        with Form(self.firm.with_user(self.administrator)) as form:
            with form.step_ids.edit(2) as step:
                self.assertEqual(step.kind, "overdue")
                step.template_id = template
        self.assertEqual(self.firm_step.template_id, template)
        choices = self.firm_step.template_choice_ids
        self.assertEqual(set(choices.mapped("purpose")), {"overdue"})
        self.assertEqual(len(choices), len(set(choices.mapped("name"))), "one of each name")
        self.assertEqual(choices.filtered(lambda t: t.name == "overdue_firm").lang, "hi_IN")
        # Another kind of step sends another kind of message.
        with self.assertRaisesRegex(ValidationError, "no message for the step"):
            self.overdue.template_id = self.create_template(
                "welcome_test", "welcome", "नमस्ते {{name}} जी, आपका स्वागत है, धन्यवाद जी।"
            )
        with self.assertRaisesRegex(ValidationError, "no message for the step"):
            self.firm_step.kind = "disconnection"
        with Form(self.firm) as form, form.step_ids.edit(2) as step:
            step.kind = "formal"
            step.channel = "both"
            step.days = 30
            self.assertFalse(step.template_id)
