import json
from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common_queries import QueriesCommon

NOW = datetime(2026, 11, 10, 6)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestQueriesService(QueriesCommon):
    """What many consumers write and report, and what the staff do with all of it at once."""

    sizes = (3, 10, 60)
    filled = ("consumer", "kyc")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_template(
            "queries_restored",
            "outage_restored",
            "सूचना: {{area}} में बिजली आ गई है।",
            model="discom.outage",
        )
        for group in cls.groups:
            partners = cls.env["res.partner"].search([("discom_office_id", "=", group.office.id)])
            partners.write({"discom_kyc_state": "verified"})

    def receive(self, group, text="", button="", strangers=False):
        """Each consumer of the group, or as many strangers, writes ``text`` or presses a button.

        :param button: its id, with ``{}`` for the id of the consumer
        """
        return self.env["discom.whatsapp.message"]._receive(
            [
                self.incoming(
                    f"+9181{partner.id:08d}" if strangers else partner.discom_whatsapp_number,
                    text,
                    button.format(partner.id),
                )
                for partner in self.partners(group)
            ]
        )

    def transformers(self, group):
        """As many transformers as the group has consumers."""
        return self.env["discom.asset"].create(
            [
                {
                    "name": f"T {group.name} {number}",
                    "code": f"T {group.name} {number}",
                    "kind": "transformer",
                    "office_id": self.subdivision_a1.id,
                    "parent_id": self.feeder_a1.id,
                }
                for number in range(group.count)
            ]
        )

    def outage(self, assets):
        return self.env["discom.outage"].create(
            {"kind": "breakdown", "asset_ids": [Command.set(assets.ids)]}
        )

    def conversations(self, messages):
        return self.env["discom.whatsapp.conversation"].search(
            [("phone", "in", messages.mapped("phone"))]
        )

    # === INBOX === #

    def test_inbox(self):
        """Conversations of strangers: taken over, handed over to an office, settled, opened."""
        self.account.office_ids = self.division_a
        messages = self.each(lambda group: self.receive(group, "यहाँ कोई है क्या", strangers=True))
        talks = self.each(lambda group: self.conversations(messages[group]))
        for group in self.groups:
            self.assertEqual(len(talks[group]), group.count)

        def take_over(group):
            talks[group].with_user(self.administrator).action_assign_to_me()

        def hand_over(group):
            action = talks[group].with_user(self.administrator).action_open_hand_over()
            wizard = self.env[action["res_model"]].with_user(self.administrator)
            wizard = wizard.with_context(**action["context"]).create(
                {"office_id": group.office.id, "user_id": self.clerk.id}
            )
            wizard.action_hand_over()
            self.assertEqual(talks[group].office_id, group.office)
            self.assertEqual(messages[group].office_id, group.office)

        def settle(group):
            talks[group].with_user(self.clerk).action_close()

        def open_again(group):
            talks[group].with_user(self.clerk).action_reopen()

        self.assert_steps(take_over, hand_over, settle, open_again)

    # === NO SUPPLY === #

    def test_calls(self):
        """Reported by WhatsApp, tied to the outage that is on, told when supply is back."""

        def of(group):
            return self.env["discom.outage.call"].search([("office_id", "=", group.office.id)])

        def report(group):
            self.receive(group, "बिजली नहीं है")
            self.run_cron(self.env.ref("discom.ir_cron_outage_suggest"))
            self.assertEqual(len(of(group).filtered("suggestion_id")), group.count)

        def known(group):
            self.outage(group.transformer).state = "ongoing"
            self.assertEqual(set(of(group).mapped("state")), {"known"})

        self.assert_steps(report, known)
        # One transformer after the other is back while all of the feeder is off.
        feeder = self.outage(self.feeder_a1)
        feeder.state = "ongoing"

        def back(group):
            of(group).outage_id.write({"state": "restored", "date_end": NOW})
            self.assertEqual(of(group).outage_id, feeder)

        self.assert_steps(back)
        outages = self.each(lambda group: self.outage(group.transformer))
        for group in self.groups:
            self.set_rows(of(group), outage_id=outages[group].id)
        self.set_rows(feeder, state="cancelled")

        def restored(group):
            outage = outages[group].with_user(self.operator)
            outage.write({"state": "restored", "date_end": NOW})
            self.assertEqual(set(of(group).mapped("outcome")), {"restored"})

        self.assert_steps(restored)

    def test_calls_closed(self):
        """By hand, from the list; who telephoned gets a message."""
        self.create_template(
            "queries_closed", "outage_call_closed", "नमस्ते {{name}}, परिणाम: {{result}}, धन्यवाद।"
        )
        calls = self.each(
            lambda group: self.env["discom.outage.call"]._report(self.partners(group), "phone")
        )

        def close(group):
            calls[group].with_user(self.operator).action_close_premises()
            self.assertEqual(set(calls[group].mapped("outcome")), {"premises"})

        self.assert_steps(close)

    def test_outages_closed_together(self):
        """A storm is over: the dialogs on outages selected in their list."""

        def start(group):
            outages = self.env["discom.outage"].union(
                *[self.outage(transformer) for transformer in self.transformers(group)]
            )
            outages.state = "ongoing"
            return outages

        outages = self.each(start)
        ahead = NOW + timedelta(hours=5)

        def postpone(group):
            action = outages[group].with_user(self.operator).action_change_time()
            self.dialog(action, self.operator, date_end_expected=ahead)
            self.assertEqual(set(outages[group].mapped("date_end_expected")), {ahead})

        def restore(group):
            action = outages[group].with_user(self.operator).action_restored()
            self.dialog(action, self.operator)
            self.assertEqual(set(outages[group].mapped("state")), {"restored"})

        self.assert_steps(postpone, restore)

    def test_outages_in_the_register(self):
        """Outages of an office that are over: the workbook of a period."""
        for group in self.groups:
            outages = self.env["discom.outage"].union(
                *[self.outage(transformer) for transformer in self.transformers(group)]
            )
            outages.state = "ongoing"
            outages.write({"state": "restored", "date_end": NOW})
            self.set_rows(outages, office_id=group.office.id, date_start=NOW - timedelta(hours=3))

        def register(group):
            self.write_workbook(
                "discom.outage.register",
                office_id=group.office.id,
                date_from=NOW.date() - timedelta(days=1),
                date_to=NOW.date(),
            )

        self.assert_steps(register)

    def test_outages_begin(self):
        """The start of many shutdowns comes at the same moment."""
        outages = self.each(
            lambda group: self.env["discom.outage"].union(
                *[self.outage(transformer) for transformer in self.transformers(group)]
            )
        )

        def begin(group):
            self.set_rows(outages[group], state="announced", date_start=NOW - timedelta(minutes=1))
            self.run_cron(self.env.ref("discom.ir_cron_outage_start"))
            self.assertEqual(set(outages[group].mapped("state")), {"ongoing"})

        self.assert_steps(begin)

    def test_outages_reminded(self):
        """A planned shutdown under which few or many live."""
        self.create_template(
            "queries_remind",
            "outage_reminder",
            "सूचना: {{area}} में कल बिजली बन्द रहेगी, {{date_start}} से, कारण {{reason}} है।",
            model="discom.outage",
        )
        outages = self.each(lambda group: self.announced(group)[0])

        def remind(group):
            outage = outages[group]
            self.set_rows(
                outage,
                state="announced",
                kind="planned",
                officer_id=self.operator.id,
                date_announced=NOW - timedelta(days=2),
                date_start=NOW + timedelta(minutes=30),
                date_end_expected=NOW + timedelta(hours=3),
            )
            self.run_cron(self.env.ref("discom.ir_cron_outage_remind"))
            self.assertEqual(self.told(outage, "outage_reminder"), group.count)

        self.assert_steps(remind)

    def announced(self, group):
        """An outage of a group, and the messages by which all of it was told of it."""
        outage = self.outage(group.transformer).with_user(self.operator)
        self.confirm(outage.action_announce())
        messages = self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.outage"), ("res_id", "=", outage.id)]
        )
        self.assertEqual(len(messages), group.count)
        self.set_rows(messages, state="delivered", claimed_at=NOW - timedelta(minutes=5))
        return outage, messages

    def confirm(self, action):
        """Send from the composer that an action opens."""
        composer = self.env[action["res_model"]].with_user(self.operator)
        composer.browse(action["res_id"]).action_send()

    def told(self, outage, purpose):
        """How many messages of a purpose wait about an outage."""
        return self.env["discom.whatsapp.message"].search_count(
            [
                ("res_model", "=", "discom.outage"),
                ("res_id", "=", outage.id),
                ("purpose", "=", purpose),
                ("state", "=", "queued"),
            ]
        )

    def test_outages_told_late(self):
        """All but one heard of the outage only after it was over."""

        def over(group):
            outage, messages = self.announced(group)
            self.set_rows(messages[1:], state="unknown")
            self.confirm(self.dialog(outage.action_restored(), self.operator))
            self.assertEqual(self.told(outage, "outage_restored"), 1)
            return messages

        messages = self.each(over)

        def late(group):
            self.set_rows(messages[group], state="delivered")
            self.run_cron(self.env.ref("discom.ir_cron_outage_late"))
            outage = self.env["discom.outage"].browse(messages[group][0].res_id)
            self.assertEqual(self.told(outage, "outage_restored"), group.count)

        self.assert_steps(late)

    def test_consumers_served(self):
        """Counted for as many months as an old outage lies back."""
        months = self.each(
            lambda group: {
                date(2000 + 10 * self.groups.index(group) + number // 12, number % 12 + 1, 1)
                for number in range(group.count)
            }
        )

        def take(group):
            served = self.env["discom.outage.served"]
            served._take(months[group])
            found = served.search([("month", "in", list(months[group]))])
            self.assertEqual(set(found.mapped("month")), months[group])

        self.assert_steps(take)

    def test_outages_overrun(self):
        """Their officers are asked when supply is back, in one go."""
        outages = self.each(
            lambda group: self.env["discom.outage"].union(
                *[self.outage(transformer) for transformer in self.transformers(group)]
            )
        )

        def ask(group):
            late = NOW - timedelta(hours=1)
            self.set_rows(outages[group], state="ongoing", date_end_expected=late)
            self.env["discom.outage"]._ask_when_back()
            self.assertEqual(len(outages[group].activity_ids), group.count)

        self.assert_steps(ask)

    # === COMPLAINTS === #

    def test_complaints(self):
        """From the subject and the words in a conversation to being taken up in the list."""

        def of(group):
            return self.env["discom.complaint"].search([("office_id", "=", group.office.id)])

        def ask(group):
            self.receive(group, "शिकायत")

        def choose(group):
            self.receive(group, button="service:complaint:{}:meter")

        def tell(group):
            self.receive(group, "मीटर से धुआँ निकल रहा है, मंदिर के पास")
            self.assertEqual(len(of(group)), group.count)

        def take_up(group):
            of(group).with_user(self.counter).action_start()
            self.assertEqual(of(group).user_id, self.counter)

        self.assert_steps(ask, choose)
        # Each gets a number and somebody who is told of it, one by one.
        self.each(tell)
        self.assert_steps(take_up)

    # === MESSAGES === #

    def test_messages(self):
        """Failed ones: sent again, or listed for the door and delivered there; late ones given
        up."""
        self.account.fallback = "door"
        self.template.ttl_seconds = 3600
        rows = self.env["discom.whatsapp.fallback"]

        def sent(group):
            return self.env["discom.whatsapp.message"].create(
                [
                    {
                        "account_id": self.account.id,
                        "template_id": self.template.id,
                        "partner_id": partner.id,
                        "office_id": group.office.id,
                        "phone": partner.discom_whatsapp_number,
                        "res_model": "discom.bill",
                        "res_id": partner.id,
                        "purpose": "bill",
                        "state": "sent",
                        "wamid": f"wamid.sent.{partner.id}",
                        "claimed_at": NOW - timedelta(minutes=5),
                    }
                    for partner in self.partners(group)
                ]
            )

        messages = self.each(sent)

        def reported(group):
            """By as many calls of the webhook."""
            self.env["discom.whatsapp.event"].create(
                [
                    {
                        "account_id": self.account.id,
                        "payload": json.dumps(self.call(message, "failed", 131026)),
                    }
                    for message in messages[group]
                ]
            )
            self.run_cron(self.env.ref("discom.ir_cron_whatsapp_apply"))
            self.assertEqual(set(messages[group].mapped("state")), {"failed"})
            found = rows.search([("message_id", "in", messages[group].ids)])
            self.assertEqual(len(found), group.count)

        def again(group):
            messages[group].with_user(self.clerk).action_retry()
            self.assertEqual(set(messages[group].mapped("state")), {"queued"})

        def expire(group):
            late = NOW - timedelta(hours=2)
            self.set_rows(messages[group], state="sent", claimed_at=late)
            self.run_cron(self.env.ref("discom.ir_cron_whatsapp_expire"))
            self.assertEqual(set(messages[group].mapped("state")), {"failed"})

        def deliver(group):
            found = rows.search([("message_id", "in", messages[group].ids)])
            self.assertEqual(len(found), group.count)
            found.with_user(self.clerk).action_done()

        self.assert_steps(reported, again, expire, deliver)

    def call(self, message, status, code):
        """A call of the webhook about one message."""
        report = {
            "id": message.wamid,
            "status": status,
            "timestamp": str(int(NOW.timestamp())),
            "recipient_id": message.phone.lstrip("+"),
            "errors": [{"code": code, "title": "x"}],
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.account.phone_number_id},
            "statuses": [report],
        }
        change = {"field": "messages", "value": value}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": self.account.waba_id, "changes": [change]}],
        }

    def test_held_back(self):
        """Meta refuses the template of a whole broadcast: it is paused once."""
        broadcasts = {}

        def start(group):
            bills = self.env["discom.bill"].search([("office_id", "=", group.office.id)])
            broadcasts[group] = self.send(bills, user=self.env.user)
            return self.messages(broadcasts[group])

        self.fill("bill")
        messages = self.each(start)

        def refused(group):
            self.set_rows(messages[group], state="accepted")
            self.set_rows(broadcasts[group], state="sending")
            self.statuses(messages[group], "failed", error_code=132015)
            self.assertEqual(broadcasts[group].state, "paused")

        self.assert_steps(refused)
