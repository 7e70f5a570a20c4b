import base64
import io
from datetime import date

from freezegun import freeze_time
from openpyxl import load_workbook
from PIL import Image

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon
from .test_notice import NoticeCommon


def photo():
    """A small picture, as the client sends it."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(stream, "PNG")
    return base64.b64encode(stream.getvalue())


class FieldCommon(NoticeCommon):
    """Somebody listed for disconnection on Thursday the 31st of December 2026."""

    def listed(self, amount=100, **vals):
        """A listed step of a consumer who owes ``amount``."""
        consumer = self.owing(amount=amount, **vals)
        run = self.approve(self.propose("2026-12-12"))
        formal = run.notice_ids.filtered(lambda notice: notice.partner_id == consumer)
        run.action_done()
        self.serve(formal, "2026-12-15")
        run = self.approve(self.propose("2026-12-31"))
        run.action_done()
        return run.notice_ids.filtered(lambda notice: notice.partner_id == consumer)

    def result(self, notice, outcome, day="2026-12-31", hour="06:00", user=None, **vals):
        """Enter a result through the dialog."""
        user = user or self.surveyor
        if user == self.surveyor and not notice.user_id:
            self.give(notice)
        with freeze_time(f"{day} {hour}:00"):
            action = notice.with_user(user).action_result()
            form = Form(
                self.env[action["res_model"]].with_user(user).with_context(**action["context"])
            )
            form.outcome = outcome
            for name, value in vals.items():
                form[name] = value
            form.save().action_save()
        return notice.visit_ids.sorted("id")[-1:]

    def give(self, notice):
        """Put it on the surveyor's list: field staff see no others."""
        notice.with_user(self.clerk)._assign(self.surveyor)
        return notice

    def cut(self, notice, **vals):
        return self.result(notice, "disconnected", **{"reading": 4711, "photo": photo(), **vals})


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestNoticeField(FieldCommon):
    """What is entered at the doors, and what follows from it."""

    def test_disconnected_with_reading_and_photo(self):
        notice = self.listed()
        self.assertEqual(notice.feeder_id, self.feeder_a1)
        visit = self.cut(notice)
        consumer = notice.partner_id
        self.assertEqual((notice.state, notice.cut_on), ("disconnected", date(2026, 12, 31)))
        self.assertEqual(notice.notice_id.state, "acted")
        self.assertEqual(
            (consumer.discom_status, consumer.discom_temporary_date),
            ("temporary", date(2026, 12, 31)),
        )
        self.assertEqual(
            (visit.reading, visit.user_id, visit.office_id, bool(visit.photo)),
            (4711, self.surveyor, self.subdivision_a1, True),
        )

    def test_no_disconnection_without_proof(self):
        notice = self.listed()
        with self.assertRaisesRegex(UserError, "reading"):
            self.cut(notice, reading=0)
        with self.assertRaisesRegex(UserError, "photo"):
            self.result(notice, "disconnected", reading=5)
        notice.partner_id.discom_unmetered = True
        with freeze_time("2026-12-31 06:00:00"):
            notice.with_user(self.surveyor)._record_visit("disconnected", photo=photo())
        self.assertEqual(notice.state, "disconnected")

    def test_not_listed_ahead_nor_on_a_closed_day(self):
        self.owing()
        run = self.approve(self.propose("2026-12-12"))
        run.action_done()
        self.serve(run.notice_ids.filtered(lambda notice: notice.kind == "formal"), "2026-12-15")
        ahead = self.propose("2026-12-31")
        for day, problem in (("2026-12-16", "on its day"), ("2027-01-03", "closed day")):
            with self.assertRaisesRegex(UserError, problem):
                self.approve(ahead, day)
            self.assertEqual(ahead.notice_ids.mapped("state"), ["proposed"])
            self.assertEqual(ahead.state, "submitted")
            ahead.with_user(self.manager).action_reject()
        self.approve(ahead)
        self.assertEqual(ahead.notice_ids.mapped("state"), ["listed"])

    @mute_logger("odoo.addons.discom.models.whatsapp_mixin")
    def test_reading_that_runs_back_needs_a_remark(self):
        notice = self.listed()
        # An issued bill is not written; this one came with a reading.
        self.env.cr.execute(
            "UPDATE discom_bill SET reading_current = 1929 WHERE id = %s", [notice.bill_id.id]
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, r"192 is less than the last reading, 1929"):
            self.cut(notice, reading=192)
        self.cut(notice, reading=192, note="New meter of November")
        with freeze_time("2027-01-04 05:00:00"):
            self.pay(100, "2027-01-04", notice.partner_id)
        # Held against what the meter showed when supply was cut.
        with self.assertRaisesRegex(UserError, "than the last reading, 192"):
            self.result(notice, "reconnected", "2027-01-04", reading=191, photo=photo())
        self.result(notice, "reconnected", "2027-01-04", reading=192, photo=photo())
        self.assertEqual(notice.state, "reconnected")

    def test_no_disconnection_on_closed_days_and_hours(self):
        notice = self.listed()
        # The 3rd of January 2027 is a Sunday, the 9th a second Saturday.
        for day in ("2027-01-03", "2027-01-09"):
            with self.assertRaisesRegex(UserError, "closed day"):
                self.cut(notice, day=day)
        self.env["discom.holiday"].create({"name": "Test", "date": "2027-01-01"})
        with self.assertRaisesRegex(UserError, "closed day"):
            self.cut(notice, day="2027-01-01")
        # 02:29 UTC is 07:59 in India, 12:30 is 18:00.
        for hour in ("02:29", "12:30", "20:00"):
            with self.subTest(hour=hour), self.assertRaisesRegex(UserError, "08:00 and 18:00"):
                self.cut(notice, day="2027-01-04", hour=hour)
        self.company.discom_cut_until = 18.5
        self.cut(notice, day="2027-01-04", hour="12:30")
        self.assertEqual(notice.state, "disconnected")

    def test_no_disconnection_before_the_day(self):
        notice = self.listed()
        with self.assertRaisesRegex(UserError, "clear days"):
            self.cut(notice, day="2026-12-30")
        # A notice that was cancelled carries nothing.
        notice.notice_id.with_user(self.manager).action_cancel()
        with self.assertRaisesRegex(UserError, "holds no more"):
            self.cut(notice)

    def test_no_disconnection_of_who_has_paid(self):
        notice = self.give(self.listed())
        with freeze_time("2026-12-31 06:00:00"):
            wizard = self.env["discom.notice.result"].with_user(self.surveyor)
            wizard = wizard.create(
                {
                    "notice_id": notice.id,
                    "outcome": "disconnected",
                    "reading": 1,
                    "photo": photo(),
                }
            )
            self.pay(100, "2026-12-31", notice.partner_id)
            with self.assertRaisesRegex(UserError, "paid meanwhile"):
                wizard.action_save()
        self.assertEqual((notice.state, notice.partner_id.discom_status), ("paid", "live"))

    def test_no_disconnection_against_a_stop(self):
        """Whatever stands against a step stands against cutting, however late it is known."""
        notice = self.listed()
        hold = (
            self.env["discom.notice.hold"]
            .with_user(self.clerk)
            .create({"partner_id": notice.partner_id.id, "reason": "court", "note": "WP 12"})
        )
        with self.assertRaisesRegex(UserError, "Stay of a court"):
            self.cut(notice)
        hold.date_to = "2026-12-30"
        notice.partner_id.discom_priority = "life_support"
        with self.assertRaisesRegex(UserError, "Depends on supply"):
            self.cut(notice)

    def test_stop_is_seen_before_going_there(self):
        """On the phone and at the desk; the workbook to carry along leaves it out."""
        stayed, other = self.give(self.listed()), self.listed()
        self.assertFalse(stayed.stop_now)
        hold = self.env["discom.notice.hold"].with_user(self.clerk)
        hold.create({"partner_id": stayed.partner_id.id, "reason": "court", "note": "WP 12"})
        self.env.invalidate_all()
        self.assertEqual((stayed | other).mapped("stop_now"), ["court", False])
        with freeze_time("2026-12-31 06:00:00"):
            door = self.env["discom.notice.result"].with_user(self.surveyor)
            self.assertEqual(door.new({"notice_id": stayed.id}).stop_now, "court")
            wizard = self.env["discom.notice.field.list"].with_user(self.operator).create({})
            found = self.env["discom.notice"].search(wizard._report_domain())
            self.assertEqual((stayed | other) & found, other)

    def test_bounced_cheque_brings_the_listing_back(self):
        notice = self.listed()
        payment = self.pay(100, "2026-11-10", notice.partner_id)
        self.assertEqual((notice.state, notice.notice_id.state), ("paid", "paid"))
        self.take_back(payment, "bounced")
        self.assertEqual((notice.state, notice.notice_id.state), ("listed", "served"))

    def test_promise_puts_off_and_comes_back(self):
        notice = self.listed()
        listed = self.env["discom.notice.result"].with_user(self.surveyor)
        with freeze_time("2026-12-31 06:00:00"):
            left = listed.new({})._left_domain()
            self.assertIn(notice, self.env["discom.notice"].search(left))
        for day in ("2026-12-31", "2027-01-08"):
            with self.assertRaisesRegex(UserError, "promise"):
                self.result(notice, "promised", promised_on=day)
        self.result(notice, "promised", promised_on="2027-01-05")
        for day, there in (("2027-01-04", False), ("2027-01-05", True)):
            with freeze_time(f"{day} 06:00:00"):
                left = listed.new({})._left_domain()
                self.assertEqual(notice in self.env["discom.notice"].search(left), there)
        with self.assertRaisesRegex(UserError, "promised 1 times"):
            self.result(notice, "promised", day="2027-01-05", promised_on="2027-01-07")

    def test_receipt_is_written_down_and_no_money_taken(self):
        notice = self.give(self.listed())
        with self.assertRaisesRegex(UserError, "number of the receipt"):
            with freeze_time("2026-12-31 06:00:00"):
                notice.with_user(self.surveyor)._record_visit("paid")
        visit = self.result(notice, "paid", receipt_no="R-77")
        self.assertEqual((notice.state, notice.deferred_until), ("listed", date(2027, 1, 2)))
        waiting = [
            ("outcome", "=", "paid"),
            ("payment_id", "=", False),
            ("notice_id.state", "=", "listed"),
        ]
        visits = self.env["discom.notice.visit"].with_user(self.counter)
        self.assertIn(visit, visits.search(waiting))
        with freeze_time("2027-01-01 06:00:00"):
            self.pay(100, "2027-01-01", notice.partner_id, reference="R-77")
        self.assertNotIn(visit, visits.search(waiting))
        self.assertEqual(notice.state, "paid")

    def test_only_a_counter_clerk_takes_money(self):
        notice = self.give(self.listed())
        with freeze_time("2026-12-31 06:00:00"), self.assertRaisesRegex(UserError, "counter"):
            notice.with_user(self.surveyor)._record_visit("paid", payment={"amount": 100})
        both = self.create_user("test_both", "group_field_surveyor")
        both.group_ids = [Command.link(self.env.ref("discom.group_counter_clerk").id)]
        visit = self.result(notice, "paid", user=both, taken=True, paid_amount=100)
        self.assertEqual((notice.state, visit.payment_id.amount), ("paid", 100))
        self.assertEqual(visit.payment_id.create_uid, both)

    def test_closed_and_refused_stay_on_the_list(self):
        notice = self.listed()
        self.result(notice, "closed")
        with self.assertRaisesRegex(UserError, "few words"):
            self.result(notice, "refused")
        self.result(notice, "refused", note="Dog in the yard")
        self.assertEqual((notice.state, notice.outcome), ("listed", "refused"))
        self.assertEqual(len(notice.visit_ids), 2)

    # === RECONNECTION === #

    def test_reconnected_after_payment(self):
        notice = self.listed()
        self.cut(notice)
        with self.assertRaises(UserError):
            self.result(notice, "reconnected", reading=4711, photo=photo())
        with freeze_time("2027-01-02 06:00:00"):
            payment = self.pay(100, "2027-01-02", notice.partner_id)
        self.assertEqual(notice.state, "reconnect")
        with freeze_time("2027-01-02 06:00:00"):
            self.take_back(payment, "bounced")
            self.assertEqual(notice.state, "disconnected")
            self.pay(100, "2027-01-02", notice.partner_id)
        # A Sunday evening: supply comes back at any hour.
        with mute_logger("odoo.addons.discom.models.whatsapp_mixin"):
            self.result(notice, "reconnected", "2027-01-03", "16:00", reading=4711, photo=photo())
        consumer = notice.partner_id
        self.assertEqual(notice.state, "reconnected")
        self.assertEqual((consumer.discom_status, consumer.discom_temporary_date), ("live", False))

    def test_part_payment_is_enough_where_the_rule_says_so(self):
        """Of 8,000 a quarter is 2,000."""
        notice = self.listed(amount=8000)
        self.cut(notice)
        with freeze_time("2027-01-04 06:00:00"):
            self.pay(1999, "2027-01-04", notice.partner_id)
            self.assertEqual(notice.state, "disconnected")
            self.company.discom_reconnect_on_part = False
            self.pay(1, "2027-01-04", notice.partner_id)
            self.assertEqual(notice.state, "disconnected")
            self.company.discom_reconnect_on_part = True
            self.pay(1, "2027-01-04", notice.partner_id)
            self.assertEqual(notice.state, "reconnect")

    def test_part_payment_before_the_cut_does_not_count(self):
        """Of 8,000 the consumer pays 3,000 in the morning and is cut at noon; a quarter of the
        5,000 that are left brings supply back, not what was paid before."""
        notice = self.listed(amount=8000)
        with freeze_time("2026-12-31 04:00:00"):
            self.pay(3000, "2026-12-31", notice.partner_id)
        self.cut(notice)
        self.assertEqual((notice.state, notice.cut_amount), ("disconnected", 5000))
        with freeze_time("2026-12-31 10:00:00"):
            self.pay(1249, "2026-12-31", notice.partner_id)
            self.assertEqual(notice.state, "disconnected")
            self.pay(1, "2026-12-31", notice.partner_id)
            self.assertEqual(notice.state, "reconnect")

    def test_payment_of_yesterday_known_after_the_cut(self):
        """A file brings it a day late: nobody knew, but it was paid."""
        notice = self.listed(amount=8000)
        self.cut(notice)
        with freeze_time("2027-01-02 06:00:00"):
            # Before the bill was made: the billing system has counted it long ago.
            self.pay(5000, "2026-11-01", notice.partner_id)
            self.assertEqual(notice.state, "disconnected")
            self.pay(2000, "2026-12-30", notice.partner_id)
            self.assertEqual(notice.state, "reconnect")

    def test_undone_by_the_manager(self):
        notice = self.listed()
        visit = self.cut(notice)
        with self.assertRaises(AccessError):
            notice.with_user(self.clerk).action_undo()
        action = notice.with_user(self.manager).action_undo()
        wizard = self.env[action["res_model"]].with_user(self.manager)
        wizard = wizard.with_context(**action["context"])
        with self.assertRaisesRegex(UserError, "why"):
            wizard.create({"reason": " "}).action_apply()
        wizard.create({"reason": "wrong door"}).action_apply()
        self.assertEqual(
            (notice.state, notice.notice_id.state, notice.partner_id.discom_status),
            ("listed", "served", "live"),
        )
        self.assertTrue(visit.undone)
        self.assertEqual(notice.visit_ids.sorted("id")[-1].note, "wrong door")
        with self.assertRaisesRegex(UserError, "no result"):
            wizard.create({"reason": "again"}).action_apply()

    # === RIGHTS === #

    def test_results_are_kept(self):
        notice = self.listed()
        visit = self.result(notice, "closed")
        with self.assertRaises(UserError):
            visit.write({"outcome": "refused"})
        with self.assertRaises(UserError):
            visit.unlink()
        values = {"notice_id": notice.id, "outcome": "disconnected", "user_id": self.clerk.id}
        for user in (self.surveyor, self.clerk, self.manager):
            with self.assertRaises(UserError):
                self.env["discom.notice.visit"].with_user(user).create(values)
        with self.assertRaises(ValidationError):
            self.result(notice, "closed", note="Aadhaar 2345 6789 0124")

    def test_who_enters_results(self):
        notice = self.listed()
        for user in (self.auditor, self.counter, self.clerk_b):
            with self.assertRaises(AccessError):
                notice.with_user(user).action_result()
            with self.assertRaises(AccessError):
                notice.with_user(user)._record_visit("closed")
        self.assertFalse(self.env["discom.notice.visit"].with_user(self.clerk_b).search([]))

    def test_assigned_to_a_colleague_of_the_office(self):
        first, second = self.listed(), self.listed(discom_village="Salkhan")
        both = (first | second).with_user(self.operator)
        action = both.action_assign()
        wizard = self.env[action["res_model"]].with_user(self.operator)
        wizard = wizard.with_context(**action["context"])
        with self.assertRaisesRegex(UserError, "does not work for"):
            wizard.create({"user_id": self.clerk_b.id}).action_apply()
        wizard.create({"user_id": self.surveyor.id}).action_apply()
        self.assertEqual((first | second).user_id, self.surveyor)
        with self.assertRaises(AccessError):
            first.with_user(self.surveyor).action_assign()
        self.result(first, "closed", user=self.surveyor)
        # Done with the first, the next door of one's list.
        with freeze_time("2026-12-31 06:00:00"):
            wizard = self.env["discom.notice.result"].with_user(self.surveyor)
            wizard = wizard.create({"notice_id": first.id, "outcome": "closed"})
            action = wizard.action_save_next()
        self.assertEqual(action["context"]["default_notice_id"], second.id)

    # === EXCEL === #

    def test_workbook(self):
        small = self.listed(amount=100, discom_village="Salkhan", discom_book_no="7")
        large = self.listed(amount=900, discom_village="Belhatthi")
        with freeze_time("2026-12-31 06:00:00"):
            wizard = self.env["discom.notice.field.list"].with_user(self.operator)
            wizard = wizard.create({"lang": "en_US", "office_id": self.division_a.id})
            wizard.action_print()
            job = self.env["discom.report.job"].search([], order="id desc", limit=1)
        book = load_workbook(io.BytesIO(base64.b64decode(job.attachment_id.datas)))
        sheet = book["Data"]
        rows = [
            [cell.value for cell in row]
            for row in sheet.iter_rows()
            if any(cell.value in (small.account_no, large.account_no) for cell in row)
        ]
        self.assertEqual([row[5] for row in rows], [large.account_no, small.account_no])
        self.assertEqual(rows[1][2:5], ["7", "Feeder A1", "Salkhan"])
        self.assertEqual(rows[1][10:12], [100, small.notice_id.name])
        self.assertEqual(rows[1][13].date(), small.cut_from)
        texts = [cell.value for row in book["Summary"].iter_rows() for cell in row]
        for text in ("By feeder", "By village", "Salkhan", "Belhatthi"):
            self.assertIn(text, texts)
        self.assertNotIn(small, self.env["discom.notice"].with_user(self.clerk_b).search([]))

    def test_workbook_in_hindi(self):
        notice = self.listed(discom_village="Salkhan", discom_village_hi="सलखन")
        with freeze_time("2026-12-31 06:00:00"):
            wizard = self.env["discom.notice.field.list"].with_user(self.operator)
            wizard.create({"lang": "hi_IN"}).action_print()
            job = self.env["discom.report.job"].search([], order="id desc", limit=1)
        sheet = load_workbook(io.BytesIO(base64.b64decode(job.attachment_id.datas))).worksheets[1]
        rows = {row[5].value: row[4].value for row in sheet.iter_rows()}
        self.assertEqual(rows[notice.account_no], "सलखन")


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestNoticeReconnectedMessage(FieldCommon, WhatsappCommon):
    """The consumer is told that supply is back."""

    def test_message(self):
        self.create_template(
            "reconnected_test",
            "reconnected",
            "नमस्ते {{name}} जी, {{office}} की ओर से सूचना: आपके भुगतान के बाद बिजली फिर जोड़ दी गई है। "
            "खाता {{account_last4}}, अब बकाया {{amount}} है। धन्यवाद।",
            model="discom.notice",
        )
        notice = self.listed(lang="hi_IN")
        self.cut(notice)
        with freeze_time("2027-01-04 06:00:00"):
            self.pay(100, "2027-01-04", notice.partner_id)
        self.result(notice, "reconnected", "2027-01-04", reading=4711, photo=photo())
        message = self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.notice"), ("res_id", "=", notice.id)]
        )
        self.assertEqual(message.mapped("purpose"), ["reconnected"])
        self.assertEqual((message.state, message.values["amount"]), ("queued", "₹0.00"))
        with freeze_time("2027-01-04 06:30:00"):
            self.run_lane()
        self.assertEqual(len(self.simulator.messages()), 1)
