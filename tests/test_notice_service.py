import base64
import io
from ast import literal_eval

from freezegun import freeze_time
from lxml import etree
from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common_workbook import WorkbookMixin
from .test_notice import NoticeCommon
from .test_notice_field import photo


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestServiceRecord(WorkbookMixin, NoticeCommon):
    """The acknowledgement is kept, and the list of notices with the record of their service."""

    def issued(self):
        """Three issued notices, in two villages."""
        consumers = [
            self.owing(amount=amount, discom_village=village, discom_book_no="7")
            for amount, village in ((100, "Salkhan"), (900, "Belhatthi"), (250, "Salkhan"))
        ]
        run = self.approve(self.propose("2026-12-12"))
        notices = {notice.partner_id: notice for notice in run.notice_ids}
        return [notices[consumer] for consumer in consumers]

    def serve_with_photo(self, notices, day="2026-12-15"):
        with freeze_time(f"{day} 06:00:00"):
            action = notices.with_user(self.clerk).action_serve()
            wizard = self.env[action["res_model"]].with_user(self.clerk)
            form = Form(wizard.with_context(**action["context"]))
            form.mode = "registered"
            form.acknowledgement = photo()
            form.save().action_apply()

    def rows(self, user=None, **vals):
        """{notice number: cells} of the workbook, and all texts of its summary."""
        with freeze_time("2026-12-20 06:00:00"):
            wizard = self.env["discom.notice.service.record"].with_user(user or self.clerk)
            wizard = wizard.with_context(**vals.pop("context", {}))
            wizard.create({"lang": "en_US", **vals}).action_print()
        job = self.env["discom.report.job"].search([], order="id desc", limit=1)
        book = load_workbook(io.BytesIO(base64.b64decode(job.attachment_id.datas)))
        rows = [[cell.value for cell in row] for row in book["Data"].iter_rows()]
        summary = [[cell.value for cell in row] for row in book["Summary"].iter_rows()]
        numbers = self.env["discom.notice"].search([]).mapped("name")
        return {row[1]: row for row in rows if row[1] and row[1] in numbers}, summary

    def test_acknowledgement_is_kept(self):
        """The photo is stored with the notice, for who may read the notice and nobody else."""
        notice, *_others = self.issued()
        self.serve_with_photo(notice)
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "discom.notice"),
                ("res_id", "=", notice.id),
                ("res_field", "=", "acknowledgement"),
            ]
        )
        self.assertEqual(len(attachment), 1)
        self.assertFalse(attachment.public)
        self.assertTrue(attachment.with_user(self.clerk).raw)
        self.assertTrue(notice.with_user(self.auditor).acknowledgement)
        with self.assertRaises(AccessError):
            attachment.with_user(self.clerk_b).read(["datas"])
        with self.assertRaises(AccessError):
            notice.with_user(self.clerk_b).read(["acknowledgement"])
        with self.assertRaises(UserError):
            notice.with_user(self.clerk).write({"acknowledgement": False})

    def test_period_is_checked(self):
        with self.assertRaisesRegex(UserError, "before the first"):
            self.rows(date_from="2026-12-02", date_to="2026-12-01")

    def test_workbook(self):
        small, large, waiting = self.issued()
        self.serve_with_photo(small)
        self.serve(large, "2026-12-16", "affixed")
        rows, summary = self.rows(office_id=self.division_a.id)
        self.assertEqual(list(rows), [large.name, small.name, waiting.name])
        row = rows[small.name]
        self.assertEqual(row[3:6], ["7", small.account_no, "Salkhan"])
        self.assertEqual(
            (row[9], row[10].date(), row[11].date()), (100, small.last_day, small.served_on)
        )
        self.assertEqual(row[12:], ["Registered post", self.clerk.name, "Yes", None])
        self.assertEqual(
            rows[large.name][12:], ["Affixed on the premises", self.clerk.name, "No", None]
        )
        self.assertEqual(rows[waiting.name][11:], [None, "Not served", None, None, None])
        texts = [row[0] for row in summary if row[0]]
        for text in (
            "By mode of service", "Registered post", "Affixed on the premises", "Not served",
            "By village", "Belhatthi", "Salkhan",
        ):  # fmt: skip
            self.assertIn(text, texts)

    def test_village_in_hindi(self):
        """The village is named in Hindi as long as it is the one that the notice names."""
        small, large, waiting = self.issued()
        (small.partner_id | large.partner_id).discom_village_hi = "सलखन"
        large.partner_id.discom_village = "Renukoot"
        rows = {}
        for lang in ("hi_IN", "en_US"):
            with freeze_time("2026-12-20 06:00:00"):
                wizard = self.env["discom.notice.service.record"].with_user(self.clerk)
                book = self.read_action(wizard.create({"lang": lang}).action_print())
            rows[lang] = [list(row.values()) for row in book.rows()]
        villages = {lang: {row[4]: row[5] for row in lines} for lang, lines in rows.items()}
        for notice, hindi in ((small, "सलखन"), (large, "Belhatthi"), (waiting, "Salkhan")):
            self.assertEqual(villages["hi_IN"][notice.account_no], hindi)
            self.assertEqual(villages["en_US"][notice.account_no], notice.village)

    def test_nobody_goes_out_with_a_notice_that_is_stopped(self):
        """A court stay that came after the notice: not printed, not on the list to go out with;
        the record of all notices has it."""
        stayed, served, waiting = self.issued()
        run = waiting.run_id
        hold = self.env["discom.notice.hold"].with_user(self.clerk)
        hold.create({"partner_id": stayed.partner_id.id, "reason": "court", "note": "WP 12"})
        self.serve(served, "2026-12-15")
        self.assertEqual(list(self.rows(unserved=True)[0]), [waiting.name])
        self.assertIn(stayed.name, self.rows()[0])
        with freeze_time("2026-12-15 06:00:00"):
            printed = run.with_user(self.clerk).action_print_notices()["context"]["active_ids"]
            self.assertEqual(set(printed), {served.id, waiting.id})
            self.policy.stop_court = False
            printed = run.with_user(self.clerk).action_print_notices()["context"]["active_ids"]
            self.assertIn(stayed.id, printed)

    def test_narrowed(self):
        """By selection, village and what waits for service; not of another office."""
        small, large, waiting = self.issued()
        self.serve(small | large, "2026-12-15")
        self.assertEqual(list(self.rows(unserved=True)[0]), [waiting.name])
        self.assertEqual(list(self.rows(village="belhatthi ")[0]), [large.name])
        selected = {"active_model": "discom.notice", "active_ids": small.ids}
        self.assertEqual(list(self.rows(context=selected)[0]), [small.name])
        self.assertEqual(len(self.rows(user=self.auditor)[0]), 3)
        with self.assertRaisesRegex(UserError, "nothing to report"):
            self.rows(user=self.clerk_b)
        with self.assertRaisesRegex(UserError, "nothing to report"):
            self.rows(date_to="2026-12-11")
        with self.assertRaises(AccessError):
            self.rows(user=self.surveyor)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestRunAfterwards(NoticeCommon):
    """What a run shows and does once its steps have gone on."""

    def test_counts_do_not_shrink(self):
        """Whoever was paid for or acted on still had a step in this run."""
        notice = self.formal()
        run = notice.run_id
        paid = self.owing()
        other = self.approve(self.propose("2026-12-14"))
        self.assertEqual((other.proposed_count, other.proposed_amount), (1, 100))
        self.pay(100, "2026-11-10", paid)
        other.invalidate_recordset()
        self.assertEqual((other.proposed_count, other.paid_count), (1, 1))
        notice.sudo().state = "acted"
        run.invalidate_recordset()
        self.assertEqual((run.proposed_count, run.proposed_amount), (1, 100))
        # The button opens as many as it says.
        view = self.env.ref("discom.discom_notice_run_view_form").arch
        states = view.split("'notice_states': ")[1].split("}")[0]
        action = run.with_context(notice_states=literal_eval(states)).action_open_notices()
        self.assertEqual(self.env["discom.notice"].search_count(action["domain"]), 1)

    def test_grievance_forum_is_asked_for(self):
        """The message about a notice refers to an address that stands on the notice."""
        run = self.formal().run_id
        [alert] = etree.fromstring(self.env.ref("discom.discom_notice_run_view_form").arch).xpath(
            "//div[contains(@invisible, 'notice_authority')]"
        )
        clerk = run.with_user(self.clerk)
        for forum, hidden in ((False, False), ("Forum, Sonbhadra", True)):
            self.company.discom_notice_authority = forum
            values = {name: clerk[name] for name in ("notice_authority", "formal_count", "state")}
            self.assertEqual(bool(safe_eval(alert.get("invisible"), values)), hidden)

    def test_closed_run(self):
        """Unsent steps are given up, so the next run has them again; notices are printed still."""
        consumer = self.owing()
        run = self.approve(self.propose("2026-11-23"))
        run.action_done()
        self.assertEqual(self.steps(run)[consumer][1], "cancelled")
        again = self.propose("2026-11-24")
        self.assertEqual(self.steps(again)[consumer], ("overdue", "proposed", False))
        again.action_cancel()
        notice = self.formal()
        notice.run_id.action_done()
        self.assertEqual(notice.state, "issued")
        action = notice.run_id.with_user(self.clerk).action_print_notices()
        self.assertEqual(action["report_name"], "discom.report_notice")
