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
#: Buttons of forms and cards that ask nothing although their names sound like it.
OPENS_DIALOG = {
    "action_announce": "preview of the message",
    "action_announce_breakdown": "preview of the message",
    "action_apply_again": "does once more what was to be done",
    "action_cancel of discom.bill": "dialog for what is issued, question for the rest",
    "action_cancel of discom.outage": "dialog",
    "action_cancel of discom.payment": "dialog",
    "action_close of discom.whatsapp.conversation": "taken back by Reopen",
    "action_discom_erase": "dialog",
    "action_discom_kyc_events": "a list",
    "action_erase of discom.privacy.request": "dialog",
    "action_open_reject": "dialog",
    "action_pause": "taken back by Resume",
    "action_refuse of discom.export.request": "needs the reason first; asked anew",
    "action_reject of discom.notice.run": "given back, submitted anew",
    "action_reject of discom.payment.plan": "given back, submitted anew",
    "action_release": "dialog",
    "action_resume of discom.bill.run": "goes on where it broke off",
    "action_resume of discom.report.schedule": "taken back by Pause",
    "action_retry of discom.report.job": "makes a report once more",
    "action_run of discom.import": "the check has said what it changes",
    "action_send": "preview of the message",
    "action_send_bill": "preview of the message",
    "action_send_notices": "preview of the message",
    "action_send_overdue": "preview of the message",
    "action_send_receipt": "preview of the message",
    "action_send_reminders": "preview of the message",
    "action_send_test": "to the own phone",
    "action_submit of discom.notice.run": "to the manager, who gives it back",
    "action_submit of discom.payment.plan": "to the manager, who gives it back",
    "action_undo": "dialog",
}
#: What cannot be undone, or reaches somebody outside, is called so.
SERIOUS = re.compile(
    r"action_(announce|apply|approve|cancel|close|confirm|discom_(copy|erase|join|kyc|number)|dismiss|"
    r"divide|done|end|erase|halt|issue|publish|read_profile|refuse|reject|release|reset|resume|"
    r"retry|revoke|run$|send|solve|submit|sync$|texts|undo)"
)
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

    def test_serious_buttons(self):
        """What cannot be undone asks on forms and cards, too."""
        asked = 0
        for model, arch in self.views():
            if self.env[model]._transient:
                continue
            for button in arch.xpath("/form//button[@type='object'] | /kanban//button"):
                name = button.get("name") or ""
                if not SERIOUS.match(name):
                    continue
                if name in OPENS_DIALOG or f"{name} of {model}" in OPENS_DIALOG:
                    continue
                with self.subTest(model=model, button=name):
                    asked += 1
                    self.assertTrue(button.get("confirm"))
        self.assertGreater(asked, 30)

    def test_buttons_above_lists(self):
        """What is done to all that is selected asks before, with the number."""
        for model, arch in self.views():
            for button in arch.xpath("/list/header/button[@type='object']"):
                name = button.get("name")
                if name in HARMLESS or f"{name} of {model}" in HARMLESS:
                    continue
                with self.subTest(model=model, button=name):
                    self.assertIn("{records}", button.get("confirm", ""))

    def test_dialog_says_how_many(self):
        """Dialogs about what was selected count it, and name it only where it is little."""
        dialogs = [model for name, model in self.env.items() if getattr(model, "_many_field", None)]
        self.assertGreater(len(dialogs), 5)
        for model in dialogs:
            arch = etree.fromstring(model.get_view(view_type="form")["arch"])
            with self.subTest(model=model._name):
                self.assertTrue(arch.xpath("//field[@name='many_count'][not(@invisible)]"))
                (field,) = arch.xpath(f"//field[@name='{model._many_field}']")
                self.assertIn(field.get("invisible"), ("1", "True", "many_count > 10"))

    def test_names_of_many(self):
        """A refusal of many names the first few, and says how many more there are."""
        records = self.env["res.country"].search([], limit=5)
        first = ", ".join(records[:3].mapped("display_name"))
        self.assertEqual(records[:3]._discom_names(), first)
        self.assertEqual(records._discom_names(), f"{first} and 2 more")
