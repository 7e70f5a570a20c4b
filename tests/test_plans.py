from unittest.mock import Mock, patch

from odoo.tests import tagged

from ..dev.bench import client, plans
from ..dev.bench.client import Client
from ..models import whatsapp_metrics
from ..tools.search import search_code
from .common import DiscomCommon

#: Consumers, and bills of each: large enough that reading all of a table is told from a page.
CONSUMERS, MONTHS = 500, 12
PAGE = 20
#: Rows that a page may look at; the tables have six thousand.
MOST = 1_500
#: Rows that a look-up of single consumers may look at, of five hundred.
FEW_ROWS = 20
#: Lists whose every filter and search word is tried, by their action.
ACTIONS = ("discom.discom_bill_action", "discom.discom_whatsapp_message_action")


@tagged("post_install", "-at_install")
class TestPlans(DiscomCommon):
    """A page of a list reads its rows through indexes, whatever is filtered or searched.

    PostgreSQL counts the rows it looked at, so no clock is in it. Reading all of a table is made
    dear for it, as it is at full size.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(
            """
            INSERT INTO res_partner (
                name, complete_name, discom_consumer, discom_account_no, discom_office_id,
                discom_category_id, company_id, active, lang, type, partner_share, create_date)
            SELECT 'Consumer ' || n, 'Consumer ' || n, TRUE, (6100000000 + n)::text, %(office)s,
                   %(category)s, %(company)s, TRUE, 'en_IN', 'contact', TRUE, now()
              FROM generate_series(1, %(count)s) n
            """,
            {
                "office": cls.subdivision_a1.id,
                "category": cls.category.id,
                "company": cls.company.id,
                "count": CONSUMERS,
            },
        )
        cls.env.cr.execute(
            """
            INSERT INTO discom_bill (
                name, partner_id, account_no, office_id, category_id, company_id, currency_id,
                state, period, bill_date, due_date, months, amount_total, amount_due, is_latest,
                basis_id, create_date)
            SELECT 'PLAN' || p.id || '-' || m, p.id, p.discom_account_no, p.discom_office_id,
                   p.discom_category_id, p.company_id, %(currency)s,
                   CASE WHEN m > 0 OR mod(p.id, 3) > 0 THEN 'paid' ELSE 'overdue' END,
                   month.first, month.first, month.first + 15, 1, 100, 100, m = 0,
                   CASE WHEN mod(p.id, 10) = 0 THEN %(provisional)s ELSE %(basis)s END, now()
              FROM res_partner p
        CROSS JOIN generate_series(0, %(months)s - 1) m
        CROSS JOIN LATERAL (SELECT (date_trunc('month', now()) - make_interval(months => m))::date
                                AS first) month
             WHERE p.discom_account_no LIKE '61%%'
            """,
            {
                "currency": cls.env.ref("base.INR").id,
                "basis": cls.env.ref("discom.bill_basis_mu").id,
                "provisional": cls.env.ref("discom.bill_basis_prov").id,
                "months": MONTHS,
            },
        )
        cls.env.cr.execute(
            """
            INSERT INTO discom_whatsapp_message (
                key, direction, partner_id, office_id, phone, res_model, res_id, purpose, priority,
                state, create_date)
            SELECT gen_random_uuid()::text, 'out', partner_id, office_id,
                   '+91' || (7000000000 + partner_id), 'discom.bill', id, 'bill', 40,
                   CASE WHEN mod(id, 50) = 0 THEN 'failed' WHEN mod(id, 3) = 0 THEN 'skipped'
                        ELSE 'read' END, bill_date
              FROM discom_bill
             WHERE account_no LIKE '61%' AND NOT (is_latest AND mod(partner_id, 4) = 0)
            """
        )
        cls.env.cr.execute(
            "ANALYZE discom_office, res_partner, discom_bill, discom_whatsapp_message"
        )
        for setting in ("enable_seqscan = off", "random_page_cost = 1", "cpu_tuple_cost = 1"):
            cls.env.cr.execute(f"SET LOCAL {setting}")

    def pages(self, action, domain=None):
        """The list of an action as the manager opens it, with each filter and search word."""
        values = self.env.ref(action)._get_action_dict()
        values["views"] = [view for view in values["views"] if view[1] in ("list", "search")]
        values["domain"] = domain or values["domain"]
        for page in Client(self.env(user=self.manager)).action_pages(values, action):
            if page.kind in ("list", "filter", "search"):
                yield page

    def read_through_indexes(self, action, big, domain=None):
        """No page of an action looks at many rows of the tables in ``big``.

        :return: how many pages there were
        """
        tried = 0
        with (
            patch.object(client, "PAGE", PAGE),
            patch.object(client, "COUNT_LIMIT", PAGE),
            patch.object(client, "WORDS", ("610000012", "Consumer 123")),
        ):
            for page in self.pages(action, domain):
                self.env.invalidate_all()
                with plans.recorded(self.env.cr) as statements:
                    page.run()
                for statement in dict.fromkeys(statements):
                    with self.subTest(page.name, statement=statement[:2000]):
                        scans = plans.wasteful(self.env.cr, statement, big, MOST)
                        self.assertFalse(scans)
                tried += 1
        return tried

    def test_pages_read_through_indexes(self):
        big = {"discom_bill", "discom_whatsapp_message"}
        tried = sum(self.read_through_indexes(action, big) for action in ACTIONS)
        self.assertGreater(tried, 30)

    def test_statement_reads_its_consumer_alone(self):
        """Its page and the entries on it, which Odoo asks for by their ids as well."""
        self.env.cr.execute(
            """
            INSERT INTO discom_payment (
                reference, partner_id, account_no, office_id, company_id, currency_id, amount,
                date, mode, state, create_uid, create_date)
            SELECT 'PLAN' || id, partner_id, account_no, office_id, company_id, currency_id, 100,
                   bill_date + 10, 'counter', 'posted', %s, now()
              FROM discom_bill WHERE account_no LIKE '61%%'
            """,
            [self.env.uid],
        )
        self.env.cr.execute("ANALYZE discom_payment")
        self.env.invalidate_all()
        consumer = self.env["res.partner"].search([("discom_account_no", "=", "6100000123")])
        tried = self.read_through_indexes(
            "discom.discom_ledger_entry_action",
            {"discom_bill", "discom_payment"},
            f"[('partner_id', '=', {consumer.id})]",
        )
        self.assertGreater(tried, 3)

    def test_control_room_reads_through_indexes(self):
        """The control room looks at lakhs of bills and messages only where they wait."""
        room = self.env(user=self.manager)["discom.control.room"]
        room.figures()
        with plans.recorded(self.env.cr) as statements:
            room.figures()
        self.assertGreater(len(statements), 10)
        for statement in dict.fromkeys(statements):
            with self.subTest(statement=statement[:2000]):
                scans = plans.wasteful(
                    self.env.cr, statement, {"discom_bill", "discom_whatsapp_message"}, MOST
                )
                self.assertFalse(scans)

    def test_metrics_read_through_indexes(self):
        """A monitoring system asks every few seconds: what is counted ends at a limit, and the age
        of a queue is not looked for among all that wait."""
        account = self.env["discom.whatsapp.account"].create(
            {"name": "Plans", "phone_number_id": "1", "waba_id": "1", "state": "connected"}
        )
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message
               SET account_id = %(account)s, priority = 40 - mod(id, 3),
                   state = CASE WHEN mod(id, 3) = 2 THEN 'failed' ELSE 'queued' END,
                   failed_at = CASE WHEN mod(id, 3) = 2 THEN now() AT TIME ZONE 'UTC' END
             WHERE purpose = 'bill';
            INSERT INTO discom_whatsapp_event (account_id, payload, state, received_at)
            SELECT %(account)s, '{}', 'new', now() - interval '1 hour'
              FROM generate_series(1, %(events)s)
            """,
            {"account": account.id, "events": 2 * MOST},
        )
        self.env.cr.execute("ANALYZE discom_whatsapp_message, discom_whatsapp_event")
        metrics = self.env["discom.metrics"]
        with (
            patch.object(whatsapp_metrics, "COUNT_LIMIT", 100),
            plans.recorded(self.env.cr) as statements,
        ):
            text = metrics._render()
        self.assertIn('lane="bill",state="queued"} 100\n', text)
        self.assertGreater(len(statements), 4)
        big = {"discom_whatsapp_message", "discom_whatsapp_event"}
        for statement in dict.fromkeys(statements):
            with self.subTest(statement=statement[:2000]):
                self.assertFalse(plans.wasteful(self.env.cr, statement, big, MOST // 2))

    def test_inbound_messages_find_consumers_through_indexes(self):
        """Each batch of messages asks for account numbers of both systems."""
        self.env.cr.execute(
            "UPDATE res_partner SET discom_old_account_no = '48' || discom_account_no"
            " WHERE discom_account_no LIKE '61%'; ANALYZE res_partner"
        )
        self.env.invalidate_all()
        turns = [
            Mock(row={"text": text, "company": self.company})
            for text in ("6100000012", "486100000013", "no number")
        ]
        with plans.recorded(self.env.cr) as statements:
            found = self.env["discom.whatsapp.conversation"]._kyc_find(turns)
            # With the check digit of an Aadhaar number, which an old account number may have.
            self.env["discom.whatsapp.message"]._inbound_exempt(["2341 2341 2346"])
        names = [found[turn].discom_account_no for turn in turns]
        self.assertEqual(names, ["6100000012", "6100000013", False])
        asked = [text for text in statements if 'discom_old_account_no" IN' in text]
        self.assertEqual(len(asked), 2)
        self.reads_few_consumers(asked)

    def reads_few_consumers(self, statements):
        for statement in dict.fromkeys(statements):
            with self.subTest(statement=statement[:2000]):
                scans = plans.wasteful(self.env.cr, statement, {"res_partner"}, FEW_ROWS)
                self.assertFalse(scans)

    def test_codes_as_printed_are_found_through_indexes(self):
        self.env.cr.execute(
            """
            UPDATE res_partner
               SET discom_sc_no = 'SC-' || right(discom_account_no, 5) || '/' || mod(id, 7) + 10
             WHERE discom_account_no LIKE '61%'
            """
        )
        self.env.cr.execute("ANALYZE res_partner")
        self.env.invalidate_all()
        partners = self.env["res.partner"].with_user(self.manager)
        one = partners.search([("discom_account_no", "=", "6100000123")])
        printed = one.discom_sc_no
        for text in (printed, printed.replace("/", " "), printed.replace("-", " / ")):
            with plans.recorded(self.env.cr) as statements:
                found = partners._discom_search_first({search_code(text) or text: []})
            self.assertEqual(found, one.ids)
            self.assertTrue(statements)
            self.reads_few_consumers(statements)

    def test_numbers_to_review_are_looked_up_through_indexes(self):
        """Not all numbers are counted where one consumer gets another."""
        self.env.cr.execute(
            """
            UPDATE res_partner
               SET phone_sanitized = '+91' || (9415000000 + mod(id, 100)),
                   phone = 9415000000 + mod(id, 100),
                   discom_whatsapp_number = '+91' || (8415000000 + id)
             WHERE discom_account_no LIKE '61%'
            """
        )
        self.env.cr.execute("ANALYZE res_partner")
        self.env.invalidate_all()
        one = self.env["res.partner"].search([("discom_account_no", "=", "6100000123")])
        with plans.recorded(self.env.cr) as statements:
            one._discom_flag_numbers(one.ids, ["+918415000001"])
            one._discom_judge_numbers()
        self.assertEqual(len([text for text in statements if "judged" in text]), 2)
        self.reads_few_consumers(statements)

    def test_deleting_looks_through_indexes(self):
        """What may refer to a row of a table with lakhs is found by an index: PostgreSQL looks for
        it at each row that is deleted, Odoo at each consumer that is merged."""
        transient = {model._table for model in self.env.values() if model._transient}
        self.env.cr.execute(
            """
            SELECT con.conrelid::regclass::text, att.attname
              FROM pg_constraint con
              JOIN pg_attribute att ON att.attrelid = con.conrelid AND att.attnum = con.conkey[1]
             WHERE con.contype = 'f' AND con.conrelid::regclass::text LIKE 'discom%%'
               AND con.confrelid = ANY (%s::regclass[])
               AND NOT EXISTS (
                   SELECT FROM pg_index ind
                    WHERE ind.indrelid = con.conrelid AND ind.indkey[0] = att.attnum
                      AND (ind.indpred IS NULL OR pg_get_expr(ind.indpred, ind.indrelid)
                                                  = format('(%%I IS NOT NULL)', att.attname)))
            """,
            [["res_partner", "discom_bill", "discom_payment", "discom_whatsapp_message"]],
        )
        missing = {pair for pair in self.env.cr.fetchall() if pair[0] not in transient}
        self.assertFalse(missing)

    def test_reading_everything_is_seen(self):
        """The measure itself: a question without an index is found out."""
        scans = plans.wasteful(
            self.env.cr,
            "SELECT id FROM discom_bill WHERE amount_total > 1000000",
            {"discom_bill"},
            MOST,
        )
        self.assertEqual([scan.table for scan in scans], ["discom_bill"])
        self.assertGreaterEqual(scans[0].rows, CONSUMERS * MONTHS)
        self.assertFalse(
            plans.wasteful(
                self.env.cr,
                "SELECT id FROM discom_bill ORDER BY id LIMIT 20",
                {"discom_bill"},
                MOST,
            )
        )

    def test_box_finds_numbers_and_consumers(self):
        """A bill by its number, its account number or its consumer; wildcards are letters."""
        bills = self.env["discom.bill"].with_user(self.manager)

        def found(text):
            return bills.search([("number_search", "ilike", text)])

        one = found("plan")[:1]
        self.assertIn(one, found(one.name.lower()))
        self.assertEqual(set(found(one.account_no).mapped("account_no")), {one.account_no})
        self.assertEqual(len(found(one.account_no)), MONTHS)
        self.assertEqual(found("Consumer 123").mapped("partner_id.name"), ["Consumer 123"])
        self.assertFalse(found("61%12"))
        self.assertFalse(found("no such bill"))
        # Many consumers: the other way of looking.
        with patch("odoo.addons.discom.models.consumer_number_search.FEW_CONSUMERS", 10):
            self.assertEqual(len(found("Consumer")), CONSUMERS * MONTHS)
            self.assertEqual(found(one.name), one)
