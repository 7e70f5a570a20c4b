from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_import import ImportCommon

PAYMENTS = "reference,account_no,date,amount,mode\n"


@tagged("post_install", "-at_install")
class TestImportRights(ImportCommon):
    """An import does what its user may do, whatever the call says."""

    def test_context_names_no_other_user(self):
        imports = self.env["discom.import"].with_user(self.clerk)
        for name, value in (("state", "running"), ("user_id", self.administrator.id)):
            forged = imports.with_context(**{f"default_{name}": value})
            with self.subTest(name), self.assertRaises(UserError):
                forged.create({"kind": "payment", "file": b"eA==", "filename": "x.csv"})

    def test_office_of_somebody_else(self):
        imports = self.env["discom.import"].with_user(self.clerk)
        with self.assertRaises(ValidationError):
            imports.create(
                {"kind": "payment", "file": b"eA==", "office_id": self.subdivision_b1.id}
            )

    def test_import_of_another_office(self):
        job = self.upload("payment", PAYMENTS, user=self.clerk).with_user(self.clerk_b)
        for attempt in (
            lambda: job.read(["file", "findings"]),
            job.action_check,
            job.action_run,
            job.action_stop,
            job.action_retry,
        ):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                attempt()
        attachment = job.sudo()._attachment()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            attachment.with_user(self.clerk_b).read(["raw"])
