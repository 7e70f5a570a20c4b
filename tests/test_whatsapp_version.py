import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappVersion(WhatsappCommon):
    """What a consumer read stays what he read; values come from what the document declares."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.create_bill()

    def edit(self, body):
        """Edit the approved text and let Meta approve the new one."""
        self.template.body = body
        self.template.with_context(whatsapp_from_meta=True).status = "approved"
        self.template._keep_version()

    def test_messages_keep_the_text_they_were_sent_with(self):
        first = self.messages(self.send(self.bill))
        self.run_lane()
        text = first.text
        self.assertEqual(first.version_id.number, 1)
        self.edit("नमस्ते {{name}} जी, नया पाठ: आपका बिल {{amount}} है। धन्यवाद।")
        first.invalidate_recordset()
        self.assertEqual(first.text, text)
        second = self.messages(self.send(self.bill, resend=True))
        self.assertEqual(second.version_id.number, 2)
        self.assertIn("नया पाठ", second.text)
        self.template.invalidate_recordset()
        self.assertEqual(self.template.version_ids.mapped("number"), [2, 1])
        action = first.version_id.action_open_messages()
        self.assertIn(first, first.search(action["domain"]))
        self.assertEqual(first.version_id.message_count, 1)

    def test_what_waits_leaves_with_the_text_that_is_at_meta(self):
        """A message queued before an edit waits for the approval and then shows the new text."""
        message = self.messages(self.send(self.bill))
        self.template.wa_template_id = "1"
        self.template.body = "नमस्ते {{name}} जी, नया पाठ: आपका बिल {{amount}} है। धन्यवाद।"
        self.assertEqual(self.template.status, "draft")
        self.run_lane()
        self.assertEqual(message.state, "queued")
        self.template.with_context(whatsapp_from_meta=True).status = "approved"
        self.template._keep_version()
        message.invalidate_recordset()
        self.assertEqual(message.version_id, self.template.version_id)
        self.assertIn("नया पाठ", message.text)

    def test_the_same_text_is_one_version(self):
        self.send(self.bill)
        self.send(self.bill, resend=True)
        self.template._keep_version()
        self.assertEqual(len(self.template.version_ids), 1)
        self.template.button_ids = [(0, 0, {"type": "quick_reply", "text": "बंद"})]
        self.template._keep_version()
        self.assertEqual(len(self.template.version_ids), 2)

    def test_submitting_and_reading_keep_versions(self):
        self.account.app_id = "300000000000001"
        with Form(self.env["discom.whatsapp.template"].with_user(self.administrator)) as form:
            form.name = "versioned"
            form.account_id = self.account
            form.body = "नमस्ते {{name}} जी, आपका बहुत बहुत स्वागत है।"
            with form.variable_ids.edit(0) as line:
                line.example = "राम"
        template = form.record
        self.assertFalse(template.version_ids)
        template.with_user(self.administrator).action_submit()
        self.assertEqual(template.version_ids.mapped("number"), [1])
        self.account.with_user(self.administrator).action_sync_templates()
        self.assertEqual(template.version_ids.mapped("number"), [1])

    def test_versions_are_history(self):
        self.send(self.bill)
        version = self.template.version_id
        for user in (self.clerk, self.manager, self.administrator):
            with self.assertRaises(UserError):
                version.with_user(user).write({"body": "x"})
            with self.assertRaises(AccessError):
                version.with_user(user).unlink()
        with self.assertRaisesRegex(UserError, "history"):
            version.write({"body": "x"})

    # === WHERE VALUES COME FROM === #

    def test_variables_take_what_the_author_chose(self):
        self.assertEqual(self.template.model, "discom.bill")
        by_name = {variable.name: variable for variable in self.template.variable_ids}
        by_name["amount"].source = "amount_after_due"
        by_name["period"].write({"source": "text", "text": "इस माह"})
        message = self.messages(self.send(self.bill))
        self.assertIn("₹510.00", message.text)
        self.assertIn("इस माह", message.text)
        self.assertIn("₹510.00", self.compose(self.bill, resend=True).preview)
        self.run_lane()
        self.assertEqual((message.state, message.error_text), ("accepted", False))
        self.assertIn("₹510.00", self.simulator.messages()[0]["body"])

    def test_only_declared_values_are_offered(self):
        self.template.model = "discom.bill"
        variable = self.template.variable_ids[:1]
        self.assertIn("due_date", variable.allowed_sources)
        self.assertNotIn("area", variable.allowed_sources)
        for source in ("area", "partner_id.discom_aadhaar_last4", "__class__"):
            with self.subTest(source), self.assertRaises(ValidationError):
                variable.source = source
        with self.assertRaises(ValidationError):
            variable.source = "text"
        with self.assertRaises(ValidationError):
            variable.write({"source": "text", "text": "234123412346"})

    def test_fixed_text_is_linted(self):
        variable = self.template.variable_ids.filtered(lambda v: v.name == "period")
        variable.write({"source": "text", "text": "कॉल करें 94150 12345"})
        self.assertIn("94150 12345", self.template.lint_warning)

    # === LINK === #

    def test_bill_by_link_opens_the_bill(self):
        """The standard template with a button: its address is this server's page of that bill."""
        self.account.app_id = "300000000000001"
        self.account.with_user(self.administrator).action_create_templates()
        template = self.env["discom.whatsapp.template"].search(
            [
                ("account_id", "=", self.account.id),
                ("name", "=", "bill_link"),
                ("lang", "=", "hi_IN"),
            ]
        )
        at_meta = next(t for t in self.simulator.templates() if t["id"] == template.wa_template_id)
        button = next(c for c in at_meta["components"] if c["type"] == "BUTTONS")["buttons"][0]
        self.assertEqual(button["url"], f"{template.get_base_url()}/bill/{{{{1}}}}")
        template.with_context(whatsapp_from_meta=True).status = "approved"
        self.simulator.add_templates(
            [{**{k: at_meta[k] for k in ("name", "language", "category", "components")},
              "parameter_format": "NAMED"}]
        )  # fmt: skip
        message = self.messages(self.send(self.bill, template_id=template.id))
        self.run_lane()
        self.assertEqual((message.state, message.error_text), ("accepted", False))
        self.assertNotIn("bill_token", message.values)
        sent = self.simulator.messages()[0]["buttons"][0]
        self.assertEqual(sent["url"], self.bill._public_url())

    # === PICTURE === #

    def test_picture_goes_out_with_every_message(self):
        """Uploaded once, referred to by all messages, as it was submitted."""
        picture = base64.b64encode(
            base64.b64decode(
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
                "RU5ErkJggg=="
            )
        )
        template = self.create_template(
            "bill_picture",
            "bill",
            "नमस्ते {{name}} जी, आपका बिल {{amount}} है। धन्यवाद।",
            header_type="image",
            header_sample=picture,
        )
        self.assertIn("/web/image/discom.whatsapp.template", template.preview_html)
        broadcast = self.send(self.bill | self.create_bill(), template_id=template.id)
        self.run_lane()
        self.assertEqual(
            self.messages(broadcast).mapped(lambda m: (m.state, m.error_text)),
            [("accepted", False)] * 2,
        )
        media = [message["media"]["mime_type"] for message in self.simulator.messages()]
        self.assertEqual(media, ["image/png", "image/png"])
        self.assertEqual(self.simulator.state()["media"]["uploads"], 1)

    def test_picture_is_checked(self):
        with self.assertRaisesRegex(ValidationError, "PNG or JPEG"):
            self.template.write(
                {"header_type": "image", "header_sample": base64.b64encode(b"<svg/>")}
            )
        self.template.write({"header_type": "image", "header_sample": False})
        self.assertIn("picture", self.template.lint_error)

    # === PREVIEW === #

    def test_live_preview_shows_a_real_record(self):
        """While the text is typed, with the newest record and with another."""
        older = self.bill
        newest = self.create_bill()
        with Form(self.template.with_user(self.administrator)) as form:
            form.body = "नमस्ते {{name}} जी, खाता {{account_last4}} का बिल {{amount}} है। धन्यवाद।"
            self.assertIn(newest.partner_id.discom_account_no[-4:], form.preview_html)
            self.assertIn("₹500", form.preview_html)
            form.preview_ref = f"discom.bill,{older.id}"
            self.assertIn(older.partner_id.discom_account_no[-4:], form.preview_html)

    def test_preview_shows_nothing_one_may_not_see(self):
        foreign = self.create_bill(
            self.create_ready_consumer(
                discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
            )
        )
        self.template.model = "discom.bill"
        template = self.template.with_user(self.clerk).new(origin=self.template)
        template.preview_ref = f"discom.bill,{foreign.id}"
        self.assertNotIn(foreign.partner_id.discom_account_no[-4:], template.preview_html)
        self.assertEqual(self.template.with_user(self.clerk).preview_ref, self.bill)
