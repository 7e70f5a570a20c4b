from odoo.tests import tagged

from .test_bill import BillCommon


@tagged("post_install", "-at_install")
class TestWhatsappState(BillCommon):
    """Documents are found by the state of their newest message."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bills = {}
        for name, states in {
            "never": [],
            "waiting": ["queued"],
            "read": ["failed", "read"],
            "failed": ["read", "failed"],
            "requeued": ["failed", "queued"],
            "skipped": ["skipped"],
        }.items():
            bill = cls.bills[name] = cls.create_bill(cls.create_consumer())
            for state in states:
                cls.message(bill, state)
        # A trial to the own number is no sending.
        cls.message(cls.bills["never"], "read", purpose="test")
        cls.message(cls.bills["read"], "failed", purpose="test")
        cls.message(cls.bills["read"], "received", direction="in")

    @classmethod
    def message(cls, bill, state, **vals):
        return cls.env["discom.whatsapp.message"].create(
            {
                "res_model": "discom.bill",
                "res_id": bill.id,
                "partner_id": bill.partner_id.id,
                "purpose": "bill",
                "state": state,
                **vals,
            }
        )

    def found(self, operator, value):
        """Names of the bills that a list with this filter shows."""
        bills = self.env["discom.bill"].search(
            [
                ("id", "in", [bill.id for bill in self.bills.values()]),
                ("whatsapp_state", operator, value),
            ]
        )
        return {name for name, bill in self.bills.items() if bill in bills}

    def test_one_state(self):
        for value, names in (
            ("queued", {"waiting", "requeued"}),
            ("read", {"read"}),
            ("failed", {"failed"}),
            ("skipped", {"skipped"}),
            ("delivered", set()),
            (False, {"never"}),
        ):
            with self.subTest(value):
                self.assertEqual(self.found("=", value), names)

    def test_several_states(self):
        self.assertEqual(self.found("in", ["delivered", "read"]), {"read"})
        self.assertEqual(self.found("in", ["failed", "unknown"]), {"failed"})
        self.assertEqual(
            self.found("in", ["queued", "read", "failed"]),
            {"waiting", "requeued", "read", "failed"},
        )
        self.assertEqual(self.found("in", [False, "skipped"]), {"never", "skipped"})

    def test_other_than(self):
        """What a person chooses as *is not* and as *is set* in the filter of the list."""
        self.assertEqual(
            self.found("!=", "read"), {"never", "waiting", "failed", "requeued", "skipped"}
        )
        self.assertEqual(self.found("!=", False), set(self.bills) - {"never"})

    def test_follows_the_message(self):
        """The state is found as it is now, after a report and after a new try."""
        message = self.env["discom.whatsapp.message"].search(
            [("res_id", "=", self.bills["failed"].id)], limit=1
        )
        message.write({"state": "delivered"})
        self.assertEqual(self.found("=", "failed"), set())
        self.assertEqual(self.found("=", "delivered"), {"failed"})
