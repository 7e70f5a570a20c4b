import json
from pathlib import Path

from lxml import etree

from odoo.tests import BaseCase, tagged
from odoo.tools import file_path

from .common_axe import AxeCase
from .test_bill_page import BillPageCommon
from .test_whatsapp_service import OWNER, ServiceCommon

#: Runs axe-core on the whole page: of the page of a bill everything is ours.
LOOK = """
    axe.run(document, {runOnly: %(tags)s}).then(({violations}) => {
        if (violations.length) {
            console.error(JSON.stringify(violations.map(({id, nodes}) =>
                [id, nodes.map((node) => `${node.html} ${node.failureSummary}`)])));
        } else {
            console.log("test successful");
        }
    });
"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@tagged("post_install", "-at_install")
class TestAccessibility(AxeCase, ServiceCommon):
    """Screens meet WCAG AA; those of the main tasks are looked at in test_four_clicks."""

    def look(self, width):
        self.owner.discom_account_no = "7788990011"
        self.ask("where are you, my meter burns", phone=OWNER)
        self.browser_size, self.touch_enabled = f"{width}x844", width < 600
        self.start_tour("/odoo", "discom_accessible", login="test_administrator", timeout=180)

    def test_axe_is_here(self):
        """Without axe-core the steps of the tours would look at nothing."""
        if not self.axe:
            self.skipTest("axe-core is not here; make test fetches it")

    def test_barriers_are_found(self):
        if self.axe:
            self.start_tour("/odoo", "discom_accessible_not", login="test_clerk")

    def test_at_a_desk(self):
        self.look(1280)

    def test_on_a_phone(self):
        self.look(390)


@tagged("post_install", "-at_install")
class TestBillPageAccessibility(AxeCase, BillPageCommon):
    """The page of a bill, which consumers open from WhatsApp."""

    browser_size = "390x844"
    touch_enabled = True

    def test_page_of_a_bill(self):
        if not self.axe:
            self.skipTest("axe-core is not here; make test fetches it")
        # The page lets no script in; the browser's own console may look all the same.
        self.browser_js(self.path(), code=self.axe + LOOK % {"tags": json.dumps(TAGS)})


@tagged("post_install", "-at_install")
class TestKeyboard(BaseCase):
    """What a mouse can click in our own components, the Tab key reaches."""

    def elements(self):
        for path in Path(file_path("discom/static/src")).rglob("*.xml"):
            for element in etree.parse(path).iter("{*}*"):
                yield path.name, element

    def test_clicks_are_on_what_takes_the_focus(self):
        clicked = 0
        for name, element in self.elements():
            if "t-on-click" in element.attrib:
                clicked += 1
                with self.subTest(file=name, line=element.sourceline):
                    self.assertIn(element.tag, ("button", "a", "select", "input"))
                    self.assertNotEqual(element.get("tabindex"), "-1")
        self.assertGreater(clicked, 30)

    def test_only_fields_with_a_number_key_are_passed_over(self):
        for name, element in self.elements():
            if element.get("tabindex") == "-1":
                with self.subTest(file=name, line=element.sourceline):
                    group = next(element.iterancestors("fieldset"))
                    self.assertEqual((group.get("tabindex"), element.tag), ("0", "input"))
                    self.assertTrue(group.findall(".//kbd"))
