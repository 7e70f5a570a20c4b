"""Who sees phone, address and documents of a consumer, by each door."""

import json

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models.mask_res_users import DUTIES
from ..tools.personal import HIDDEN, SIGN, masked
from .common_mask import EMAIL, LAST4, MOBILE, PERSONAL, PHONE, PIXEL, STREET, MaskCommon

#: Fields whose names sound personal, and why they are not.
NOT_PERSONAL = {
    "discom.office.phone": "of the office, given to consumers",
    "discom.office.grievance_phone": "of the office, given to consumers",
    "discom.number.search.number_search": "searches bills and accounts, shows nothing",
    "discom.bill.number_search": "searches bills and accounts, shows nothing",
    "discom.payment.number_search": "searches receipts and accounts, shows nothing",
    "discom.whatsapp.account.phone_number": "of the sending number",
    "discom.whatsapp.account.phone_number_id": "of the sending number",
    "discom.whatsapp.account.profile_address": "of the office",
    "discom.whatsapp.account.profile_email": "of the office",
    "discom.notice.visit.photo": "of a meter",
    "discom.notice.result.photo": "of a meter",
    "discom.whatsapp.template.header_sample": "a picture of the office",
    "discom.notice.acknowledgement": "a signature, looked at by who may read the notice",
    "discom.notice.serve.acknowledgement": "as taken",
    "discom.whatsapp.template.button.phone": "of the office, in a template",
}
#: Texts made from personal fields, and masked where they are made.
KNOWN_MADE = {"discom.whatsapp.conversation.title"}
#: Of Odoo's own fields of a contact those in use here, or made from them.
CONTACT_FIELDS = {
    *("phone", "phone_sanitized", "phone_mobile_search", "email", "email_normalized"),
    *("email_formatted", "street", "street2", "contact_address", "contact_address_inline"),
    *("partner_latitude", "partner_longitude", "vat"),
}


@tagged("post_install", "-at_install")
class TestMask(MaskCommon):
    def test_table_of_duties(self):
        """Who sees what of a consumer of the own offices without asking."""
        seen = {
            role: {
                name
                for name, value in self.consumer.with_user(user).read(PERSONAL)[0].items()
                if name != "id" and SIGN not in value
            }
            for role, user in (
                ("counter", self.counter),
                ("clerk", self.clerk),
                ("operator", self.operator),
                ("surveyor", self.surveyor),
                ("manager", self.manager),
                ("auditor", self.auditor),
                ("administrator", self.administrator),
            )
        }
        everything = set(PERSONAL)
        self.assertEqual(
            seen,
            {
                "counter": everything,
                "clerk": everything - {"discom_id_last4"},
                "operator": {"street"},
                "surveyor": set(),
                "manager": everything,
                "auditor": set(),
                "administrator": everything,
            },
        )

    def test_how_it_looks(self):
        self.assertEqual(masked("phone", PHONE), f"+91 {HIDDEN} •7301")
        self.assertEqual(masked("phone", "12345"), HIDDEN)
        self.assertEqual(masked("email", EMAIL), f"r{HIDDEN}@example.org")
        self.assertEqual(masked("email", "none"), HIDDEN)
        self.assertEqual(masked("address", STREET), HIDDEN)
        self.assertIs(masked("address", 24.5), False)
        self.assertIs(masked("phone", False), False)

    def test_reading_doors(self):
        """Every door by which a client reads, for who has no duty."""
        partners = self.env["res.partner"].with_user(self.auditor)
        record = self.consumer.with_user(self.auditor)
        names = [*PERSONAL, "phone_sanitized", "email_normalized", "email_formatted"]
        names += ["contact_address", "contact_address_inline", "street2"]
        names += ["partner_latitude", "discom_kyc_form"]
        spec = {name: {} for name in names}
        domain = [("id", "=", self.consumer.id)]
        self.env.invalidate_all()
        text = self.tell(
            record.read(names),
            record.web_read(spec),
            partners.search_read(domain, names),
            partners.web_search_read(domain, spec),
            partners.web_name_search("Consumer", {"display_name": {}, **spec}, domain),
            partners.name_search("Consumer", domain),
            partners.with_context(show_address=1, show_email=1).name_search("Consumer", domain),
            record.with_context(show_address=1, show_email=1).read(["display_name"]),
            record.copy_data(),
            record.get_field_translations("street"),
            partners.get_mention_suggestions("Consumer"),
            record._message_get_suggested_recipients(reply_discussion=True),
        )
        self.assertIn(SIGN, text)
        self.assertFalse(record.read(["discom_kyc_form"])[0]["discom_kyc_form"])

    def test_code_computes_with_what_is_stored(self):
        """Masked is what leaves, not what the software works with."""
        record = self.consumer.with_user(self.auditor)
        self.assertEqual(record.phone, MOBILE)
        self.assertEqual(record.sudo().read(["phone"])[0]["phone"], MOBILE)

    def test_through_other_records(self):
        """Fields of the consumer shown elsewhere are masked there as well."""
        call = self.env["discom.outage.call"].create({"partner_id": self.consumer.id})
        spec = {
            "partner_id": {
                "fields": {"display_name": {}, "phone": {}, "street": {}},
                "context": {"show_address": 1, "show_email": 1},
            }
        }
        self.tell(call.with_user(self.auditor).web_read(spec))
        visible = json.dumps(call.with_user(self.counter).web_read(spec))
        self.assertIn(MOBILE, visible)

    def test_wizard_on_a_foreign_consumer(self):
        """A surveyor who names somebody else's consumer in a dialog is told nothing."""
        doors = self.env["discom.kyc.door"].with_user(self.surveyor)
        spec = {name: {} for name in ("partner_id", "name", "street", "number", "mobile")}
        self.tell(
            doors.with_context(default_partner_id=self.consumer.id).onchange({}, [], spec),
            doors.onchange({"partner_id": self.consumer.id}, ["partner_id"], spec),
            doors.create({"partner_id": self.consumer.id}).read(["street", "number"]),
        )

    def test_journal_of_changes(self):
        """A change is masked as the field that changed; others stay readable."""
        self.consumer.with_user(self.counter).write(
            {"discom_whatsapp_number": "+919415277309", "lang": "en_US"}
        )
        events = self.env["discom.kyc.event"].search([("partner_id", "=", self.consumer.id)])
        names = ["field", "old", "new", "old_text", "new_text"]
        rows = events.with_user(self.auditor).read(names)
        self.tell(rows)
        self.assertNotIn("9415277309", json.dumps(rows))
        self.assertIn("en_US", [row["new"] for row in rows if row["field"] == "lang"])
        clerk = events.with_user(self.clerk).read(names)
        self.assertIn("+919415277309", [row["new"] for row in clerk])
        self.assertNotIn(LAST4, [row["new"] for row in clerk])

    def test_chatter(self):
        """A tracked number comes into the chatter masked, for all who read it."""
        consumer = self.consumer.with_context(tracking_disable=False)
        self.env.cr.flush()
        consumer.with_user(self.counter).write({"phone": "+919415277308"})
        self.env.cr.flush()
        values = self.env["mail.tracking.value"].search(
            [("mail_message_id.res_id", "=", self.consumer.id), ("field_id.name", "=", "phone")]
        )
        self.assertEqual(len(values), 1)
        self.tell(values.read(["old_value_char", "new_value_char"]))
        self.assertIn(SIGN, values.new_value_char)
        # The address is tracked in one line.
        self.consumer.with_context(tracking_disable=False).with_user(self.counter).write(
            {"street": "House 70"}
        )
        self.env.cr.flush()
        values = self.env["mail.tracking.value"].search(
            [("mail_message_id.res_id", "=", self.consumer.id)]
        )
        self.assertNotIn("House 70", self.tell(values.read()))

    def test_picture_and_file(self):
        """The photo of the form: neither as picture nor as file behind the field."""
        with self.assertRaises(AccessError):
            self.env["ir.binary"].with_user(self.auditor)._get_stream_from(
                self.consumer.with_user(self.auditor), "discom_kyc_form"
            )
        domain = [
            ("res_model", "=", "res.partner"),
            ("res_field", "=", "discom_kyc_form"),
            ("res_id", "=", self.consumer.id),
        ]
        file = self.env["ir.attachment"].search(domain)
        self.assertTrue(file)
        self.assertTrue(file.with_user(self.counter).read(["datas"])[0]["datas"])
        self.assertFalse(self.env["ir.attachment"].with_user(self.auditor).search(domain))
        for name in ("datas", "raw", "name"):
            with self.assertRaises(AccessError):
                file.with_user(self.auditor).read([name])

    def test_files_of_imports(self):
        """A file of the billing system holds the numbers of all: for who imports, as a file too."""
        job = self.env["discom.import"].create(
            {
                "kind": "consumer",
                "file": PIXEL,
                "filename": "a.csv",
                "office_id": self.division_a.id,
            }
        )
        file = self.env["ir.attachment"].search(
            [("res_model", "=", job._name), ("res_field", "=", "file"), ("res_id", "=", job.id)]
        )
        self.assertTrue(job.with_user(self.clerk).read(["file"])[0]["file"])
        self.assertTrue(file.with_user(self.clerk).read(["datas"])[0]["datas"])
        self.assertFalse(job.with_user(self.auditor).read(["file"])[0]["file"])
        with self.assertRaises(AccessError):
            file.with_user(self.auditor).read(["datas"])

    def test_templates_and_sms(self):
        """What users may write themselves, an expression in a mail or an SMS, reads nothing."""
        renders = self.env["mail.render.mixin"]
        for engine, source in (
            ("inline_template", "{{ object.phone }}"),
            ("qweb", "<p><t t-out='object.street'/></p>"),
        ):
            with self.subTest(engine):
                asked = (source, "res.partner", self.consumer.ids)
                with self.assertRaisesRegex(AccessError, "masked"):
                    renders.with_user(self.auditor)._render_template(*asked, engine=engine)
        plain = ("Good morning", "res.partner", self.consumer.ids)
        self.assertTrue(renders.with_user(self.auditor)._render_template(*plain))
        composers = self.env["sms.composer"].with_user(self.auditor)
        values = {"res_model": "res.partner", "res_id": self.consumer.id, "body": "x"}
        names = ("recipient_single_number", "recipient_single_number_itf", "sanitized_numbers")
        self.tell(
            composers.create({**values, "composition_mode": "comment"}).read(names),
            composers.onchange(values, ["res_id"], {name: {} for name in (*values, *names)}),
        )

    def test_card(self):
        with self.assertRaises(AccessError):
            self.consumer.with_user(self.auditor)._build_vcard()

    def test_surveyor_in_the_own_area(self):
        """In full in the own area of a running drive, for no longer and for no one else."""
        drive = self.create_drive({"village": "Khadia"})
        record = self.consumer.with_user(self.surveyor)
        self.assertEqual(record.read(["phone"])[0]["phone"], MOBILE)
        self.assertIn(SIGN, self.other.with_user(self.surveyor).read(["phone"])[0]["phone"])
        drive.action_close()
        self.env.invalidate_all()
        self.assertIn(SIGN, record.read(["phone"])[0]["phone"])

    def test_ordinary_contacts(self):
        """Of ordinary contacts nothing is masked, and users without a role see no difference."""
        contact = self.env["res.partner"].create({"name": "Printer", "phone": "0512 2530001"})
        self.assertEqual(contact.with_user(self.auditor).read(["phone"])[0]["phone"], contact.phone)
        found = self.env["res.partner"].with_user(self.auditor).search([("phone", "ilike", "2530")])
        self.assertEqual(found, contact)

    def test_masked_values_do_not_become_real(self):
        """What was copied or exported masked is not written back."""
        shown = self.consumer.with_user(self.clerk).read(["discom_id_last4"])[0]["discom_id_last4"]
        with self.assertRaisesRegex(UserError, "masked"):
            self.consumer.with_user(self.clerk).write({"street": HIDDEN})
        answer = (
            self.env["res.partner"]
            .with_user(self.clerk)
            .load([".id", "email"], [[str(self.consumer.id), f"r{HIDDEN}@example.org"]])
        )
        self.assertFalse(answer["ids"])
        self.assertIn("masked", answer["messages"][0]["message"])
        self.assertEqual((shown, self.consumer.email), (HIDDEN, EMAIL))

    def test_fields_are_offered_for_no_order_and_no_groups(self):
        asked = ["phone", "name"]
        auditor = self.env["res.partner"].with_user(self.auditor).fields_get(asked)
        counter = self.env["res.partner"].with_user(self.counter).fields_get(asked)
        self.assertFalse(auditor["phone"]["sortable"] or auditor["phone"]["groupable"])
        self.assertTrue(auditor["name"]["sortable"] and counter["phone"]["sortable"])

    def test_every_personal_field_is_declared(self):
        """A field that sounds like a phone, an address or a document is masked, or is known not
        to be a person's."""
        sounds = ("phone", "mobile", "number", "email", "street", "address", "latitude")
        sounds += ("longitude", "last4", "vat", "aadhaar")
        kinds = ("char", "text", "html", "binary", "float")
        missing = []
        for name, model in self.env.registry.items():
            if not (name.startswith("discom.") or name == "res.partner"):
                continue
            for field in model._fields.values():
                key = f"{name}.{field.name}"
                ours = name != "res.partner" or field.name.startswith("discom_")
                sounding = any(part in field.name for part in sounds) or field.type == "binary"
                if field.type not in kinds or not sounding:
                    continue
                if not ours and field.name not in CONTACT_FIELDS:
                    continue
                if getattr(field, "personal", None) not in DUTIES and key not in NOT_PERSONAL:
                    missing.append(key)
        self.assertFalse(missing)

    def test_what_is_made_of_personal_fields_is_personal(self):
        """A text computed from a phone or an address tells it, whatever its name."""
        missing = {
            f"{made.model_name}.{made.name}"
            for model in self.env.registry.values()
            for field in model._fields.values()
            if getattr(field, "personal", None) in ("phone", "email", "address", "document")
            for made in self.env.registry.get_dependent_fields(field)
            if made.type in ("char", "text", "html") and not getattr(made, "personal", None)
        }
        # Names are made by code of ours, tested by each door; a company is no person.
        names = {name for name in missing if name.endswith(".display_name")}
        companies = {name for name in missing if name.startswith("res.company.")}
        self.assertEqual(missing - names - companies, KNOWN_MADE)

    def test_one_query_more_for_a_list(self):
        """Eighty rows cost a few queries more than without masks, not eighty."""
        consumers = self.env["res.partner"].union(
            *(self.create_consumer(phone=f"+9194152780{n:02}") for n in range(40))
        )
        self.env.flush_all()
        counts = {}
        for role, user in (("counter", self.counter), ("auditor", self.auditor)):
            records = consumers.with_user(user)
            records.read(["phone"])
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rows = records.read(["name", "phone", "street"])
            counts[role] = self.cr.sql_log_count - before
        self.assertEqual(sum(SIGN in row["phone"] for row in rows), 40)
        self.assertLessEqual(counts["auditor"] - counts["counter"], 8)


@tagged("post_install", "-at_install")
class TestMaskRpc(MaskCommon, HttpCase):
    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
    def test_web_and_rpc(self):
        """The web client's calls and the picture, as the browser makes them."""
        self.auditor.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        self.authenticate("test_auditor", "test_auditor")
        names = {name: {} for name in PERSONAL}
        answer = self.make_jsonrpc_request(
            "/web/dataset/call_kw/res.partner/web_search_read",
            {
                "model": "res.partner",
                "method": "web_search_read",
                "args": [[("id", "=", self.consumer.id)]],
                "kwargs": {"specification": names},
            },
        )
        self.assertIn(SIGN, self.tell(answer))
        picture = self.url_open(f"/web/image/res.partner/{self.consumer.id}/discom_kyc_form")
        self.assertNotIn(b"IHDR\x00\x00\x00\x01\x00\x00\x00\x01", picture.content)
        arguments = (self.env.cr.dbname, self.auditor.id, "test_auditor", "res.partner")
        self.tell(
            self.xmlrpc_object.execute_kw(*arguments, "read", [self.consumer.ids, PERSONAL]),
            self.xmlrpc_object.execute_kw(*arguments, "export_data", [self.consumer.ids, PERSONAL]),
        )
