from datetime import datetime

from odoo.tests import tagged

from .common_queries import QueriesCommon

OLD = datetime(2019, 1, 1)


@tagged("post_install", "-at_install")
class TestQueriesRetention(QueriesCommon):
    """What is over its time goes in as many queries however much it is."""

    sizes = (3, 10, 60)

    # === WHAT GOES, BY THE KEY OF ITS RULE: THE RECORDS AND THE COLUMN OF THEIR TIME === #

    def make_event(self, group):
        events = self.env["discom.whatsapp.event"].create(
            [
                {"account_id": self.account.id, "payload": "{}", "state": "applied"}
                for _number in range(group.count)
            ]
        )
        return events, "received_at"

    def make_message(self, group, **vals):
        messages = self.env["discom.whatsapp.message"].create(
            [
                {
                    "account_id": self.account.id,
                    "partner_id": self.consumer.id,
                    "phone": self.consumer.discom_whatsapp_number,
                    "state": "delivered",
                    "body": f"Text {number}",
                    **vals,
                }
                for number in range(group.count)
            ]
        )
        return messages, "create_date"

    def make_file(self, group):
        messages, _column = self.make_message(group, direction="in", state="received")
        files = self.env["discom.whatsapp.file"].create(
            [
                {
                    "message_id": message.id,
                    "account_id": self.account.id,
                    "state": "done",
                    "attachment_id": self.attach(group, message).id,
                }
                for message in messages
            ]
        )
        return files, "create_date"

    def make_conversation(self, group):
        conversations = self.env["discom.whatsapp.conversation"].create(
            [
                {"account_id": self.account.id, "phone": f"+9180{group.first + number}"}
                for number in range(group.count)
            ]
        )
        return conversations, "write_date"

    def make_chatter(self, group):
        notes = self.env["mail.message"].create(
            [
                {
                    "model": "res.partner",
                    "res_id": self.consumer.id,
                    "body": f"Note {number}",
                    "attachment_ids": self.attach(group, self.consumer).ids,
                }
                for number in range(group.count)
            ]
        )
        return notes, "date"

    def make_kyc_code(self, group):
        codes = self.env["discom.kyc.code"].create(
            [
                {
                    "partner_id": self.consumer.id,
                    "phone": self.consumer.discom_whatsapp_number,
                    "user_id": self.counter.id,
                    "expires_at": OLD,
                    "state": "void",
                }
                for _number in range(group.count)
            ]
        )
        return codes, "create_date"

    def make_kyc_attempt(self, group):
        attempts = self.env["discom.kyc.attempt"].create(
            [
                {
                    "phone": self.consumer.discom_whatsapp_number,
                    "company_id": self.company.id,
                    "kind": "amount",
                    "date": datetime(2026, 1, 1),
                }
                for _number in range(group.count)
            ]
        )
        return attempts, "date"

    def make_import_unread(self, group):
        imports = self.env["discom.import"].create(
            [
                {"kind": "kyc", "file": "YWNjb3VudF9ubw==", "filename": f"{number}.csv"}
                for number in range(group.count)
            ]
        )
        return imports, "write_date"

    def make_import_file(self, group):
        imports, column = self.make_import_unread(group)
        self.set_rows(imports, state="done")
        return imports, column

    def make_report(self, group):
        jobs = self.env["discom.report.job"].create(
            [
                {
                    "name": f"Report {number}",
                    "model": "discom.reachability",
                    "params": {"lang": "hi_IN"},
                    "key": f"{group.name} {number}",
                    "user_id": self.manager.id,
                    "company_id": self.company.id,
                    "state": "done",
                    "attachment_id": self.attach(group, self.consumer).id,
                }
                for number in range(group.count)
            ]
        )
        return jobs, "create_date"

    def attach(self, group, record):
        self.attached = getattr(self, "attached", 0) + 1
        return self.env["ir.attachment"].create(
            {
                "name": f"{self.attached}.txt",
                "raw": f"{group.name} {self.attached}".encode(),
                "res_model": record._name,
                "res_id": record.id,
            }
        )

    def test_retention(self):
        """Each rule, as its scheduled action carries it out."""
        rules = self.env["discom.retention.rule"]
        self.env.ref("discom.retention_chatter").enabled = True
        # Those of the journal cannot be made older: they are written as old ones.
        for what, purge in rules._purges().items():
            if what == "audit":
                continue
            made = self.each(getattr(self, f"make_{what}"))

            def delete(group, made=made, purge=purge):
                records, column = made[group]
                self.set_rows(records, **{column: OLD})
                number, more = getattr(self.env[purge.model], purge.method)()
                self.assertEqual((number, more), (group.count, False))

            with self.subTest(what):
                self.assert_constant(delete, what)

    def test_retention_of_the_journal(self):
        entries = self.env["discom.audit.entry"]

        def delete(group):
            entries._log_many(
                [
                    {"kind": "send", "office": self.division_a, "company": self.company, "at": OLD}
                    for _number in range(group.count)
                ]
            )
            self.assertEqual(entries._gc_entries(), (group.count, False))

        self.assert_steps(delete)

    def test_requests_that_nobody_used(self):
        requests = self.each(
            lambda group: self.env["discom.export.request"].create(
                [
                    {
                        "model_id": self.env["ir.model"]._get_id("res.partner"),
                        "domain": f"[('id', '=', {number})]",
                        "reason": "Asked for by the district",
                        "user_id": self.clerk.id,
                        "company_id": self.company.id,
                    }
                    for number in range(group.count)
                ]
            )
        )

        def expire(group):
            self.set_rows(requests[group], state="approved", until=OLD)
            self.env["discom.export.request"]._gc_expire()
            self.assertEqual(set(requests[group].mapped("state")), {"expired"})

        self.assert_steps(expire)
