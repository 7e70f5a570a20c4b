from unittest.mock import patch

from odoo.tests import tagged

from ..dev.bench import plans
from ..dev.bench.client import Client
from .common import DiscomCommon

CONSUMERS = 300
#: Rows that a page of twenty may look at, of 900 of each division.
MOST = 150


@tagged("post_install", "-at_install")
class TestNetworkPage(DiscomCommon):
    """Pages of those who see some offices of many, where the newest rows are those of others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Division B last, and all of the same months.
        for office in (cls.subdivision_a1, cls.subdivision_a2, cls.subdivision_b1):
            cls._fill(office)
        cls.env.cr.execute(
            "ANALYZE discom_office, res_partner, discom_bill, discom_payment,"
            " discom_whatsapp_message"
        )
        for setting in ("enable_seqscan = off", "random_page_cost = 1", "cpu_tuple_cost = 1"):
            cls.env.cr.execute(f"SET LOCAL {setting}")

    @classmethod
    def _fill(cls, office):
        values = {
            "office": office.id,
            "category": cls.category.id,
            "company": cls.company.id,
            "currency": cls.env.ref("base.INR").id,
            "basis": cls.env.ref("discom.bill_basis_prov").id,
            "count": CONSUMERS,
            "user": cls.env.uid,
        }
        cls.env.cr.execute(
            """
            WITH consumer AS (
                INSERT INTO res_partner (
                    name, complete_name, discom_consumer, discom_account_no, discom_office_id,
                    discom_category_id, company_id, active, lang, type, partner_share, create_date)
                SELECT 'Page ' || n, 'Page ' || n, TRUE, (62::bigint * 10^8 + %(office)s * 1000 + n)
                       ::bigint::text, %(office)s, %(category)s, %(company)s, TRUE, 'en_IN',
                       'contact', TRUE, now()
                  FROM generate_series(1, %(count)s) n
             RETURNING id, discom_account_no
            ), bill AS (
                INSERT INTO discom_bill (
                    name, partner_id, account_no, office_id, category_id, company_id, currency_id,
                    state, period, bill_date, due_date, months, amount_total, amount_due,
                    is_latest, basis_id, create_date)
                SELECT 'PAGE' || id || '-' || m, id, discom_account_no, %(office)s, %(category)s,
                       %(company)s, %(currency)s, 'issued', month.first, month.first,
                       month.first + 15, 1, 100, 100, m = 0, %(basis)s, now()
                  FROM consumer CROSS JOIN generate_series(0, 2) m
            CROSS JOIN LATERAL (SELECT (date_trunc('month', now()) - make_interval(months => m))
                                       ::date AS first) month
              ORDER BY m DESC, id
             RETURNING id, partner_id, account_no, period
            ), payment AS (
                INSERT INTO discom_payment (
                    reference, partner_id, account_no, office_id, company_id, currency_id, amount,
                    date, mode, state, create_uid, create_date)
                SELECT 'PAGE' || id, partner_id, account_no, %(office)s, %(company)s, %(currency)s,
                       100, period, 'counter', 'posted', %(user)s, now()
                  FROM bill
            )
            INSERT INTO discom_whatsapp_message (
                key, direction, partner_id, office_id, phone, res_model, res_id, purpose, priority,
                state, create_date)
            SELECT gen_random_uuid()::text, 'out', partner_id, %(office)s,
                   '+91' || (7000000000 + partner_id), 'discom.bill', id, 'bill', 40, 'read', period
              FROM bill
            """,
            values,
        )

    def records(self, model, user=None):
        return self.env[model].with_user(user or self.manager)

    def page(self, model, domain, limit=20, offset=0, user=None):
        """Ids of a page as the web client asks for it."""
        self.env.invalidate_all()
        found = self.records(model, user).web_search_read(
            domain, {"display_name": {}}, offset=offset, limit=limit, count_limit=10
        )
        return [record["id"] for record in found["records"]]

    def plain(self, *arguments, **options):
        with patch(
            "odoo.addons.discom.models.network_page_mixin.DiscomOfficePageMixin._page_offices",
            lambda model, _domain: model.env["discom.office"],
        ):
            return self.page(*arguments, **options)

    def test_page_looks_at_own_offices_alone(self):
        month = self.env["discom.bill"].search([("name", "=like", "PAGE%")], limit=1).period
        for model, table, domain in (
            ("discom.bill", "discom_bill", []),
            ("discom.bill", "discom_bill", [("period", ">=", str(month))]),
            ("discom.bill", "discom_bill", [("is_latest", "=", True), ("state", "=", "issued")]),
            ("discom.bill", "discom_bill", [("office_id", "child_of", self.division_a.ids)]),
            ("discom.payment", "discom_payment", []),
            ("discom.whatsapp.message", "discom_whatsapp_message", []),
        ):
            with self.subTest(model, domain=domain):
                self.assertEqual(len(self.page(model, domain)), 20)
                self.assertFalse(self.looked_at(self.page, model, table, domain))
                self.assertTrue(self.looked_at(self.plain, model, table, domain))

    def looked_at(self, page, model, table, domain):
        """Scans of a page that look at many rows."""
        with plans.recorded(self.env.cr) as statements:
            page(model, domain)
        return [
            scan
            for statement in dict.fromkeys(statements)
            for scan in plans.wasteful(self.env.cr, statement, {table}, MOST)
        ]

    def test_pages_are_those_of_plain_search(self):
        bills = self.env["discom.bill"].search([("name", "=like", "PAGE%")])
        month, one = bills[0].period, self.category.id
        for model, domain, options in (
            ("discom.bill", [], {}),
            ("discom.bill", [], {"offset": 590, "limit": 40}),
            ("discom.bill", [], {"offset": 40, "user": self.clerk_b}),
            ("discom.bill", [("period", "<", str(month))], {"offset": 20}),
            ("discom.bill", [("period", "=", str(month))], {"limit": 1000}),
            ("discom.bill", [("office_id", "=", self.subdivision_a2.id)], {}),
            ("discom.bill", [("office_id", "child_of", self.subdivision_a1.ids)], {"offset": 880}),
            ("discom.bill", ["|", ("is_latest", "=", True), ("state", "=", "issued")], {}),
            ("discom.bill", [("is_latest", "in", [True]), ("state", "=", "issued")], {}),
            ("discom.bill", [("is_latest", "!=", True), ("category_id", "in", [one])], {}),
            ("discom.bill", [("basis_id.is_actual", "=", False)], {"offset": 20}),
            (
                "discom.bill",
                [["line_ids", "not any", [["amount", ">=", 1], ["amount", "<", 9]]]],
                {},
            ),
            ("discom.bill", [("office_id", "ilike", "A2")], {}),
            ("discom.bill", [("office_id", "in", [self.subdivision_a2.id])], {"offset": 20}),
            ("discom.payment", [("date", ">=", str(month))], {"offset": 280, "limit": 40}),
            ("discom.whatsapp.message", [], {"offset": 595, "limit": 10}),
        ):
            with self.subTest(model, domain=domain, **options):
                found = self.page(model, domain, **options)
                self.assertTrue(found)
                self.assertEqual(found, self.plain(model, domain, **options))

    def test_closed_offices_and_many_offices(self):
        self.subdivision_a2.active = False
        found = self.page("discom.bill", [])
        self.assertEqual(found, self.plain("discom.bill", []))
        offices = self.records("discom.bill").browse(found).office_id
        self.assertIn(self.subdivision_a2, offices.with_context(active_test=False))
        self.manager.discom_office_ids = self.discom
        expected = self.plain("discom.bill", [])
        self.assertEqual(self.page("discom.bill", []), expected)
        with patch("odoo.addons.discom.models.network_page_mixin.MOST_OFFICES", 2):
            self.assertEqual(self.page("discom.bill", []), expected)

    def test_no_offset(self):
        """Odoo takes no offset for none."""
        bills = self.records("discom.bill")
        self.assertEqual(bills.search([], offset=None, limit=5), bills.search([], limit=5))

    def test_offices_of_a_company_not_chosen(self):
        """Rules look at all companies of a user, whichever is chosen, and so does a page."""
        other = self.env["res.company"].create({"name": "Other discom"})
        office = self.create_office("Other division", "division", company_id=other.id)
        self.manager.write({"company_ids": [(4, other.id)], "discom_office_ids": [(4, office.id)]})
        bill = self.env["discom.bill"].search([("name", "=like", "PAGE%")], limit=1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE discom_bill SET office_id = %s, company_id = %s WHERE id = %s",
            [office.id, other.id, bill.id],
        )
        self.env = self.env(context={**self.env.context, "allowed_company_ids": self.company.ids})
        found = self.page("discom.bill", [], limit=1000)
        self.assertIn(bill.id, found)
        self.assertEqual(found, self.plain("discom.bill", [], limit=1000))

    def test_field_staff_and_single_consumers_are_asked_for_as_ever(self):
        bill = self.env["discom.bill"].search([("name", "=like", "PAGE%")], limit=1)
        for user, domain in (
            (self.surveyor, []),
            (self.manager, [("partner_id", "=", bill.partner_id.id), ("is_latest", "=", True)]),
            (self.manager, [("state", "=", "issued")]),
        ):
            with self.subTest(user.login, domain=domain):
                with plans.recorded(self.env.cr) as statements:
                    self.page("discom.bill", domain, user=user)
                self.assertFalse(any("UNION ALL" in statement for statement in statements))

    def test_nobody_sees_more(self):
        for user in (self.counter, self.clerk_b, self.auditor):
            with self.subTest(user.login):
                own = self.division_b if user == self.clerk_b else self.division_a
                found = self.records("discom.bill", user).browse(
                    self.page("discom.bill", [], user=user)
                )
                self.assertTrue(found)
                self.assertEqual(found.office_id.parent_id, own)
        self.clerk_b.discom_office_ids = False
        self.assertFalse(self.page("discom.bill", [], user=self.clerk_b))

    def test_open_list(self):
        """The page of the menu is one of those read by offices."""
        action = self.env.ref("discom.discom_bill_action")._get_action_dict()
        action["views"] = [view for view in action["views"] if view[1] in ("list", "search")]
        page = next(Client(self.env(user=self.manager)).action_pages(action, "Bills"))
        with plans.recorded(self.env.cr) as statements:
            page.run()
        self.assertTrue(any("UNION ALL" in statement for statement in statements))
