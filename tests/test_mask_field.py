"""Bills and dues for field staff: those of consumers they are sent to, no others."""

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..tools.personal import HIDDEN
from .test_notice_field import FieldCommon

DUES = ["discom_amount_due", "discom_bill_count", "discom_dues_html", "discom_notice_count"]


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestFieldStaff(FieldCommon):
    def setUp(self):
        super().setUp()
        self.notice = self.listed(discom_village="Khadia")
        self.consumer = self.notice.partner_id
        self.env["discom.payment"].create({"partner_id": self.consumer.id, "amount": 1})
        self.env.flush_all()
        self.env.invalidate_all()

    def seen(self, user):
        """Names of the models of which ``user`` sees records of the consumer."""
        names = ("discom.bill", "discom.bill.line", "discom.ledger.entry", "discom.payment")
        names += ("discom.ageing", "discom.notice", "discom.notice.hold", "discom.whatsapp.message")
        found = set()
        for name in names:
            model = self.env[name].with_user(user)
            path = "bill_id.partner_id" if name == "discom.bill.line" else "partner_id"
            domain = [(path, "=", self.consumer.id)]
            if model.search(domain):
                found.add(name)
            self.assertEqual(bool(model.search_count(domain)), name in found)
            [(count,)] = model._read_group(domain, [], ["__count"])
            self.assertEqual(bool(count), name in found)
        return found

    def dues(self, user):
        [row] = self.consumer.with_user(user).read(DUES)
        return [row[name] for name in DUES]

    def test_nothing_by_default(self):
        """Without an area or a visit: no bill, no payment, no sum on the consumer's card."""
        self.assertFalse(self.seen(self.surveyor))
        self.assertLessEqual(set(self.dues(self.surveyor)), {0, HIDDEN})
        with self.assertRaises(AccessError):
            self.bill_of(self.consumer).with_user(self.surveyor).read(["amount_due"])

    def test_statement_on_paper(self):
        """The statement of account tells dues as the screen does: of those one is sent to."""

        def printed(user):
            report = self.env["ir.actions.report"].with_user(user)
            return report._render_qweb_pdf("discom.discom_ledger_report", self.consumer.ids)[0]

        with self.assertRaisesRegex(AccessError, "no statement of"):
            printed(self.surveyor)
        workbook = self.env["discom.ledger.statement"].with_user(self.surveyor)
        with self.assertRaisesRegex(UserError, "nothing to report"):
            workbook.create({"partner_id": self.consumer.id}).action_print()
        self.assertTrue(printed(self.auditor).startswith(b"%PDF"))
        self.create_drive({"village": "Khadia"})
        self.env.invalidate_all()
        self.assertTrue(printed(self.surveyor).startswith(b"%PDF"))

    def test_other_roles(self):
        """All other roles read the bills of their offices."""
        everything = self.seen(self.env.user)
        self.assertLessEqual({"discom.bill", "discom.payment", "discom.notice"}, everything)
        for user in (self.counter, self.clerk, self.operator, self.manager, self.auditor):
            with self.subTest(user.login):
                self.assertEqual(self.seen(user), everything)
                self.assertTrue(self.dues(user)[1])
        self.assertFalse(self.seen(self.clerk_b))

    def test_own_area_while_the_drive_runs(self):
        drive = self.create_drive({"village": "Khadia"})
        self.assertEqual(self.seen(self.surveyor), self.seen(self.env.user))
        self.assertTrue(self.dues(self.surveyor)[0])
        drive.action_close()
        self.env.invalidate_all()
        self.assertFalse(self.seen(self.surveyor))

    def test_assigned_visit(self):
        """With the visit come the bills of this consumer, and the address; they go with it."""
        self.consumer.street = "House 7"
        self.notice.with_user(self.clerk)._assign(self.surveyor)
        self.env.invalidate_all()
        self.assertIn("discom.bill", self.seen(self.surveyor))
        self.assertEqual(
            self.consumer.with_user(self.surveyor).read(["street"])[0]["street"], "House 7"
        )
        self.notice.with_user(self.clerk)._assign(self.env["res.users"])
        self.env.invalidate_all()
        self.assertFalse(self.seen(self.surveyor))
        self.assertNotIn("7", self.consumer.with_user(self.surveyor).read(["street"])[0]["street"])
