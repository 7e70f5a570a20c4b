from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestSetup(WhatsappCommon):
    """The checklist of setting up: each step opens its screen, and turns green by itself."""

    def done(self, code, company=None):
        steps = self.env["discom.setup.step"].with_user(self.administrator)
        if company:
            self.administrator.company_ids |= company
            steps = steps.with_company(company)
        steps.invalidate_model()
        return steps.search([("code", "=", code)]).state == "done"

    def test_new_company_has_done_nothing(self):
        """Of a company that was just created no step is done, whatever another one has."""
        company = self.env["res.company"].create({"name": "New discom"})
        self.administrator.company_ids |= company
        steps = self.env["discom.setup.step"].with_user(self.administrator).with_company(company)
        self.assertEqual(steps._progress(), (0, len(steps.search([]))))

    def test_company(self):
        self.company.discom_upi_address = False
        self.assertFalse(self.done("company"))
        self.company.discom_upi_address = "uppcl@sbi"
        self.assertTrue(self.done("company"))

    def test_users(self):
        company = self.env["res.company"].create({"name": "New discom"})
        office = self.create_office("New division", "division", company_id=company.id)
        self.assertFalse(self.done("users", company))
        self.clerk.write({"company_ids": [(4, company.id)]})
        self.clerk.discom_office_ids |= office
        self.assertTrue(self.done("users", company))

    def test_number_and_webhook(self):
        """Connected counts, halted does not; the webhook counts once Meta has called it."""
        self.account.state = "connected"
        self.assertTrue(self.done("number"))
        self.account.state = "draft"
        self.assertFalse(self.done("number"))
        self.env["discom.whatsapp.account"].search([]).webhook_last_seen = False
        self.assertFalse(self.done("webhook"))
        self.account.webhook_last_seen = "2026-11-01 10:00:00"
        self.assertTrue(self.done("webhook"))

    def test_templates(self):
        """Both, for bills and for breakdowns, have to be approved."""
        templates = self.env["discom.whatsapp.template"]
        templates.search([]).status = "draft"
        self.create_template("step_bill", "bill", "नमस्ते {{name}}, आपका बिल तैयार है।")
        self.assertFalse(self.done("templates"))
        outage = self.create_template(
            "step_outage", "outage_unplanned", "नमस्ते {{name}}, आपूर्ति बंद है।"
        )
        self.assertTrue(self.done("templates"))
        outage.status = "paused"
        self.assertFalse(self.done("templates"))

    def test_test_message(self):
        """A test counts once WhatsApp has taken it."""
        self.clerk.partner_id.phone = "94150 77777"
        composer = self.compose(self.create_bill())
        self.assertFalse(self.done("test"))
        composer.action_send_test()
        self.assertFalse(self.done("test"))
        self.run_lane()
        self.assertTrue(self.done("test"))

    def test_every_step_opens_its_screen(self):
        steps = self.env["discom.setup.step"].with_user(self.administrator).search([])
        self.assertGreater(len(steps), 8)
        for step in steps:
            with self.subTest(step=step.code):
                action = step.action_open()
                self.env[action["res_model"]].with_user(self.administrator).check_access("read")
                self.assertIn(step.state, ("todo", "done"))
        company = steps.filtered(lambda step: step.code == "company").action_open()
        self.assertEqual(company["res_id"], self.company.id)

    def test_only_administrators(self):
        with self.assertRaises(AccessError):
            self.env["discom.setup.step"].with_user(self.manager).search([])
        with self.assertRaises(AccessError):
            Form(self.env["discom.setup.step"].with_user(self.administrator)).save()
