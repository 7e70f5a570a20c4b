from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestHindi(TransactionCase):
    """Who works in Hindi reads Hindi: names of records that have one, menus, units."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("hi_IN")
        cls.env["ir.module.module"].search([("name", "=", "discom")])._update_translations("hi_IN")

    def test_names(self):
        """A category, basis, reason or scheme is called by its Hindi name, and found by either."""
        reason = self.env.ref("discom.outage_reason_fault")
        category = self.env.ref("discom.category_lmv_5")
        basis = self.env.ref("discom.bill_basis_mu")
        scheme = self.env["discom.scheme"].create(
            {
                "name": "Relief",
                "name_hi": "राहत योजना",
                "date_from": "2026-11-01",
                "date_to": "2026-11-30",
                "source": "invented",
            }
        )
        for record, hindi, english in (
            (reason, "विद्युत लाइन में खराबी", "Fault in the supply line"),
            (category, "LMV-5 निजी नलकूप", "LMV-5 Private tube wells"),
            (basis, "MU · मीटर रीडिंग", "MU · Meter reading"),
            (scheme, "राहत योजना", "Relief"),
        ):
            with self.subTest(model=record._name):
                self.assertEqual(record.with_context(lang="hi_IN").display_name, hindi)
                self.assertEqual(record.with_context(lang="en_US").display_name, english)
                for words in (record.name, record.name_hi):
                    found = [id_ for id_, _name in record.name_search(words)]
                    self.assertIn(record.id, found)

    def test_names_in_the_trees(self):
        """Offices and assets are called by their Hindi names, with the path to them or without."""
        named = {"name": "Rihand", "name_hi": "रिहंद", "code": "TEST RIHAND"}
        office = self.env["discom.office"].create({**named, "level": "zone"})
        asset = self.env["discom.asset"].create(
            {**named, "kind": "substation", "office_id": office.id}
        )
        for node in (office, asset):
            with self.subTest(model=node._name):
                bare = node.with_context(hierarchical_naming=False)
                self.assertEqual(bare.with_context(lang="hi_IN").display_name, "रिहंद")
                self.assertEqual(bare.with_context(lang="en_US").display_name, "Rihand")
                self.assertEqual(node.with_context(lang="hi_IN").display_name, "रिहंद")
                node.name_hi = False
                self.assertEqual(node.with_context(lang="hi_IN").display_name, "Rihand")

    def test_menus(self):
        """No menu of the add-on is left in English but for names that are the same in Hindi."""
        menus = self.env["ir.model.data"].search(
            [("module", "=", "discom"), ("model", "=", "ir.ui.menu")]
        )
        menus = self.env["ir.ui.menu"].browse(menus.mapped("res_id"))
        hindi = {menu.id: menu.name for menu in menus.with_context(lang="hi_IN")}
        same = [
            menu.name for menu in menus.with_context(lang="en_US") if menu.name == hindi[menu.id]
        ]
        self.assertEqual(set(same), {"KYC"})

    def test_filters(self):
        """Names of filters are not translated: they have both languages."""
        filters = self.env["ir.model.data"].search(
            [("module", "=", "discom"), ("model", "=", "ir.filters")]
        )
        names = self.env["ir.filters"].browse(filters.mapped("res_id")).mapped("name")
        self.assertGreater(len(names), 5)
        for name in names:
            self.assertRegex(name, r"^[^/]*[\u0904-\u0939][^/]* / [A-Z][ -.0-~]+$")

    def test_units(self):
        """The figures of the tariff have their unit in the user's language."""
        days = self.env["discom.tariff.value"].new({"kind": "due_days"})
        self.assertEqual(days.with_context(lang="hi_IN").unit, "दिन")
        self.assertEqual(days.with_context(lang="en_US").unit, "days")
