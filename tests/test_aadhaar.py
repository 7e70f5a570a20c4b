from markupsafe import Markup

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..tools import convert
from ..tools.convert import ConvertError
from ..tools.identity import find_aadhaar, mask_aadhaar
from .common_whatsapp import WhatsappCommon

AADHAAR = "2341 2341 2346"


@tagged("post_install", "-at_install")
class TestAadhaar(WhatsappCommon):
    """No full Aadhaar number is kept or sent, wherever somebody writes one."""

    def test_chatter(self):
        consumer = self.create_consumer()
        for body in (AADHAAR, Markup("card <b>२३४१</b> 2341 2346"), "234123412346."):
            with self.subTest(body=body), self.assertRaisesRegex(ValidationError, "Aadhaar"):
                consumer.with_user(self.counter).message_post(body=body)
        message = consumer.with_user(self.counter).message_post(body="last four 2346")
        with self.assertRaises(ValidationError):
            message.body = f"all of it {AADHAAR}"

    def test_things_to_be_done(self):
        consumer = self.create_consumer().with_user(self.counter)
        for vals in ({"summary": AADHAAR}, {"note": f"<p>card {AADHAAR}</p>"}):
            with self.subTest(vals=vals), self.assertRaisesRegex(ValidationError, "Aadhaar"):
                consumer.activity_schedule(**vals)
        activity = consumer.activity_schedule(summary="Ask for the card, last four 2346")
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            activity.note = AADHAAR
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            activity.action_feedback(feedback=AADHAAR)

    def test_messages_sent_later(self):
        consumer = self.create_consumer()
        scheduled = self.env["mail.scheduled.message"].with_user(self.counter)

        def vals(record, **text):
            return {
                "model": record._name,
                "res_id": record.id,
                "author_id": self.counter.partner_id.id,
                "scheduled_date": "2099-01-01 10:00:00",
                **text,
            }

        bill = self.create_bill(consumer)
        for record in (consumer, bill):
            for text in ({"subject": AADHAAR}, {"body": f"<p>card {AADHAAR}</p>"}):
                with (
                    self.subTest(model=record._name, text=text),
                    self.assertRaisesRegex(ValidationError, "Aadhaar"),
                ):
                    scheduled.sudo().create(vals(record, **text))
        message = scheduled.create(vals(consumer, subject="Card", body="last four 2346"))
        for text in ({"subject": AADHAAR}, {"body": AADHAAR}):
            with self.subTest(text=text), self.assertRaisesRegex(ValidationError, "Aadhaar"):
                message.write(text)
        file = self.env["ir.attachment"].with_user(self.counter)
        file = file.create({"name": "234123412346.jpg", "res_model": "mail.compose.message"})
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            scheduled.create(vals(consumer, body="card", attachment_ids=file.ids))
        contact = self.env["res.partner"].create({"name": "Contact"})
        self.assertTrue(scheduled.sudo().create(vals(contact, body=AADHAAR)))

    def test_composer_sends_later(self):
        """The way of the screen: the composer and its *Send later*."""
        consumer = self.create_consumer()
        composer = self.env["mail.compose.message"].with_user(self.counter)
        composer = composer.with_context(
            default_model="res.partner", default_res_ids=consumer.ids
        ).create(
            {
                "body": f"<p>card {AADHAAR}</p>",
                "subject": "Card",
                "scheduled_date": "2099-01-01 10:00:00",
            }
        )
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            composer.action_schedule_message()

    def test_names_of_files(self):
        consumer = self.create_consumer()
        attachments = self.env["ir.attachment"].with_user(self.counter)
        vals = {"res_model": "res.partner", "res_id": consumer.id, "raw": b"picture"}
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            attachments.create({**vals, "name": "234123412346.jpg"})
        # The minute in the name of a scan may have the check digit.
        self.assertTrue(find_aadhaar("20261126_0913"))
        attachments.create({**vals, "name": "scan_20261126_0913.jpg"})
        attachment = attachments.create({**vals, "name": "card.jpg"})
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            attachment.name = AADHAAR

    def test_records_about_a_consumer(self):
        consumer = self.create_consumer(discom_old_account_no="234123412346")
        call = self.env["discom.outage.call"].create(
            {"partner_id": consumer.id, "note": "No supply since six"}
        )
        decision = self.env["discom.kyc.number"].create(
            {"number": "9415260001", "verdict": "family"}
        )
        for record, name in [(call, "note"), (decision, "note")]:
            with (
                self.subTest(model=record._name),
                self.assertRaisesRegex(ValidationError, "Aadhaar"),
            ):
                record[name] = "499118665246"
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.env["discom.payment"].create(
                {"partner_id": consumer.id, "amount": 10, "means_no": "4991 1866 5246"}
            )
        for body in ("card 4991 1866 5246", "card 4991-1866 5246"):
            with self.subTest(body=body), self.assertRaisesRegex(ValidationError, "Aadhaar"):
                call.message_post(body=body)
        call.message_post(body="Old account 234123412346")
        attachments = self.env["ir.attachment"]
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            attachments.create(
                {"name": "499118665246.jpg", "res_model": call._name, "res_id": call.id}
            )

    def test_texts_that_the_form_does_not_show(self):
        consumer = self.create_consumer().with_user(self.counter)
        for name in (
            "email",
            "function",
            "website",
            "company_name",
            "company_registry",
            "barcode",
            "zip",
            "discom_book_no",
            "discom_sc_no",
            "discom_kno",
            "discom_meter_no",
            "discom_priority_proof",
            "vat",
            "phone",
        ):
            with self.subTest(field=name), self.assertRaisesRegex(ValidationError, "Aadhaar"):
                consumer.write({name: "234123412346"})

    def test_person_above_consumers(self):
        """The contact made by joining is about a consumer, too; so is one that becomes such."""
        person = self.env["res.partner"].create({"name": "Ram Kumar"})
        person.comment = f"<p>card {AADHAAR}</p>"
        consumer = self.create_consumer()
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            consumer.parent_id = person
        person.comment = False
        mill = self.env["res.partner"].create({"name": "Mill", "is_company": True})
        self.create_consumer(parent_id=mill.id, active=False)
        consumer.parent_id = person
        for contact in (person, mill):
            for vals in ({"name": f"Ram {AADHAAR}"}, {"comment": AADHAAR}):
                with self.subTest(vals=vals), self.assertRaisesRegex(ValidationError, "Aadhaar"):
                    contact.write(vals)
            with self.assertRaisesRegex(ValidationError, "Aadhaar"):
                contact.message_post(body=AADHAAR)
            with self.assertRaisesRegex(ValidationError, "Aadhaar"):
                self.env["ir.attachment"].create(
                    {"name": f"{AADHAAR}.jpg", "res_model": "res.partner", "res_id": contact.id}
                )

    def test_in_the_place_of_a_phone(self):
        """What is the number of a phone stays, whatever its check digit; anything else goes."""
        consumer = self.create_consumer()
        landline, mobile = "915444222002", "916000000008"
        for number in (landline, mobile):
            with self.subTest(number=number):
                consumer.phone = number
                self.assertEqual(convert.phone(number), number)
        with self.assertRaisesRegex(ConvertError, "aadhaar"):
            convert.phone("2341 2341 2346")

    def test_what_is_exempt(self):
        consumer = self.create_consumer(discom_old_account_no="234123412346")
        consumer.message_post(body="Old account 234123412346")
        consumer.message_post(body="Call +919415261234 or 919415261234")
        self.env["res.partner"].create({"name": "Contact"}).message_post(body=AADHAAR)
        # The check digit of this one is right: it is a telephone number all the same.
        self.assertFalse(find_aadhaar("916000000008"))
        self.assertFalse(find_aadhaar("4410123456 23412341234"))

    def test_however_it_is_written(self):
        for text in (
            "2341-2341 2346",
            "2341  2341  2346",
            "2341.2341.2346",
            "2341_2341_2346",
            "2341/2341/2346",
            "23412341 2346",
            "2341\u00a02341\u00a02346",
            "2341\u200b2341\u200b2346",
            "2341 \u2013 2341 \u2013 2346",
            "2341\n2341\n2346",
            "born 1976 2341 2341 2346",
            "२३४१-२३४१ २३४६",
            "2341,2341,2346",
            "card 2341, 2341, 2346.",
            "2341|2341|2346",
            "23 41 23 41 23 46",
            "born 1976 23-41-23-41-23-46",
            "२३ ४१ २३ ४१ २३ ४६",
            "2 3 4 1 2 3 4 1 2 3 4 6",
        ):
            with self.subTest(text=text):
                self.assertTrue(find_aadhaar(text))
                masked = mask_aadhaar(text)
                self.assertTrue(masked.rstrip(".").endswith("XXXX XXXX 2346"), masked)
                with self.assertRaisesRegex(ConvertError, "aadhaar"):
                    convert.text(text)

    def test_what_is_none(self):
        """Amounts, dates, phones and lists with the right digits in them."""
        for text in (
            "+2341 2341 2346",
            "2341 2341 23467",
            "2341 2341 2347",
            "Rs 2,34,12,34,12,346",
            "234,123,412,346",
            "23,41,23,41,23,46,000",
            "2341, 2341, 2346, 2350",
            "2330, 2341, 2341, 2346",
            "2341,2341,23467",
            "[('id', 'in', [2341, 2341, 2346])]",
            "45 23 41 23 41 23 46",
            "23 41 23 41 23 46 51",
            "26.11.26 09:13:25",
            "26.11.26-23.12.22",
            "91 60 00 00 00 08",
        ):
            with self.subTest(text=text):
                self.assertFalse(find_aadhaar(text))
                self.assertEqual(mask_aadhaar(text), text)

    def test_crossed_out(self):
        self.assertEqual(mask_aadhaar(f"no {AADHAAR}!"), "no XXXX XXXX 2346!")
        self.assertEqual(mask_aadhaar("nothing"), "nothing")
        self.assertFalse(mask_aadhaar(""))

    def test_written_by_the_consumer(self):
        consumer = self.create_ready_consumer()
        row = {
            "wamid": "wamid.test",
            "phone": consumer.discom_whatsapp_number,
            "timestamp": 1_800_000_000,
            "type": "text",
            "text": f"My card is {AADHAAR}",
            "media": {},
            "error_code": 0,
            "profile_name": "",
            "payload": "",
            "context_wamid": "",
            "account_id": self.account.id,
            "phone_number_id": self.account.phone_number_id,
        }
        message = self.env["discom.whatsapp.message"]._receive([row])
        self.assertEqual(message.body, "My card is XXXX XXXX 2346")
        self.assertNotIn("2341", consumer.message_ids[0].body)

    def test_value_of_a_message(self):
        bill = self.create_bill(self.create_ready_consumer())
        # Past every check of the form, as by an import of another module.
        self.env.cr.execute(
            "UPDATE res_partner SET discom_name_hi = %s WHERE id = %s",
            [f"राम {AADHAAR}", bill.partner_id.id],
        )
        self.env.invalidate_all()
        message = self.messages(self.send(bill))
        self.assertEqual(message.values["name"], "राम XXXX XXXX 2346")

    def test_template(self):
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.template.body = f"Your number {AADHAAR} is here"
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.template.variable_ids = [
                (1, self.template.variable_ids[0].id, {"example": AADHAAR})
            ]
