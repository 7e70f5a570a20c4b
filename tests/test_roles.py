"""The table of `docs/roles.md` against the running system, for every role and model of ours.

The table is written anew by ``DISCOM_WRITE_ROLES=1 make test TAGS=/discom:TestRoles.test_table``;
what a change of the rules changes in it is then seen and judged in the commit.
"""

import inspect
import json
import os
from datetime import timedelta
from xmlrpc.client import Fault

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from .common_roles import OPERATIONS, SIDES
from .common_roles_table import QUIET, TABLE, RolesTable

#: Public methods that are no button: each was read, with what keeps it in bounds.
REVIEWED = {
    "discom.kyc.counter": {  # counter clerks; the consumer is one whom the user may write
        *("start", "find", "card", "notice", "save", "confirm", "resend", "code_state", "skip"),
        *("refuse", "number"),
    },
    # counter clerks; the consumer is one whom the user may read, payments follow their own rules
    "discom.payment.counter": {"start", "find", "card", "warnings", "take"},
    # staff; figures of the own offices, of what the user may read
    "discom.control.room": {"figures"},
    # reading follows the rules, answering is checked by _check_may_answer
    "discom.whatsapp.conversation": {
        *("thread", "answers_offered", "mark_read", "reply", "reply_template", "inbox_counts"),
    },
    # a wizard of the user's own; the bills are read with his rights
    "discom.bill.print": {"print_selection"},
}
#: Methods of Odoo that ours extend; they are as safe as theirs.
OF_ODOO = {
    *("create", "write", "unlink", "init", "default_get", "copy_data", "name_search"),
    *("onchange", "onchange_parent_id", "session_info"),
    *("web_search_read", "get_formview_id", "amount_to_text", "export_data", "fields_get"),
    *("read_group", "formatted_read_group", "formatted_read_grouping_sets"),
    "value_to_html",
}


@tagged("post_install", "-at_install")
class TestRoles(RolesTable):
    # === THE TABLE === #

    def test_table(self):
        """Every model and action has its line, and the lines say what the rules say."""
        introduction = self.documented.split("| Model |")[0]
        text = introduction + self._table()
        if os.environ.get("DISCOM_WRITE_ROLES"):
            with open(file_path(TABLE), "w") as file:
                file.write(text)
            return
        self.assertEqual(self.documented.splitlines(), text.splitlines())

    def test_records(self):
        """Each operation on a record of the own, a foreign and another company's office."""
        for name in self.models:
            if self.env[name]._transient or self.reach[name] == "own":
                continue
            for role, user in self.users.items():
                for side in SIDES:
                    record = self.sides[side][name].with_user(user)
                    expected = self._expected(name, role, side)
                    with self.subTest(model=name, role=role, side=side):
                        self.assertEqual(self._letters(record, user), expected)
                        # The check is the same for all; the doors themselves are tried by those
                        # who may least and who may most.
                        if (role, side) in (("Auditor", "own"), ("Billing clerk", "foreign")):
                            with mute_logger(*QUIET):
                                self._assert_refused(record, expected)

    def _assert_refused(self, record, expected):
        attempts = {
            "R": lambda: record.read(["create_date" if "create_date" in record._fields else "id"]),
            "W": lambda: record.write({}),
            "D": lambda: record.unlink(),
        }
        for letter, attempt in attempts.items():
            if letter not in expected:
                # Journals refuse with a text of their own.
                with self.assertRaises(UserError), self.cr.savepoint():
                    attempt()
                    self.fail(f"{letter} went through")
        if "C" not in expected and not record.browse().has_access("create"):
            with self.assertRaises(AccessError):
                record.browse().check_access("create")

    def test_search(self):
        """Lists, counts, groups, names and exports hold what may be read and nothing else."""
        exporter = self.env.ref("base.group_allow_export")
        for role, user in {**self.users, **self.strangers}.items():
            user.group_ids += exporter if user.has_group("base.group_user") else exporter.browse()
            for name in self.models:
                if self.env[name]._transient or self.reach[name] == "own":
                    continue
                records = {side: self.sides[side][name] for side in SIDES}
                everything = self.env[name].union(*records.values())
                domain = [("id", "in", everything.ids)]
                model = self.env[name].with_user(user).with_context(active_test=False)
                expected = everything.browse()
                if role in self.users:
                    expected = expected.union(
                        *(records[side] for side in SIDES if self._expected(name, role, side))
                    )
                with self.subTest(model=name, role=role), mute_logger(*QUIET):
                    if not expected:
                        if model.has_access("read"):
                            self.assertFalse(model.search(domain))
                        with self.assertRaises(UserError):
                            model.browse(everything.ids).export_data([self._column(model)])
                        continue
                    if expected != everything:
                        with self.assertRaises(AccessError):
                            model.browse(everything.ids).export_data([self._column(model)])
                    self.assertEqual(set(model.search(domain).ids), set(expected.ids))
                    self.assertEqual(model.search_count(domain), len(expected))
                    [(count,)] = model._read_group(domain, [], ["__count"])
                    self.assertEqual(count, len(expected))
                    found = model.name_search("", domain, limit=None)
                    self.assertLessEqual({row[0] for row in found}, set(expected.ids))

    def test_own_records(self):
        """Wizards and reports belong to who opened them, whatever the role of another."""
        for name in self.models:
            if not (self.env[name]._transient or self.reach[name] == "own"):
                continue
            for role, user in self.users.items():
                record = self._row_for(name, user)
                with self.subTest(model=name, role=role):
                    self.assertEqual(self._letters(record, user), self.allowed[name][role])
                    for other in (*self.users.values(), *self.strangers.values()):
                        if other != user:
                            self.assertEqual(self._letters(record, other), "", other.login)

    def test_strangers(self):
        """Without a role, in the portal and in public nothing of ours is seen or done."""
        for role, user in self.strangers.items():
            for name in self.models:
                with self.subTest(model=name, role=role):
                    self.assertFalse(self.env[name].with_user(user).has_access("read"))
                    for side in SIDES:
                        if record := self.sides[side].get(name):
                            self.assertEqual(self._letters(record, user), "")
            for side in SIDES:
                consumer = self.sides[side]["res.partner"]
                self.assertEqual(self._letters(consumer, user), "", role)

    # === WHAT HANGS ON RECORDS === #

    def test_attachments_and_chatter(self):
        """Files of a record and messages below it go the way of the record."""
        hanging = {"ir.attachment": {}, "mail.message": {}}
        for name in [*self.models, "res.partner"]:
            for side in SIDES:
                record = self.sides[side].get(name)
                if not record:
                    continue
                values = {"res_id": record.id}
                file = self.env["ir.attachment"].create(
                    {**values, "name": "secret", "res_model": name, "raw": b"secret"}
                )
                hanging["ir.attachment"][file.id] = record
                if hasattr(record, "message_post"):
                    message = self.env["mail.message"].create(
                        {**values, "model": name, "body": "secret", "message_type": "comment"}
                    )
                    hanging["mail.message"][message.id] = record
        self.assertTrue(hanging["mail.message"])
        self.env.flush_all()
        for role, user in {**self.users, **self.strangers}.items():
            for name, owners in hanging.items():
                with self.subTest(role=role, of=name), mute_logger(*QUIET):
                    found = self.env[name].with_user(user).search([("id", "in", list(owners))])
                    readable = {
                        hung
                        for hung, record in owners.items()
                        if record.with_user(user).has_access("read")
                    }
                    self.assertLessEqual(set(found.ids), readable)
                    for hung in set(owners) - readable:
                        self.assertFalse(
                            self.env[name].browse(hung).with_user(user).has_access("read"),
                            owners[hung],
                        )

    # === BUTTONS === #

    def _methods(self, name):
        """Names of the public methods that our code gives to a model."""
        for method in dir(type(self.env[name])):
            if method.startswith("_"):
                continue
            function = getattr(type(self.env[name]), method, None)
            if inspect.isfunction(function) and not getattr(function, "_api_private", False):
                for each in type(self.env[name]).__mro__:
                    if method in vars(each):
                        if each.__module__.startswith("odoo.addons.discom."):
                            yield method, function
                        break

    def _needed(self, function):
        """Something for each value that a method has to be given."""
        parameters = list(inspect.signature(function).parameters.values())[1:]
        return [1 for parameter in parameters if parameter.default is parameter.empty]

    def _press(self, record, user):
        """Call each button of a record as a user, undo it, and yield (button, tables written).

        A call that ends in an error has written nothing that stays.
        """
        for method, function in self._methods(record._name):
            if method in OF_ODOO:
                continue
            needed = self._needed(function)
            savepoint = self.cr.savepoint()
            try:
                with self._written() as tables:
                    getattr(record.with_user(user), method)(*needed)
                    self.env.flush_all()
                yield method, set(tables)
            except Exception:
                yield method, set()
            finally:
                self.env.transaction.clear()
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

    def _states(self, record):
        """Set a record to each of its states in turn."""
        field = record._fields.get("state")
        if not field or field.type != "selection" or not field.store or not record._auto:
            yield None
            return
        for state in field.get_values(self.env):
            self._set(record, state=state)
            yield state

    def test_auditor_changes_nothing(self):
        """No button writes for an auditor, in whatever state the record is."""
        pressed = 0
        for name in [*self.models, "res.partner"]:
            if self.env[name]._transient:
                continue
            record = self.sides["own"][name]
            for state in self._states(record):
                for method, tables in self._press(record, self.auditor):
                    pressed += 1
                    with self.subTest(model=name, state=state, button=method):
                        self.assertFalse(tables)
        self.assertGreater(pressed, 200)

    def test_buttons_stop_at_the_office(self):
        """No button of a foreign record writes, for those who may most in the own office."""
        for name in [*self.models, "res.partner"]:
            if self.env[name]._transient or self.reach.get(name) in ("all", "own company"):
                continue
            for side in ("foreign", "other"):
                record = self.sides[side][name]
                if not record:
                    continue
                states = self._states(record) if side == "foreign" else [None]
                for state in states:
                    for method, tables in self._press(record, self.manager):
                        with self.subTest(model=name, side=side, state=state, button=method):
                            self.assertFalse(tables)

    def test_strangers_call_nothing(self):
        """No button and no other method writes for who has no role, or answers in the portal."""
        for role in ("no role", "portal"):
            user = self.strangers[role]
            for name in [*self.models, "res.partner"]:
                record = self._row_for(name, user) if name in self.models else None
                record = record or self.sides["own"]["res.partner"]
                for method, tables in self._press(record, user):
                    with self.subTest(role=role, model=name, button=method):
                        self.assertFalse(tables)
            for name, methods in REVIEWED.items():
                record = self.sides["own"].get(name, self.env[name]).with_user(user)
                for method in methods:
                    needed = self._needed(getattr(type(record), method))
                    with self.subTest(role=role, model=name, method=method):
                        try:
                            with self._written() as tables:
                                answer = getattr(record, method)(*needed)
                        except AccessError:
                            continue
                        self.assertFalse(tables)
                        self.assertIs(answer, True, "nothing is told")

    def test_answer_by_hand_is_sent_again_by_who_answers(self):
        """A failed message about no document: who may not answer may not send it again either."""
        message = self.sides["own"]["discom.whatsapp.message"]
        self._set(message, state="failed", direction="out", res_model=None, res_id=None)
        for role in ("Auditor", "Field surveyor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                message.with_user(self.users[role]).action_retry()
        self._set(message.account_id, cron_id=self.env.ref("discom.ir_cron_whatsapp_apply").id)
        message.with_user(self.counter).action_retry()
        self.assertEqual(message.state, "queued")

    def test_administrator_of_one_company(self):
        """All offices are those of the own companies; another company is added to the user."""
        bill = self.sides["other"]["discom.bill"].with_user(self.administrator)
        self.assertFalse(bill.has_access("read"))
        self.administrator.company_ids += self.other_company
        self.assertTrue(bill.has_access("read"))

    def test_offices_of_another_company(self):
        """An office that was given by mistake opens nothing beyond the companies of the user."""
        self.clerk.discom_office_ids += self.other_office
        self.assertFalse(
            self.sides["other"]["discom.bill"].with_user(self.clerk).has_access("read")
        )
        self.assertTrue(self.sides["own"]["discom.bill"].with_user(self.clerk).has_access("read"))

    def test_public_methods_are_reviewed(self):
        """What RPC reaches beside the buttons is on a list, with what bounds it."""
        for name in self.env.registry:
            if name == "base" or not any(
                each.__module__.startswith("odoo.addons.discom.")
                and getattr(each, "_inherit", None) != "base"
                for each in type(self.env[name]).__mro__
            ):
                continue
            found = {
                method
                for method, _function in self._methods(name)
                if method not in OF_ODOO and not method.startswith("action_")
            }
            with self.subTest(name):
                self.assertEqual(found, set(REVIEWED.get(name, ())))

    def test_buttons_take_no_values(self):
        """A button gets records and nothing else, but those that were looked at."""
        reviewed = {
            ("discom.whatsapp.broadcast", "action_reject"),  # the reason, shown as plain text
            ("discom.whatsapp.broadcast", "action_open_reason"),  # filters a list of messages
        }
        for name in [*self.models, "res.partner"]:
            for method, function in self._methods(name):
                if method.startswith("action_") and (name, method) not in reviewed:
                    with self.subTest(model=name, method=method):
                        self.assertEqual(list(inspect.signature(function).parameters), ["self"])

    # === RPC === #

    def test_rpc(self):
        """XML-RPC and JSON-2 follow the rules that the ORM follows."""
        names = (
            *("discom.bill", "discom.payment", "discom.ledger.entry", "discom.consent"),
            *("discom.whatsapp.message", "discom.whatsapp.conversation", "discom.kyc.code"),
        )
        self.env.flush_all()
        for role, login in (("Billing clerk", "test_clerk"), ("Auditor", "test_auditor")):
            user = self.users[role]
            key = (
                self.env["res.users.apikeys"]
                .with_user(user)
                ._generate("rpc", "roles", fields.Datetime.now() + timedelta(days=1))
            )
            headers = {"Authorization": f"Bearer {key}"}
            for name in names:
                expected = self.sides["own"][name] if self.allowed[name][role] else False
                ids = [self.sides[side][name].id for side in SIDES]
                domain = [("id", "in", ids)]
                with self.subTest(role=role, model=name), mute_logger(*QUIET):
                    arguments = (self.env.cr.dbname, user.id, login, name)
                    answer = self.url_open(
                        f"/json/2/{name}/search",
                        data=json.dumps({"domain": domain}),
                        headers={**headers, "Content-Type": "application/json"},
                    )
                    if expected:
                        self.assertEqual(answer.json(), expected.ids)
                        self.assertEqual(
                            self.xmlrpc_object.execute_kw(*arguments, "search", [domain]),
                            expected.ids,
                        )
                    else:
                        self.assertEqual(answer.status_code, 403)
                    with self.assertRaises(Fault):
                        self.xmlrpc_object.execute_kw(*arguments, "read", [ids])
                    answer = self.url_open(
                        f"/json/2/{name}/read",
                        data=json.dumps({"ids": ids, "fields": ["id"]}),
                        headers={**headers, "Content-Type": "application/json"},
                    )
                    self.assertEqual(answer.status_code, 403)
                    with self.assertRaises(Fault):
                        self.xmlrpc_object.execute_kw(
                            *arguments, "write", [ids, {"create_uid": user.id}]
                        )
        with self.assertRaises(Fault), mute_logger(*QUIET):
            self.xmlrpc_object.execute_kw(
                self.env.cr.dbname, self.clerk.id, "test_clerk", "discom.bill", "_issue", [[1]]
            )

    def test_operations_have_letters(self):
        """The introduction of the table explains each letter."""
        for letter in (*OPERATIONS.values(), "S", "A"):
            self.assertRegex(self.documented, rf"\*\*{letter}\*\*")
