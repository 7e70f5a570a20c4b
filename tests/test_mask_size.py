"""Masks cost a few queries more for a list, however long it is."""

from odoo.tests import tagged

from odoo.addons.mail.tools.discuss import Store

from ..tools.personal import SIGN
from .common_mask import PERSONAL, MaskCommon

#: Rows of a page of the web client, and half of them.
SIZES = (40, 80)


@tagged("post_install", "-at_install")
class TestMaskSize(MaskCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.discom_export_rows = 10_000
        cls.consumers = cls.env["res.partner"].union(
            *(
                cls.create_consumer(
                    phone=f"+9194153{n:05}",
                    street=f"House {n}",
                    email=f"c{n}@example.org",
                    # Every second one in the area of the surveyor.
                    discom_village=("Khadia", "Bina")[n % 2],
                )
                for n in range(SIZES[-1])
            )
        )
        cls.calls = cls.env["discom.outage.call"].create(
            [{"partner_id": consumer.id} for consumer in cls.consumers]
        )
        cls.messages = cls.env["mail.message"].create(
            [
                {
                    "model": "res.partner",
                    "res_id": consumer.id,
                    "author_id": consumer.id,
                    "email_from": consumer.email,
                    "incoming_email_to": consumer.email,
                    "message_type": "email",
                    "body": "x",
                }
                for consumer in cls.consumers
            ]
        )
        cls.create_drive({"village": "Khadia"})
        for user in (cls.auditor, cls.surveyor, cls.operator):
            user.group_ids += cls.env.ref("base.group_allow_export")
        cls.env.flush_all()

    def doors(self, user, size):
        """{name: function} of what reads so many records as a user."""
        env = self.env(user=user)
        partners = env["res.partner"]
        domain = [("id", "in", self.consumers[:size].ids)]
        view = partners.get_view(self.env.ref("discom.discom_consumer_view_list").id, "list")
        fields_ = view["models"]["res.partner"]
        names = [name for name in fields_ if name in partners._fields]
        spec = {name: {} for name in {*names, *PERSONAL, "discom_masked"}}
        calls = {"partner_id": {"fields": {name: {} for name in PERSONAL}}, "account_no": {}}
        called = [("partner_id", "in", self.consumers[:size].ids)]
        columns = ["name", *PERSONAL, "child_ids/phone"]
        messages = self.messages[:size].with_user(user)
        return {
            "list": lambda: partners.web_search_read(domain, spec, limit=size),
            "calls": lambda: env["discom.outage.call"].web_search_read(called, calls, limit=size),
            "export": lambda: partners.browse(domain[0][2]).export_data(columns),
            "chatter": lambda: Store().add(messages).get_result(),
        }

    def test_queries_do_not_grow(self):
        for user in (self.auditor, self.surveyor, self.operator):
            queries = {}
            for size in SIZES:
                for name, door in self.doors(user, size).items():
                    door()  # what is remembered for all: rights, offices, views
                    self.env.invalidate_all()
                    before = self.cr.sql_log_count
                    text = str(door())
                    queries.setdefault(name, []).append(self.cr.sql_log_count - before)
                    self.assertIn(SIGN, text, name)
            for name, (half, whole) in queries.items():
                with self.subTest(user=user.login, door=name, queries=(half, whole)):
                    # Odoo itself reads in portions.
                    self.assertLessEqual(whole, half + 2)
                    self.assertLess(whole, 60)
