import re

from lxml import etree

from odoo.tests import TransactionCase, tagged

#: Buttons above a list that ask nothing: they open a dialog that says how many it is about, or
#: what they do can be taken back where it was done.
HARMLESS = {
    "action_announce": "preview of the message",
    "action_apply_again": "does once more what was to be done",
    "action_assign": "dialog",
    "action_assign_to_me": "taken back by assigning anew",
    "action_cancel of discom.outage": "dialog, with the number of those who are told",
    "action_change_time": "dialog",
    "action_check": "looks only",
    "action_discom_number_family": "taken back by the same button",
    "action_create_usual": "of no selection, and asks",
    "action_dry_run": "counts only",
    "action_exclude": "dialog",
    "action_include": "taken back by Take out",
    "action_open_hand_over": "dialog",
    "action_release": "dialog",
    "action_report_outage": "form of a draft",
    "action_report_outage_here": "form of a draft",
    "action_restored": "dialog",
    "action_send_bill": "preview of the message",
    "action_send_overdue": "preview of the message",
    "action_send_receipt": "preview of the message",
    "action_serve": "dialog",
    "action_start": "taken up, which everybody may",
}
WORDS = re.compile(r"[a-z_]+")


@tagged("post_install", "-at_install")
class TestConfirm(TransactionCase):
    """Questions before something that cannot be undone name the number of records."""

    def views(self):
        """Yield model and arch of the views of the add-on, as they are shown."""
        data = self.env["ir.model.data"].search(
            [("module", "=", "discom"), ("model", "=", "ir.ui.view")]
        )
        views = self.env["ir.ui.view"].browse(data.mapped("res_id")).exists()
        for view in views.filtered(lambda view: view.model and view.mode == "primary"):
            if view.type in ("form", "list", "kanban"):
                arch = self.env[view.model].get_view(view.id, view.type)["arch"]
                yield view.model, etree.fromstring(arch)

    def test_numbers_are_known(self):
        """What a question names in braces is a field of that view, or the number selected."""
        asked = 0
        for model, arch in self.views():
            known = {field.get("name") for field in arch.iter("field")}
            if arch.tag == "list":
                known = {"records"}
            for button in arch.xpath("//button[@confirm]"):
                for expression in re.findall(r"\{([^{}]+)\}", button.get("confirm")):
                    asked += 1
                    with self.subTest(model=model, button=button.get("name")):
                        self.assertLessEqual(set(WORDS.findall(expression)), known)
        self.assertGreater(asked, 20)

    def test_buttons_above_lists(self):
        """What is done to all that is selected asks before, with the number."""
        for model, arch in self.views():
            for button in arch.xpath("/list/header/button[@type='object']"):
                name = button.get("name")
                if name in HARMLESS or f"{name} of {model}" in HARMLESS:
                    continue
                with self.subTest(model=model, button=name):
                    self.assertIn("{records}", button.get("confirm", ""))
