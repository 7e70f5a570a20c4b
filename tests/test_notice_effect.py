from ast import literal_eval
from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo.tests import Form, tagged

from .common_whatsapp import WhatsappCommon
from .common_workbook import WorkbookMixin
from .test_notice import NoticeCommon


class SendingCommon(NoticeCommon, WhatsappCommon):
    """Overdue messages of a run, sent on Monday the 23rd of November 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_template(
            "overdue_test",
            "overdue",
            "नमस्ते {{name}} जी, {{office}} की ओर से सूचना: आपके बिजली बिल की देय तिथि बीत गई है। "
            "खाता {{account_last4}}, बकाया राशि {{amount}}। कृपया भुगतान करें।",
            model="discom.notice",
        )

    def sent(self, run):
        """Send the overdue messages of a run through the composer, as the clerk does."""
        with freeze_time("2026-11-23 06:00:00"):
            action = run.with_user(self.clerk).action_send_overdue()
            composer = self.env["discom.whatsapp.composer"].with_user(self.clerk)
            composer = composer.browse(action["res_id"])
            self.counts = (composer.total_count, composer.send_count)
            action = composer.action_send()
        return self.env["discom.whatsapp.broadcast"].browse(action["res_id"])

    def lane(self, moment="2026-11-23 06:10:00"):
        # The lane paces itself by the clock, so the clock has to run.
        with freeze_time(moment, tick=True):
            self.run_lane()


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestNoticeSending(WorkbookMixin, SendingCommon):
    """A run goes out as one broadcast; a payment stops what is still queued; did it work?"""

    def test_run_is_sent_as_one_broadcast(self):
        reached = [self.owing(lang="hi_IN") for _place in range(3)]
        unreached = self.owing(discom_whatsapp_number=False)
        stopped = self.owing(discom_priority="life_support")
        run = self.approve(self.propose("2026-11-23"))
        broadcast = self.sent(run)
        self.assertEqual(self.counts, (5, 3))
        self.assertEqual(broadcast.state, "sending", "approved as a run, not a second time")
        messages = {message.partner_id: message for message in self.messages(broadcast)}
        self.assertEqual(messages[unreached].skip_reason, "no_number")
        self.assertEqual(messages[stopped].skip_reason, "not_applicable")
        self.lane()
        texts = [message["body"] for message in self.simulator.messages()]
        self.assertEqual(len(texts), 3)
        self.assertIn("₹100.00", texts[0])
        notices = {notice.partner_id: notice for notice in run.sudo().notice_ids}
        self.assertEqual({notices[consumer].state for consumer in reached}, {"sent"})
        # In three days the bill is the same: nobody gets the step again.
        self.assertFalse(set(reached) & self.steps(self.propose("2026-11-27")).keys())

    def test_payment_stops_what_is_queued(self):
        """The race: approved, queued, then paid; nothing leaves."""
        consumer, other = self.owing(lang="hi_IN"), self.owing(lang="hi_IN")
        broadcast = self.sent(self.approve(self.propose("2026-11-23")))
        messages = {message.partner_id: message for message in self.messages(broadcast)}
        self.assertEqual(messages[consumer].state, "queued")
        with freeze_time("2026-11-23 06:05:00"):
            self.pay(100, "2026-11-23", consumer)
        self.lane()
        self.assertEqual(
            [message["to"] for message in self.simulator.messages()],
            [other.discom_whatsapp_number.lstrip("+")],
        )
        self.assertIn(messages[consumer].state, ("skipped", "cancelled"))

    def test_stop_that_becomes_known_late_stops_what_is_queued(self):
        consumers = [self.owing(lang="hi_IN") for _place in range(4)]
        self.sent(self.approve(self.propose("2026-11-23")))
        held, problem, life, left = consumers
        self.env["discom.notice.hold"].create(
            {"partner_id": held.id, "reason": "court", "note": "WP 9"}
        )
        self.env["discom.bill.problem"].create(
            {"bill_id": self.bill_of(problem).id, "kind": "reading"}
        )
        life.discom_priority = "life_support"
        self.lane()
        self.assertEqual(
            [message["to"] for message in self.simulator.messages()],
            [left.discom_whatsapp_number.lstrip("+")],
        )

    def test_effect_by_hand(self):
        """Six consumers owe 100 each and are asked on Monday the 23rd.

        Read: A pays 60 on the 25th and 40 on the 30th; B pays nothing. Delivered: C pays 100 on
        the 8th of December, the 15th day. Not reached: D (no number) pays 30 on the 26th, the
        third day; E pays on the 9th, too late. F pays before anything left: not counted.
        """
        a, b, c, f = (self.owing(lang="hi_IN") for _place in range(4))
        d, e = (self.owing(discom_whatsapp_number=False) for _place in range(2))
        run = self.approve(self.propose("2026-11-23"))
        broadcast = self.sent(run)
        with freeze_time("2026-11-23 06:05:00"):
            self.pay(100, "2026-11-23", f)
        self.lane()
        messages = {message.partner_id: message for message in self.messages(broadcast)}
        at = int(date(2026, 11, 23).strftime("%s")) + 7 * 3600
        self.statuses(messages[a] | messages[b], "read", timestamp=at)
        self.statuses(messages[c], "delivered", timestamp=at)
        self.env["discom.whatsapp.message"].flush_model()
        # Skipped messages are of the day on which they were planned.
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET create_date = '2026-11-23 06:00:00'"
            " WHERE broadcast_id = %s",
            [broadcast.id],
        )
        with freeze_time("2026-12-31 06:00:00"):
            for consumer, amount, day in (
                (a, 60, "2026-11-25"),
                (a, 40, "2026-11-30"),
                (c, 100, "2026-12-08"),
                (d, 30, "2026-11-26"),
                (e, 100, "2026-12-09"),
            ):
                self.pay(amount, day, consumer)
        effect = self.env["discom.notice.effect"].with_user(self.clerk)
        expected = {
            # reached: count, paid within 3, 7, 15, amounts, share after 15 days
            "read": (2, 1, 1, 1, 60, 100, 100, 50),
            "delivered": (1, 0, 0, 1, 0, 0, 100, 100),
            "not_reached": (2, 1, 1, 1, 30, 30, 30, 50),
        }
        measures = (
            "count",
            *(f"{kind}_{days}" for kind in ("paid", "amount") for days in (3, 7, 15)),
        )
        with freeze_time("2026-12-31 06:00:00"):
            effect._action_open_effect()
            groups = effect._read_group(
                [("run_id", "=", run.id)],
                ["kind", "reached"],
                [*(f"{name}:sum" for name in measures), "rate_15:avg"],
            )
        self.assertEqual(
            {(kind, reached): tuple(values) for kind, reached, *values in groups},
            {("overdue", reached): values for reached, values in expected.items()},
        )
        self.assert_workbook(expected)
        self.assert_filter(self.clerk, 5)
        # As the pivot asks.
        with freeze_time("2026-12-31 06:00:00"):
            rows = effect.formatted_read_group(
                [("run_id", "=", run.id)],
                ["kind"],
                ["amount_15:sum_currency", "currency_id:array_agg_distinct", "rate_3:avg"],
            )
        # Into the currency of the company, whatever it is here.
        self.assertGreater(rows[0]["amount_15:sum_currency"], 0)
        # Of a window that has not passed nothing is said.
        with freeze_time("2026-12-02 06:00:00"):
            self.env.invalidate_all()
            effect._action_open_effect()
            row = effect.search([("partner_id", "=", a.id)])
            self.assertEqual((row.paid_3, row.paid_7, row.amount_7), (1, 1, 100))
            groups = effect._read_group(
                [("run_id", "=", run.id)], [], ["paid_15:sum", "rate_15:avg"]
            )
            self.assertEqual(groups, [(False, False)])
        self.assertFalse(self.env["discom.notice.effect"].with_user(self.clerk_b).search([]))

    def assert_filter(self, user, count):
        """“15 days are over” keeps those who did not pay."""
        arch = etree.fromstring(self.env.ref("discom.discom_notice_effect_view_search").arch)
        [over] = arch.xpath("//filter[@name='over']")
        domain = [("date", ">", "2026-11-01"), *literal_eval(over.get("domain"))]
        effect = self.env["discom.notice.effect"].with_user(user)
        for day, found in (("2026-12-08", 0), ("2026-12-09", count)):
            with freeze_time(f"{day} 06:00:00"):
                self.assertEqual(effect.search_count(domain), found, day)

    def assert_workbook(self, expected):
        """The Excel file says the same as the view it is made from."""
        with freeze_time("2026-12-31 06:00:00"):
            book = self.print_book(
                "discom.effect.report",
                self.clerk,
                date_from=date(2026, 11, 1),
                office_id=self.division_a,
            )
        self.assert_sound(book)
        table = book.table("Paid, by what became of the message")
        labels = {
            "read": "Read",
            "delivered": "Delivered, not read",
            "not_reached": "Not reached",
        }
        for reached, values in expected.items():
            row = table[labels[reached]]
            found = [row["Consumers"]]
            found += [row[f"Paid within {days} days"] for days in (3, 7, 15)]
            found += [row[f"Amount within {days} days (₹)"] for days in (3, 7, 15)]
            found.append(100 * row["Paid within 15 days (%)"])
            self.assertEqual(tuple(found), values, reached)

    def test_usual_ladders(self):
        """An administrator makes a ladder for each division without one."""
        policies = self.env["discom.notice.policy"].with_user(self.administrator)
        policies.action_create_usual()
        made = policies.search([("office_id", "in", (self.division_a | self.division_b).ids)])
        self.assertEqual(
            sorted((policy.office_id.name, policy.protected) for policy in made - self.policy),
            [("Division A", True), ("Division B", False), ("Division B", True)],
        )
        count = len(made)
        policies.action_create_usual()
        self.assertEqual(
            len(policies.search([("office_id", "in", made.office_id.ids)])), count, "once"
        )
        with Form(made[:1]) as form:
            form.gap_days = 5

    def test_window(self):
        """Days are those of India: a message of 20:00 UTC is of the next day."""
        consumer = self.owing(lang="hi_IN")
        run = self.approve(self.propose("2026-11-23"))
        broadcast = self.sent(run)
        self.lane()
        message = self.messages(broadcast).filtered(lambda m: m.partner_id == consumer)
        message.sent_at = "2026-11-23 20:00:00"
        effect = self.env["discom.notice.effect"].with_user(self.clerk)
        effect._action_open_effect()
        row = effect.search([("partner_id", "=", consumer.id)])
        self.assertEqual(row.day, date(2026, 11, 23) + timedelta(days=1))

    def test_address_of_the_page_says_of_when_it_is(self):
        """Loaded again by its address, it catches up as from the menu."""
        found = self.env["ir.actions.actions"].search([("path", "=", "discom-effect-of-messages")])
        self.assertEqual(found.type, "ir.actions.server")
        action = self.env["ir.actions.server"].with_user(self.clerk).browse(found.id).run()
        self.assertIn("as of", action["name"])
        self.assertFalse(action["path"])

    def test_figures_of_many_are_kept(self):
        """They are worked out in the background, and what has changed is written again."""
        consumer = self.owing(lang="hi_IN")
        self.sent(self.approve(self.propose("2026-11-23")))
        self.lane()
        effect = self.env["discom.notice.effect"].with_user(self.clerk)
        cron = self.env.ref("discom.ir_cron_notice_effect")
        with (
            patch("odoo.addons.discom.models.notice_effect.DIRECT_STEPS", 0),
            freeze_time("2026-12-31 06:00:00"),
        ):
            effect._action_open_effect()
            self.assertFalse(effect.search([("partner_id", "=", consumer.id)]))
            self.run_cron(cron)
            row = effect.search([("partner_id", "=", consumer.id)])
            self.assertEqual((row.reached, row.amount_15), ("sent", 0))
            self.pay(100, "2026-11-24", consumer)
            self.run_cron(cron)
            self.env.invalidate_all()
            self.assertEqual((row.paid_3, row.amount_15, row.rate_15), (1, 100, 100))
            self.assertIn("as of", effect._action_open_effect()["name"])
