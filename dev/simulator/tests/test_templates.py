"""Templates: create, review, list, edit, pause, delete."""

import copy
import json

from .common import BILL, PLAIN, SimulatorCase, example, plain


def made(name="made", body="बिजली बिल की सूचना।", **more):
    """:return: a create body"""
    return {
        "name": name,
        "language": "hi",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": body}],
        **more,
    }


class TestTemplates(SimulatorCase):
    start_settings = {**SimulatorCase.start_settings, "template_review_ms": 50}

    def setUp(self):
        super().setUp()
        self.path = f"{self.simulator.waba_id}/message_templates"

    def create_template(self, given):
        """:return: (HTTP status, answer)"""
        return self.simulator.graph("POST", self.path, given)

    def status_of(self, template_id):
        """:return: the template's status as the Graph API tells it"""
        return self.simulator.graph("GET", template_id)[1]["status"]

    def test_review(self):
        self.simulator.settings(template_review_ms=2000)
        status, answer = self.create_template({**copy.deepcopy(BILL), "name": "made"})
        self.assertEqual(status, 200, answer)
        self.assertEqual((answer["status"], answer["category"]), ("PENDING", "UTILITY"))
        self.assertIsInstance(answer["id"], str)
        message = {
            "to": "919400000001",
            "type": "template",
            "template": {"name": "made", "language": {"code": "hi"}},
        }
        self.assertRefused(132001, self.simulator.send(message))
        self.until(lambda: self.status_of(answer["id"]) == "APPROVED", "not approved")
        self.assertRefused(132012, self.simulator.send(message))
        [value] = self.values(field="message_template_status_update")
        self.assertEqual(value["event"], "APPROVED")
        self.assertEqual(value["message_template_id"], int(answer["id"]))
        self.assertEqual(value["message_template_name"], "made")

    def test_rejection(self):
        self.simulator.settings(template_reject=["made"])
        template_id = self.create_template(made(language="en_US"))[1]["id"]
        self.until(lambda: self.status_of(template_id) == "REJECTED", "not rejected")
        [value] = self.values(field="message_template_status_update")
        self.assertEqual((value["event"], value["reason"]), ("REJECTED", "INVALID_FORMAT"))
        self.assertEqual(value["message_template_language"], "en-US")
        self.assertTrue(value["rejection_info"]["reason"])
        _status, node = self.simulator.graph("GET", f"{template_id}?fields=rejected_reason")
        self.assertEqual(node, {"rejected_reason": "INVALID_FORMAT", "id": template_id})

    def test_recategorised(self):
        self.simulator.settings(template_marketing=["made"])
        self.assertEqual(self.create_template(made())[1]["category"], "MARKETING")

    def test_duplicate(self):
        error = self.assertRefused(100, self.create_template({**PLAIN}))
        self.assertEqual(error["error_subcode"], 2388024)
        self.assertTrue(error["error_user_msg"])
        self.assertEqual(self.create_template({**PLAIN, "language": "en"})[0], 200)

    def test_refused_templates(self):
        named = {"parameter_format": "NAMED"}

        def body(text, **more):
            return made(components=[{"type": "BODY", "text": text, **more}])

        def button(*buttons):
            return made(
                components=[PLAIN["components"][0], {"type": "BUTTONS", "buttons": list(buttons)}]
            )

        def extra(**component):
            return made(components=[PLAIN["components"][0], component])

        reply = {"type": "QUICK_REPLY", "text": "a"}
        url = {"type": "URL", "text": "u", "url": "https://example.org"}
        for subcode, given in (
            (None, made(name="Upper Case")),
            (None, made(category="NEWS")),
            (None, made(components=[])),
            (None, made(components="x")),
            (2388072, made(components=[{"type": "HEADER", "format": "TEXT", "text": "x"}])),
            (2388039, made(language="hindi")),
            (2388040, made(body="x" * 1025)),
            (2388299, {**body("{{name}} का बिल बन गया है आज", example=example("name")), **named}),
            (2388299, {**body("आज का बिल बन गया है {{name}}", example=example("name")), **named}),
            (2388293, {**body("बिल {{a}} और {{b}} है", example=example("a", "b")), **named}),
            (2388072, {**body("प्रिय {{name}} जी, बिल बन गया है"), **named}),
            (2388072, body("प्रिय {{name}} जी, बिल बन गया है", example=example("name"))),
            (2388072, body("प्रिय {{2}} जी, बिल बन गया है", example={"body_text": [["a"]]})),
            (2388072, body("प्रिय {{1 जी, बिल बन गया है")),
            (
                2388072,
                {
                    **body("बिल की सूचना {{a}} {{b}} जी को भेजी गई है आज", example=example("a", "b")),
                    **named,
                },
            ),
            (2388047, extra(type="HEADER", format="DOCUMENT")),
            (2388040, extra(type="HEADER", format="TEXT", text="x" * 61)),
            (2388073, extra(type="FOOTER", text="a {{1}} b")),
            (None, extra(type="CAROUSEL")),
            (None, button(reply, url, {"type": "QUICK_REPLY", "text": "b"})),
            (None, button(*({**url, "text": str(n)} for n in range(3)))),
            (None, button(reply, reply)),
            (None, button({**url, "url": "https://example.org/{{1}}/x", "example": ["a"]})),
            (None, button({**url, "url": "https://example.org/{{1}}"})),
            (None, button({"type": "PHONE_NUMBER", "text": "c", "phone_number": "call me"})),
            (2388040, button({"type": "QUICK_REPLY", "text": "x" * 26})),
            (None, made(message_send_ttl_seconds=5)),
        ):
            with self.subTest(given=given):
                error = self.assertRefused(100, self.create_template(given))
                self.assertEqual(error.get("error_subcode"), subcode, error)

    def test_paging(self):
        for number in range(7):
            self.create_template(made(name=f"made_{number}"))
        query, names, pages = "?limit=4&fields=name", [], 0
        while query:
            pages += 1
            _status, answer = self.simulator.graph("GET", self.path + query)
            names += [template["name"] for template in answer["data"]]
            more = "next" in answer["paging"]
            after = answer["paging"]["cursors"]["after"]
            query = f"?limit=4&fields=name&after={after}" if more else None
        self.assertEqual((pages, len(names), len(set(names))), (3, 10, 10))
        self.assertTrue(set(answer["data"][0]) <= {"name", "id"})
        self.assertRefused(131059, self.simulator.graph("GET", self.path + "?after=???"))
        self.assertRefused(100, self.simulator.graph("GET", self.path + "?fields=nothing"))
        self.assertRefused(100, self.simulator.graph("GET", self.path + "?limit=0"))

    def test_filters_and_summary(self):
        _status, answer = self.simulator.graph(
            "GET", self.path + "?name=restored&status=approved&summary=total_count"
        )
        self.assertEqual([template["name"] for template in answer["data"]], ["restored"])
        self.assertEqual(answer["summary"], {"total_count": 3})
        _status, answer = self.simulator.graph("GET", self.path + "?status=REJECTED")
        self.assertEqual(answer, {"data": []})

    def test_edit_is_reviewed_again(self):
        [template] = self.simulator.graph("GET", self.path + "?name=restored")[1]["data"]
        wamid = self.sent(plain())
        change = {"components": [{"type": "BODY", "text": "बिजली फिर चालू है।"}]}
        self.simulator.settings(template_review_ms=2000)
        self.assertEqual(
            self.simulator.graph("POST", template["id"], change), (200, {"success": True})
        )
        self.assertRefused(132001, self.simulator.send(plain()))
        self.assertRefused(100, self.simulator.graph("POST", template["id"], change))
        self.until(lambda: self.status_of(template["id"]) == "APPROVED", "not approved")
        self.sent(plain())
        self.assertEqual(
            [message["body"] for message in self.simulator.messages()],
            ["आपके क्षेत्र की बिजली आ गई है।", "बिजली फिर चालू है।"],
        )
        self.assertTrue(self.simulator.messages(id=wamid))
        self.assertRefused(100, self.simulator.graph("POST", template["id"], change))

    def test_pause_and_unpause(self):
        [template] = self.simulator.add_templates(
            [{"name": "restored", "language": "hi", "status": "PAUSED", "notify": True}]
        )
        self.assertRefused(132015, self.simulator.send(plain()))
        self.assertEqual(self.values()[0]["other_info"], {"title": "FIRST_PAUSE"})
        self.simulator.graph("POST", f"{template['id']}/unpause")
        self.sent(plain())

    def test_delete(self):
        self.create_template({**PLAIN, "language": "en"})
        [hindi] = [
            template
            for template in self.simulator.templates()
            if (template["name"], template["language"]) == ("restored", "hi")
        ]
        status, _answer = self.simulator.graph(
            "DELETE", f"{self.path}?name=restored&hsm_id={hindi['id']}"
        )
        self.assertEqual(status, 200)
        self.assertRefused(132001, self.simulator.send(plain()))
        self.assertEqual(len(self.simulator.templates()), 3)
        error = self.assertRefused(100, self.create_template({**PLAIN}))
        self.assertEqual(error["error_subcode"], 2388023)
        self.assertEqual(self.simulator.graph("DELETE", self.path + "?name=restored")[0], 200)
        self.assertEqual(len(self.simulator.templates()), 2)
        self.assertRefused(100, self.simulator.graph("DELETE", self.path + "?name=restored"))
        self.assertRefused(100, self.simulator.graph("DELETE", self.path))

    def test_templates_are_of_one_account(self):
        self.simulator.add_number("100000000000003", waba_id="200000000000003")
        self.assertEqual(
            self.simulator.graph("GET", "200000000000003/message_templates"), (200, {"data": []})
        )
        self.assertRefused(
            132001,
            self.simulator.graph(
                "POST", "100000000000003/messages", {"messaging_product": "whatsapp", **plain()}
            ),
        )

    def test_answers_are_plain_json(self):
        self.assertNotIn("null", json.dumps(self.simulator.graph("GET", self.path)[1]))
