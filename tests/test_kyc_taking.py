from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_import import ImportCommon

COUNTS = ("captured", "verified", "bounced", "reachable", "refused")


@tagged("post_install", "-at_install")
class TestKycTaking(ImportCommon):
    """Figures by taker and day: each taking counts on its own day, for good."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_drive({})
        cls.consumers = cls.env["res.partner"].union(
            *[cls.create_consumer(discom_whatsapp_number=False) for _number in range(3)]
        )

    def take(self, user, day, consumer, number):
        with freeze_time(f"{day} 06:00:00"):
            consumer.with_user(user).write({"discom_whatsapp_number": number})

    def figures(self, user=None, groupby=("user_id", "day:day")):
        takings = self.env["discom.kyc.taking"].with_user(user or self.manager)
        domain = [("partner_id", "in", self.consumers.ids)]
        for state in ("verified", "bounced"):
            every = takings.search(domain)
            found = every.filtered(f"{state}_count")
            self.assertEqual(takings.search([*domain, ("became", "=", state)]), found)
            self.assertEqual(takings.search([*domain, ("became", "!=", state)]), every - found)
        rows = takings._read_group(domain, groupby, [f"{name}_count:sum" for name in COUNTS])
        return {
            (taker.login, str(day)): tuple(counts) for taker, day, *counts in rows if any(counts)
        }

    def test_day_is_that_of_india_whatever_the_client_says(self):
        """Half past eight in the evening UTC is the next day in Sonbhadra."""
        first, second, third = self.consumers
        with freeze_time("2026-11-02 20:30:00"):
            for consumer, tz in zip(
                self.consumers, ("Pacific/Honolulu", "UTC", False), strict=True
            ):
                consumer.with_user(self.counter).with_context(tz=tz).write(
                    {"discom_whatsapp_number": f"94153000{consumer.id % 100:02}"}
                )
            counter = self.env["discom.kyc.counter"].with_user(self.counter)
            counter = counter.with_context(tz="Pacific/Honolulu")
            self.assertEqual(counter.start()["today"]["taken"], 3)
            counter.save(first.id, {"number": first.discom_whatsapp_number, "lang": "hi_IN"})
            self.env["discom.whatsapp.message"]._set_kyc_state(
                {second.discom_whatsapp_number}, ("captured",), "verified", "Delivered"
            )
        self.assertEqual(self.figures(), {("test_counter", "2026-11-03"): (3, 1, 0, 3, 0)})
        self.assertEqual(str(second.discom_kyc_state_date), "2026-11-03")

    def test_a_day_stays_what_it_was(self):
        first, second, third = self.consumers
        self.take(self.counter, "2026-11-02", first, "9415300031")
        self.take(self.counter, "2026-11-02", second, "9415300032")
        self.take(self.surveyor, "2026-11-02", third, "9415300033")
        messages = self.env["discom.whatsapp.message"]
        messages._set_kyc_state({"+919415300031"}, ("captured",), "verified", "Delivered")
        messages._set_kyc_state({"+919415300032"}, ("captured",), "bounced", "Undeliverable")
        monday = {
            ("test_counter", "2026-11-02"): (2, 1, 1, 1, 0),
            ("test_surveyor", "2026-11-02"): (1, 0, 0, 1, 0),
        }
        self.assertEqual(self.figures(), monday)
        # What is taken anew is another taking and leaves the first where it was.
        self.take(self.surveyor, "2026-11-05", first, "9415300041")
        self.take(self.surveyor, "2026-11-05", second, "9415300042")
        self.assertEqual(
            self.figures(), {**monday, ("test_surveyor", "2026-11-05"): (2, 0, 0, 2, 0)}
        )

    def test_confirmed_by_another_on_the_same_day(self):
        first = self.consumers[0]
        self.take(self.surveyor, "2026-11-02", first, "9415300031")
        with freeze_time("2026-11-02 09:00:00"):
            first.with_user(self.counter)._discom_note_taken()
            first.with_user(self.counter)._discom_note_taken()
        self.assertEqual(
            self.figures(),
            {
                ("test_surveyor", "2026-11-02"): (1, 0, 0, 1, 0),
                ("test_counter", "2026-11-02"): (1, 0, 0, 1, 0),
            },
        )

    def test_refused_and_number_taken_away(self):
        first, second, _third = self.consumers
        with freeze_time("2026-11-02 06:00:00"):
            first.with_user(self.counter).action_discom_kyc_refused()
        self.take(self.counter, "2026-11-02", second, "9415300032")
        second.with_user(self.manager).write({"discom_whatsapp_number": False})
        self.assertEqual(self.figures(), {("test_counter", "2026-11-02"): (1, 0, 0, 0, 1)})

    def test_taking_without_a_number_is_none(self):
        """History may hold takings of older files that brought a mobile or a consent alone."""
        with freeze_time("2026-11-02 06:00:00"):
            self.consumers[0].with_user(self.counter)._discom_note_taken()
        self.assertEqual(self.consumers[0].discom_kyc_event_ids[:1].field, "discom_kyc_date")
        self.assertEqual(self.figures(), {})

    def test_file_counts_on_the_day_of_the_taking(self):
        self.run_import(
            "kyc",
            [
                "account_no,whatsapp_number,source,taken_by,taken_on",
                f"{self.consumers[0].discom_account_no},9415300031,sakhi,test_surveyor,2026-10-30",
            ],
        )
        self.assertEqual(self.figures(), {("test_surveyor", "2026-10-30"): (1, 0, 0, 1, 0)})

    def test_each_sees_the_own_offices(self):
        self.take(self.counter, "2026-11-02", self.consumers[0], "9415300031")
        self.assertTrue(self.figures(self.auditor))
        self.assertFalse(self.figures(self.clerk_b))
        takings = self.env["discom.kyc.taking"]
        with self.assertRaises(AccessError):
            takings.with_user(self.env.ref("base.public_user")).search_count([])
        for user in (self.manager, self.clerk, self.auditor):
            for view in ("pivot", "graph", "list", "search"):
                takings.with_user(user).get_view(view_type=view)
        taking = takings.with_user(self.manager).search([("partner_id", "=", self.consumers[0].id)])
        self.assertEqual(taking.action_open_consumer()["res_id"], self.consumers[0].id)

    def test_today_at_the_counter(self):
        counter = self.env["discom.kyc.counter"].with_user(self.counter)
        before = counter._today()["taken"]
        counter.save(self.consumers[0].id, {"number": "9415300031", "send": False})
        self.assertEqual(counter._today()["taken"], before + 1)
        # Somebody else who takes the same consumer takes nothing away from the clerk's day.
        self.consumers[0].with_user(self.surveyor).sudo()._discom_note_taken()
        self.assertEqual(counter._today()["taken"], before + 1)
