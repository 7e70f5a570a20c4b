from ast import literal_eval

from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestNetwork(DiscomCommon):
    def test_names_show_the_path(self):
        section = self.create_office("Section A11", "section", self.subdivision_a1)
        self.assertEqual(section.display_name, "Division A / Sub-division A1 / Section A11")
        self.assertEqual(self.discom.display_name, "Discom")
        self.assertEqual(
            self.transformer_a11.display_name, "Substation A / Feeder A1 / Transformer A11"
        )
        self.assertEqual(
            section.with_context(hierarchical_naming=False).display_name, "Section A11"
        )

    def test_no_loop(self):
        for node, child in (
            (self.division_a, self.subdivision_a1),
            (self.substation_a, self.transformer_a11),
            (self.feeder_a1, self.feeder_a1),
        ):
            with self.subTest(node=node.name), self.assertRaises(UserError):
                node.parent_id = child

    def test_levels(self):
        with self.assertRaisesRegex(ValidationError, "higher level"):
            self.create_office("Zone", "zone", self.division_a)
        with self.assertRaisesRegex(ValidationError, "higher level"):
            self.division_a.level = "section"

    def test_kinds(self):
        with self.assertRaisesRegex(ValidationError, "cannot be fed by"):
            self.create_asset("F", "feeder", self.division_a, self.transformer_a11)
        with self.assertRaisesRegex(ValidationError, "cannot be fed by"):
            self.feeder_a1.kind = "transformer"

    def test_codes_are_unique_per_company(self):
        other = self.env["res.company"].create({"name": "Other discom"})
        self.create_office("Discom", "discom", company_id=other.id)
        for model, values in (
            ("discom.office", {"level": "discom"}),
            ("discom.asset", {"kind": "substation", "office_id": self.division_a.id}),
        ):
            code = self.env[model].search([("company_id", "=", self.company.id)], limit=1).code
            with (
                self.subTest(model=model),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self.env[model].create({"name": "Twin", "code": code, **values})
        copied = self.division_a.copy()
        self.assertNotEqual(copied.code, self.division_a.code)

    def test_parent_of_another_company_refused(self):
        other = self.env["res.company"].create({"name": "Other discom"})
        with self.assertRaises(UserError):
            self.create_office("Division", "division", self.discom, company_id=other.id)

    def test_counts_include_what_is_below(self):
        self.create_consumer()
        self.create_consumer(discom_asset_id=self.feeder_a1.id)
        self.create_consumer(
            discom_asset_id=self.feeder_a2.id, discom_office_id=self.subdivision_a2.id
        )
        offices = self.division_a | self.subdivision_a1 | self.subdivision_a2 | self.division_b
        self.assertEqual(offices.mapped("consumer_count"), [3, 2, 1, 0])
        assets = self.substation_a | self.feeder_a1 | self.transformer_a11 | self.substation_b
        self.assertEqual(assets.mapped("consumer_count"), [3, 2, 1, 0])
        # The numbers are those of what the user may see.
        self.assertEqual(self.discom.with_user(self.clerk_b).consumer_count, 0)

    def test_counting_costs_the_same_for_many(self):
        self.create_consumer()
        offices = self.env["discom.office"].search([])
        one = self._queries(self.division_a)
        self.assertLessEqual(self._queries(offices), one)

    def _queries(self, offices):
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        offices.mapped("consumer_count")
        return self.cr.sql_log_count - before

    def test_moving_an_asset_moves_what_is_below(self):
        consumer = self.create_consumer()
        below_b = [("discom_asset_id", "child_of", self.substation_b.id)]
        self.assertNotIn(consumer, self.env["res.partner"].search(below_b))
        with Form(self.feeder_a1) as form:
            form.parent_id = self.substation_b
        self.assertIn(consumer, self.env["res.partner"].search(below_b))

    def test_who_changes_the_network(self):
        asset = {"name": "New", "code": "NEW", "kind": "substation"}
        Asset = self.env["discom.asset"]
        Asset.with_user(self.manager).create({**asset, "office_id": self.subdivision_a1.id})
        with self.assertRaises(AccessError):
            Asset.with_user(self.manager).create(
                {**asset, "code": "NEW2", "office_id": self.subdivision_b1.id}
            )
        with self.assertRaises(AccessError):
            self.substation_b.with_user(self.manager).name = "Mine"
        with self.assertRaises(AccessError):
            self.substation_a.with_user(self.operator).name = "Mine"
        with self.assertRaises(AccessError):
            self.division_a.with_user(self.manager).officer_name = "Somebody"
        self.division_b.with_user(self.administrator).officer_name = "Somebody"

    def test_search_offers_own_offices(self):
        """What stands in the search box of bills is what the user may find something of."""
        bills = self.env["discom.bill"].with_user(self.clerk)
        arch = etree.fromstring(bills.get_view(view_type="search")["arch"])
        [field] = arch.xpath("//search/field[@name='office_id']")
        domain = literal_eval(field.get("domain"))
        offered = [found[0] for found in bills.env["discom.office"].name_search("", domain)]
        own = self.env["discom.office"].search([("id", "child_of", self.division_a.id)])
        self.assertIn(self.subdivision_a1, own)
        self.assertEqual(self.env["discom.office"].browse(offered), own)
        offices = bills.env["discom.office"].search([])
        self.assertEqual(offices.filtered("is_own"), own)
        self.assertEqual(offices.search([("is_own", "=", False)]), offices - own)
