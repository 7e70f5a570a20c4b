"""Templates of codes: Meta writes the text, the message carries the code twice."""

import copy

from .common import SimulatorCase

NUMBER = "919400000001"
CODE = {
    "name": "kyc_code",
    "language": "hi",
    "category": "AUTHENTICATION",
    "message_send_ttl_seconds": 600,
    "components": [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 10},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "कॉपी"}]},
    ],
}


def message(code, *more):
    """:return: a send body with the code in text and button"""
    parameters = [{"type": "text", "text": code}]
    components = [
        {"type": "body", "parameters": parameters},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters},
    ]
    return {
        "to": NUMBER,
        "type": "template",
        "template": {
            "name": "kyc_code",
            "language": {"code": "hi"},
            "components": [*components, *more],
        },
    }


class TestAuthentication(SimulatorCase):
    def create(self, **changes):
        """:return: (HTTP status, answer) of creating the template with other components"""
        given = copy.deepcopy(CODE)
        given.update(changes)
        return self.simulator.graph("POST", f"{self.simulator.waba_id}/message_templates", given)

    def test_text_is_metas(self):
        status, answer = self.create()
        self.assertEqual((status, answer["category"]), (200, "AUTHENTICATION"), answer)
        _status, read = self.simulator.graph("GET", answer["id"])
        body, footer, buttons = read["components"]
        self.assertIn("*{{1}}*", body["text"])
        self.assertIn("10", footer["text"])
        self.assertEqual(buttons["buttons"][0]["type"], "URL")

    def test_code_arrives(self):
        self.simulator.add_templates([CODE])
        status, answer = self.simulator.send(message("482913"))
        self.assertEqual(status, 200, answer)
        [received] = self.simulator.messages(to=NUMBER)
        self.assertIn("*482913*", received["body"])
        self.assertTrue(received["buttons"][0]["url"].endswith("otp482913"))

    def test_button_needs_the_code(self):
        self.simulator.add_templates([CODE])
        without = message("482913")
        del without["template"]["components"][1]
        self.assertRefused(131008, self.simulator.send(without))

    def test_other_shapes_refused(self):
        body, footer, buttons = CODE["components"]
        for components in (
            [body],
            [{**body, "text": "Your code is {{1}}"}, footer, buttons],
            [{**body, "add_security_recommendation": "yes"}, buttons],
            [body, {"type": "FOOTER", "code_expiration_minutes": 91}, buttons],
            [body, {"type": "FOOTER", "text": "1912"}, buttons],
            [{"type": "HEADER", "format": "TEXT", "text": "Code"}, body, buttons],
            [body, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "No"}]}],
            [body, {"type": "BUTTONS", "buttons": buttons["buttons"] * 2}],
        ):
            with self.subTest(components=components):
                status, answer = self.create(components=components)
                self.assertEqual((status, answer["error"]["code"]), (400, 100), answer)
        self.assertEqual(self.create(message_send_ttl_seconds=3600)[0], 400)
