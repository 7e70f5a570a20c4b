from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import DiscomCommon

SPEC = {name: {} for name in ("name", "account_no", "number", "guardian_name", "meter_no")}


@tagged("post_install", "-at_install")
class TestNamedRecords(DiscomCommon):
    """Whoever names a record of another office in a form or dialog learns nothing of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.create_consumer(
            name="Foreign", discom_office_id=cls.subdivision_a2.id, discom_meter_no="GE99"
        )
        cls.stranger = cls.create_user(
            "stranger_a1",
            "group_field_surveyor,discom.group_counter_clerk",
            cls.subdivision_a1,
        )

    def test_dialog(self):
        """The form for the door is anybody's to make: not for somebody else's consumer."""
        doors = self.env["discom.kyc.door"].with_user(self.stranger)
        values = {"partner_id": self.foreign.id, "outcome": "closed"}
        own = self.create_consumer(name="Own", discom_office_id=self.subdivision_a1.id)
        with self.assertRaises(AccessError):
            doors.web_save(values, SPEC)
        with self.assertRaises(AccessError):
            doors.with_context(default_partner_id=self.foreign.id).create({"outcome": "closed"})
        door = doors.create({**values, "partner_id": own.id})
        self.assertEqual(door.name, "Own")
        with self.assertRaises(AccessError):
            door.write({"partner_id": self.foreign.id})

    def test_form(self):
        """Nor by what a form fills in, however the record is named."""
        for model, spec in (
            ("discom.kyc.door", SPEC),
            ("discom.complaint", {"account_no": {}, "office_id": {}}),
        ):
            records = self.env[model].with_user(self.stranger)
            for value in (self.foreign.id, {"id": self.foreign.id}):
                with self.subTest(model=model, value=value), self.assertRaises(AccessError):
                    records.onchange({"partner_id": value}, ["partner_id"], spec)
            named = records.with_context(default_partner_id=self.foreign.id)
            with self.subTest(model=model), self.assertRaises(AccessError):
                named.onchange({}, [], {**spec, "partner_id": {}})
