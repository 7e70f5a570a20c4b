import time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..tools import template_text
from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappTemplate(WhatsappCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account.app_id = "300000000000001"
        cls.templates = cls.env["discom.whatsapp.template"]

    def setUp(self):
        super().setUp()
        self.simulator.reset()

    def draft(self, body="नमस्ते {{name}} जी, आपका बिल {{amount}} है। धन्यवाद।", **vals):
        """Create a template as an administrator types it, with sample values."""
        with Form(self.templates.with_user(self.administrator)) as form:
            form.name = vals.pop("name", "greeting")
            form.account_id = self.account
            for name, value in vals.items():
                form[name] = value
            form.body = body
        template = form.record
        for variable in template.variable_ids:
            variable.example = f"sample {variable.name}"
        return template

    def wait_for_review(self):
        """The simulator reviews without delay, but in its own process."""
        for _try in range(400):
            if all(t["status"] != "PENDING" for t in self.simulator.templates()):
                return
            time.sleep(0.05)
        self.fail("the simulator does not review")

    def at_meta(self, name):
        return [t for t in self.simulator.templates() if t["name"] == name]

    # === TEXT === #

    def test_variables_follow_the_text(self):
        """Typing a variable adds its sample line, removing it takes the line away."""
        with Form(self.templates) as form:
            form.name = "typed"
            form.body = "नमस्ते {{name}} जी, {{ amount }} बाकी है।"
            self.assertEqual(
                [line["name"] for line in form.variable_ids._records], ["name", "amount"]
            )
            with form.variable_ids.edit(1) as line:
                line.example = "₹5"
            form.body = "नमस्ते, {{amount}} और {{office}} है।"
        self.assertEqual(
            {v.name: v.example for v in form.record.variable_ids},
            {"amount": "₹5", "office": False},
        )

    def test_components_of_a_message(self):
        """The parts Meta wants for header, body, quick reply and address; static buttons none."""
        template = self.draft(header_type="document")
        template.button_ids = [
            (0, 0, {"type": "quick_reply", "text": "बंद", "payload": "STOP"}),
            (0, 0, {"type": "url", "text": "खोलें", "url": "https://uppcl.org/b/{{token}}"}),
            (0, 0, {"type": "url", "text": "साइट", "url": "https://uppcl.org"}),
            (0, 0, {"type": "phone", "text": "फ़ोन", "phone": "1912"}),
        ]
        values = {"name": "राम\n  प्रसाद\t", "amount": "₹5", "token": "a/b c"}
        self.assertEqual(
            template._components(values, "99", "bill.pdf"),
            [
                {
                    "type": "header",
                    "parameters": [
                        {"type": "document", "document": {"id": "99", "filename": "bill.pdf"}}
                    ],
                },
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "parameter_name": "name", "text": "राम प्रसाद"},
                        {"type": "text", "parameter_name": "amount", "text": "₹5"},
                    ],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "0",
                    "parameters": [{"type": "payload", "payload": "STOP"}],
                },
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "1",
                    "parameters": [{"type": "text", "text": "a%2Fb%20c"}],
                },
            ],
        )
        with self.assertRaisesRegex(template_text.MissingValueError, "amount"):
            template._components({"name": "राम", "amount": " \n", "token": "x"})

    def test_rendered_text_and_preview(self):
        """Values are put in and escaped; WhatsApp's marks become bold and the like."""
        template = self.draft("*{{name}}* का _बिल_ {{amount}} है।\n2 * 3 * 4", footer="1912")
        self.assertEqual(
            template._render_text({"name": "राम"}), "*राम* का _बिल_ {{amount}} है।\n2 * 3 * 4"
        )
        html = template._preview_html({"name": "<script>", "amount": "*5*"})
        self.assertIn("<strong>&lt;script&gt;</strong>", html)
        self.assertIn("<em>बिल</em>", html)
        self.assertIn("<br/>2 * 3 * 4", html)
        self.assertNotIn("<script>", html)

    def test_lint(self):
        """Every rule of Meta and of caution, by an example that breaks it and nothing else."""
        good = (
            "नमस्ते {{name}} जी, {{office}} से खाता {{account_last4}} का बिल {{amount}} है। "
            "माह {{period}} के भुगतान के लिए धन्यवाद। हम कभी OTP नहीं माँगते।"
        )
        bill = {"body": good, "purpose": "bill"}
        cases = [
            (bill, "", ""),
            ({"body": "{{name}} जी नमस्ते और आपका बहुत स्वागत है।"}, "neither begin nor end", ""),
            ({"body": "नमस्ते और आपका बहुत स्वागत है {{name}}"}, "neither begin nor end", ""),
            ({"body": "हम आपको यह बताते हैं {{name}} {{amount}} है।"}, "side by side", ""),
            ({"body": "नमस्ते {{name} जी।"}, "Braces", ""),
            ({"body": "नमस्ते {{Name}} जी, आपका स्वागत है।"}, "small letters", ""),
            ({"body": "अ {{name}} ब {{amount}} स"}, "too many", ""),
            ({"body": good + "\n\n\nअंत"}, "empty line", ""),
            ({"body": good + "x" * 1024}, "1,024", ""),
            ({"footer": "x" * 61}, "footer", ""),
            ({"footer": "{{name}} 1912"}, "footer", ""),
            ({"header_type": "text", "header_text": "x" * 61}, "header", ""),
            ({"header_type": "text", "header_text": "{{name}} और {{amount}}"}, "header", ""),
            ({"ttl_seconds": 5}, "Valid for", ""),
            ({"body": good + " फ़ोन 94150 12345 पर।"}, "", "94150 12345"),
            ({"body": good + " देखें https://bit.ly/x पर।"}, "", "bit.ly"),
            ({"body": good + " देखें https://uppcl.org.example.com/ पर।"}, "", "example.com"),
            ({"body": good + " देखें https://www.uppcl.org/bill पर।"}, "", ""),
            ({"body": good + " आज रात कटेगी।", "purpose": "bill"}, "", "आज रात"),
            ({"body": good + " कृपया OTP बताएँ।"}, "", "OTP"),
            ({"body": good + " हम कभी OTP नहीं माँगते।"}, "", ""),
            ({"body": good + " संख्या {{account_no}} है।"}, "", "account_no"),
            ({"body": good.replace("{{office}} से", ""), "purpose": "bill"}, "", "{{office}}"),
            ({"purpose": "outage_planned"}, "", "Valid for"),
            ({"body": good.replace("हम कभी OTP नहीं माँगते।", ""), "purpose": "bill"}, "", "never"),
            ({"body": good.replace("{{period}}", "नवंबर"), "purpose": "bill"}, "", "month"),
            ({"body": good + " आज ही 20% छूट पाएँ।"}, "", "छूट"),
            ({"body": good + " Limited time offer here."}, "", "offer"),
            ({"body": good + " भुगतान cheat@upi पर करें।"}, "", "cheat@upi"),
            ({"body": good + " अ" * 420}, "", ""),
            ({"body": good, "combined": True, "purpose": "bill"}, "", "{{accounts}}\n{{total}}"),
        ]
        template = self.draft(good)
        before = {
            "body": good,
            "footer": False,
            "header_type": "none",
            "header_text": False,
            "purpose": "other",
            "ttl_seconds": 0,
            "combined": False,
        }
        for values, error, warning in cases:
            with self.subTest(values):
                template.write(before | values)
                for variable in template.variable_ids:
                    variable.example = "x"
                for text, wanted in (
                    (template.lint_error, error),
                    (template.lint_warning, warning),
                ):
                    lines = (text or "").splitlines()
                    parts = wanted.split("\n") if wanted else []
                    self.assertEqual(len(lines), len(parts), text)
                    for line, part in zip(lines, parts, strict=True):
                        self.assertIn(part, line)

    def test_lint_of_buttons(self):
        """Meta's rules for buttons."""
        reply = {"type": "quick_reply", "text": "हाँ"}
        url = {"type": "url", "text": "खोलें", "url": "https://uppcl.org"}
        template = self.draft()
        for buttons, wanted in [
            ([reply, url, {**reply, "text": "नहीं"}], "together"),
            ([reply, reply], "same label"),
            ([{**reply, "text": "x" * 26}], "25"),
            ([{**url, "url": "uppcl.org"}], "https://"),
            ([{**url, "url": "https://uppcl.org/{{a}}/x"}], "very end"),
            ([{"type": "phone", "text": "फ़ोन", "phone": "abc"}], "digits only"),
            ([{**url, "text": str(i)} for i in range(3)], "At most ten"),
            ([reply, url], ""),
        ]:
            with self.subTest(wanted):
                template.button_ids = [(5, 0, 0), *[(0, 0, button) for button in buttons]]
                for variable in template.variable_ids:
                    variable.example = "x"
                self.assertIn(wanted, template.lint_error or "")
                if not wanted:
                    self.assertFalse(template.lint_error)

    def test_lint_follows_the_settings(self):
        """Official numbers and websites are the administrator's lists."""
        template = self.draft("नमस्ते, फ़ोन 94150 12345 या www.example.org देखें।")
        self.assertEqual(len(template.lint_warning.splitlines()), 2)
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("discom.official_phone_numbers", "1912, +91 9415012345")
        parameters.set_param("discom.official_hosts", "example.org")
        template.invalidate_recordset()
        self.assertFalse(template.lint_warning)

    # === META === #

    def test_submit_review_and_send(self):
        """From a typed text to a message that the simulator accepts."""
        template = self.draft()
        template.with_user(self.administrator).action_submit()
        self.assertEqual(template.status, "pending")
        self.assertTrue(template.wa_template_id)
        self.wait_for_review()
        template.with_user(self.administrator).action_sync()
        self.assertRecordValues(template, [{"status": "approved", "category": "UTILITY"}])
        self.assertTrue(template._is_sendable())
        status, _answer = self.simulator.send(
            {
                "to": "919415000001",
                "type": "template",
                "template": {
                    "name": template.name,
                    "language": {"code": template.wa_language},
                    "components": template._components({"name": "राम", "amount": "₹5"}),
                },
            }
        )
        self.assertEqual(status, 200)

    def test_what_lint_finds_is_not_submitted(self):
        """Meta is not asked for what it would refuse."""
        template = self.draft("{{name}} जी, नमस्ते और आपका बहुत स्वागत है।")
        with self.assertRaisesRegex(UserError, "neither begin nor end"):
            template.action_submit()
        self.assertFalse(self.at_meta("greeting"))

    def test_refusal_is_told(self):
        """Meta's own reason reaches the author."""
        self.draft().action_submit()
        again = self.draft(name="other_name")
        self.simulator.set_faults(
            [{"endpoint": "templates", "code": 100, "details": "Content in this language exists"}]
        )
        with self.assertRaisesRegex(UserError, "Content in this language exists"):
            again.action_submit()
        self.assertEqual(again.status, "draft")

    def test_rejection_and_second_try(self):
        """A rejected text shows why, is edited, and submitted again under the same name."""
        self.simulator.settings(template_reject=["greeting"])
        template = self.draft()
        template.action_submit()
        self.wait_for_review()
        template.action_sync()
        self.assertRecordValues(template, [{"status": "rejected"}])
        self.assertEqual(template.reject_reason, "INVALID_FORMAT")
        first_id = template.wa_template_id
        self.simulator.settings(template_reject=[])
        template.body = "नमस्ते {{name}} जी, आपका नया बिल {{amount}} है। धन्यवाद।"
        template.action_submit()
        self.wait_for_review()
        template.action_sync()
        self.assertRecordValues(template, [{"status": "approved", "wa_template_id": first_id}])
        self.assertIn("नया", self.at_meta("greeting")[0]["components"][0]["text"])

    def test_edit_of_an_approved_text(self):
        """An edited text is a draft again and cannot be sent; reading from Meta takes it back."""
        template = self.draft()
        template.action_submit()
        with self.assertRaisesRegex(UserError, "cannot be edited now"):
            template.body = "नमस्ते {{name}} जी, {{amount}} बाकी है। धन्यवाद।"
        self.wait_for_review()
        template.action_sync()
        approved = template.body
        with Form(template.with_user(self.administrator)) as form:
            form.body = "नमस्ते {{name}} जी, अब {{amount}} बाकी है। धन्यवाद।"
        self.assertEqual(template.status, "draft")
        self.assertFalse(template._is_sendable())
        self.account.action_sync_templates()
        self.assertEqual(template.status, "draft", "a sync of all keeps what is being edited")
        template.action_sync()
        self.assertRecordValues(template, [{"status": "approved", "body": approved}])
        template.button_ids = [(0, 0, {"type": "quick_reply", "text": "बंद", "payload": "STOP"})]
        self.assertEqual(template.status, "draft", "a button is part of the text")

    def test_name_of_a_known_template_is_fixed(self):
        """Meta knows a template by name and language: another name is another template."""
        template = self.draft()
        template.name = "better"
        template.action_submit()
        for values in ({"name": "best"}, {"lang": "en_IN"}, {"account_id": False}):
            with self.subTest(values), self.assertRaises(UserError):
                template.write(values)
        with self.assertRaises(UserError):
            template.unlink()
        for name in ("With Blank", "हिंदी", "a-b"):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.draft(name=name)

    def test_sync_reads_every_page(self):
        """All templates come, those new here are created, languages not used here are skipped."""
        self.simulator.add_templates(
            [
                {
                    "name": f"number_{index}",
                    "language": "bn" if index % 50 == 0 else "hi",
                    "category": "UTILITY",
                    "parameter_format": "NAMED",
                    "components": [
                        {
                            "type": "BODY",
                            "text": "नमस्ते {{name}} जी, आपका बहुत स्वागत है।",
                            "example": {
                                "body_text_named_params": [{"param_name": "name", "example": "राम"}]
                            },
                        },
                        {"type": "FOOTER", "text": "1912"},
                        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "ठीक"}]},
                    ],
                }
                for index in range(230)
            ]
        )
        counts = self.templates._sync_account(self.account)
        self.assertEqual((counts["created"], counts["skipped"]), (225, 5))
        template = self.templates.search([("name", "=", "number_229")])
        self.assertRecordValues(
            template, [{"status": "approved", "footer": "1912", "account_id": self.account.id}]
        )
        self.assertEqual(template.variable_ids.mapped("example"), ["राम"])
        self.assertEqual(template.button_ids.text, "ठीक")
        again = self.templates._sync_account(self.account)
        self.assertEqual((again["created"], again["updated"]), (0, 225))
        self.simulator.reset()
        self.templates._sync_account(self.account)
        self.assertEqual(template.status, "deleted")

    def test_standard_set(self):
        """One button gives a number the whole set in Hindi and English, approved, and only once."""
        blueprints = self.templates.search([("account_id", "=", False)])
        for template in blueprints:
            with self.subTest(template.display_name):
                self.assertFalse(template.lint_error)
                self.assertFalse(template.lint_warning)
        result = self.account.with_user(self.administrator).action_create_templates()
        self.assertEqual(result["params"]["type"], "success", result)
        self.wait_for_review()
        self.account.action_sync_templates()
        own = self.templates.search(
            [("account_id", "=", self.account.id), ("id", "!=", self.template.id)]
        )
        self.assertEqual(
            {(t.name, t.lang, t.purpose) for t in own},
            {(t.name, t.lang, t.purpose) for t in blueprints},
        )
        self.assertEqual(set(own.mapped("status")), {"approved"})
        for name in (
            "bill_issued",
            "bill_due_reminder",
            "bill_overdue",
            "outage_planned",
            "outage_unplanned",
            "outage_restored",
            "opt_out_confirmed",
            "kyc_welcome",
        ):
            self.assertEqual(
                set(own.filtered(lambda t, name=name: t.name == name).mapped("lang")),
                {"hi_IN", "en_IN"},
            )
        before = self.templates.search_count([])
        self.account.action_create_templates()
        self.assertEqual(self.templates.search_count([]), before)
        for number, template in enumerate(own.filtered(lambda t: t.header_type == "none")):
            with self.subTest(send=template.display_name):
                status, answer = self.simulator.send(
                    {
                        # One person would get too many within a moment.
                        "to": f"9194150000{number:02}",
                        "type": "template",
                        "template": {
                            "name": template.name,
                            "language": {"code": template.wa_language},
                            "components": template._components(template._examples()),
                        },
                    }
                )
                self.assertEqual(status, 200, answer)

    def test_standard_set_after_a_lost_database(self):
        """What Meta already has is adopted with purpose and buttons, not submitted twice."""
        self.account.action_create_templates()
        own = self.templates.search([("account_id", "=", self.account.id)])
        own.write({"wa_template_id": False})
        (own - self.template).unlink()
        self.account.action_create_templates()
        adopted = self.templates.search(
            [("account_id", "=", self.account.id), ("name", "=", "bill_overdue")]
        )
        self.assertEqual(set(adopted.mapped("purpose")), {"overdue"})
        self.assertEqual(set(adopted.button_ids.mapped("payload")), {"STOP"})

    def test_document_sample_needs_the_app(self):
        """A PDF header goes with a sample, uploaded to the app; without its ID the form says so."""
        template = self.draft(header_type="document")
        self.account.app_id = False
        with self.assertRaisesRegex(UserError, "App ID"):
            template.action_submit()
        self.account.app_id = "300000000000001"
        template.action_submit()
        header = self.at_meta("greeting")[0]["components"][0]
        self.assertTrue(header["example"]["header_handle"][0].startswith("4:"))

    def test_wrong_token_stops_the_set(self):
        """A fault of the account is told once, not once for each template."""
        self.account.access_token = "wrong"
        with self.assertRaisesRegex(UserError, "access token"):
            self.account.action_create_templates()

    def test_only_administrators_write_templates(self):
        """Clerks see what they send and change none of it."""
        template = self.template.with_user(self.clerk)
        self.assertTrue(template.body)
        with self.assertRaises(AccessError):
            template.body = "x"
        with self.assertRaises(AccessError):
            template.action_submit()
        account = self.account.with_user(self.clerk)
        for action in (
            account.action_create_templates,
            account.action_halt,
            account.action_subscribe_webhook,
            account.action_sync_templates,
            account.action_test_connection,
        ):
            with self.subTest(action.__name__), self.assertRaises(AccessError):
                action()
        self.assertFalse(self.simulator.templates())
