"""What a consumer does: writes, taps, sends files."""

import base64
import json

from dev.simulator.testing import SimulatorError

from .common import NUMBER, PDF, SimulatorCase, plain


class TestInbound(SimulatorCase):
    def inbound(self, **message):
        """:return: (message, whole value) of the callback of an inbound message"""
        wamid = self.simulator.inbound(NUMBER, **message)
        value = [value for value in self.values() if "messages" in value][-1]
        [found] = value["messages"]
        self.assertEqual((found["from"], found["id"]), (NUMBER, wamid))
        return found, value

    def test_text(self):
        found, value = self.inbound(text="बिल", name="राम")
        self.assertEqual((found["type"], found["text"]), ("text", {"body": "बिल"}))
        self.assertEqual(value["contacts"][0]["profile"], {"name": "राम"})
        self.assertEqual(value["contacts"][0]["wa_id"], NUMBER)
        self.assertEqual(self.simulator.chats(q="राम")[0]["number"], NUMBER)

    def test_hidden_number(self):
        """Of a consumer with a user name the callbacks tell an id, by which he is written to."""
        self.simulator.inbound(NUMBER, text="बिल", hidden=True)
        value = [value for value in self.values() if "messages" in value][-1]
        [found], [contact] = value["messages"], value["contacts"]
        self.assertNotIn("from", found)
        self.assertNotIn("wa_id", contact)
        user_id = found["from_user_id"]
        self.assertEqual(contact["user_id"], user_id)
        text = {"type": "text", "text": {"body": "नमस्ते"}}
        status, answer = self.simulator.send({"recipient": user_id, **text})
        self.assertEqual(
            (status, answer["contacts"]), (200, [{"input": user_id, "user_id": user_id}])
        )
        self.assertEqual(self.simulator.messages(to=NUMBER)[-1]["body"], "नमस्ते")
        for recipient, code in (("IN.1", 131026), ("919415000001", 131009), (5, 131009)):
            _status, answer = self.simulator.send({"recipient": recipient, **text})
            self.assertEqual(answer["error"]["code"], code, recipient)

    def test_number_is_shared(self):
        """The button that asks for the number brings a card; who is written to by it is told."""
        self.simulator.inbound(NUMBER, text="बिल", hidden=True)
        value = [value for value in self.values() if "messages" in value][-1]
        user_id = value["messages"][0]["from_user_id"]
        ask = {"type": "request_contact_info", "body": {"text": "Your number?"}}
        for action, status in (({"name": "request_contact_info"}, 200), ({"name": "x"}, 400)):
            interactive = {"type": "interactive", "interactive": {**ask, "action": action}}
            answered, _body = self.simulator.send({"recipient": user_id, **interactive})
            self.assertEqual(answered, status)
        [button] = self.simulator.messages(to=NUMBER)[-1]["buttons"]
        self.assertEqual(button["type"], "share")
        self.simulator.inbound(NUMBER, type="contacts", share=True)
        [found] = [value for value in self.values() if "messages" in value][-1]["messages"]
        self.assertNotIn("from", found)
        [card] = found["contacts"]
        self.assertEqual((card["origin"], card["phones"][0]["wa_id"]), ("contact_request", NUMBER))
        self.simulator.send({"to": NUMBER, "type": "text", "text": {"body": "धन्यवाद"}})
        found, value = self.inbound(text="बिल")
        self.assertEqual(value["contacts"], [{**value["contacts"][0], "user_id": user_id}])

    def test_quick_reply_of_a_template(self):
        wamid = self.sent(self.bill())
        for tapped in ("बिल", "BILL", 0):
            found, _value = self.inbound(type="button", button=tapped)
            self.assertEqual(found["button"], {"payload": "BILL", "text": "बिल"})
            self.assertEqual(found["context"], {"from": "915444210001", "id": wamid})

    def test_reply_to_interactive(self):
        self.inbound(text="hi")
        wamid = self.sent(
            {
                "to": NUMBER,
                "type": "interactive",
                "interactive": {
                    "type": "list",
                    "body": {"text": "चुनें"},
                    "action": {
                        "button": "सूची",
                        "sections": [
                            {"rows": [{"id": "b", "title": "बिल", "description": "इस माह का"}]}
                        ],
                    },
                },
            }
        )
        found, _value = self.inbound(type="interactive", id="b")
        self.assertEqual(
            found["interactive"],
            {
                "type": "list_reply",
                "list_reply": {"id": "b", "title": "बिल", "description": "इस माह का"},
            },
        )
        self.assertEqual(found["context"]["id"], wamid)

    def test_list_is_shown_as_a_list(self):
        """The page gets the label of the list's button and its rows, each row can be tapped."""
        self.inbound(text="hi")
        rows = [{"id": f"service:{n}", "title": f"सेवा {n}", "description": "x"} for n in range(10)]
        action = {"button": "सेवाएँ देखें", "sections": [{"rows": rows}]}
        content = {"type": "list", "body": {"text": "चुनें"}, "action": action}
        self.sent({"to": NUMBER, "type": "interactive", "interactive": content})
        shown = self.simulator.messages(to=NUMBER)[-1]
        self.assertEqual(shown["list"], "सेवाएँ देखें")
        self.assertEqual([b["id"] for b in shown["buttons"]], [row["id"] for row in rows])
        found, _value = self.inbound(type="interactive", id="service:9")
        self.assertEqual(found["interactive"]["list_reply"]["title"], "सेवा 9")
        for change in ({"button": "x" * 21}, {"sections": [{"rows": rows + rows}]}):
            wrong = {**content, "action": {**action, **change}}
            refused = self.simulator.send(
                {"to": NUMBER, "type": "interactive", "interactive": wrong}
            )
            self.assertNotEqual(refused[0], 200)

    def test_every_kind_of_file(self):
        """Sound, film, sticker and contact card come as Meta sends them."""
        for kind in ("audio", "video", "sticker"):
            found, _value = self.inbound(type=kind)
            self.assertEqual(found["type"], kind)
            self.assertTrue(found[kind]["id"])
            self.assertTrue(found[kind]["sha256"])
        found, _value = self.inbound(type="contacts", contact_name="सीता")
        self.assertEqual(found["contacts"][0]["name"]["formatted_name"], "सीता")
        self.assertIn("सीता", self.simulator.messages(to=NUMBER)[-1]["body"])

    def test_file_can_be_fetched_with_the_token(self):
        found, _value = self.inbound(
            type="document",
            filename="aadhaar.pdf",
            caption="यह लें",
            data=base64.b64encode(PDF).decode(),
        )
        document = found["document"]
        self.assertEqual((document["filename"], document["caption"]), ("aadhaar.pdf", "यह लें"))
        node = self.simulator.graph("GET", document["id"])[1]
        _status, content = self.simulator.call(
            "GET",
            node["url"].removeprefix(self.simulator.url),
            headers={"Authorization": f"Bearer {self.simulator.token}"},
        )
        self.assertEqual(content, PDF)
        self.assertRefused(100, self.simulator.send(self.bill(document["id"])))

    def test_own_samples(self):
        found, _value = self.inbound(type="image")
        content = self.simulator.call("GET", f"/simulator/media/{found['image']['id']}")[1]
        self.assertTrue(content.startswith(b"\x89PNG"))
        found, _value = self.inbound(type="document")
        content = self.simulator.call("GET", f"/simulator/media/{found['document']['id']}")[1]
        self.assertTrue(content.startswith(b"%PDF"))

    def test_location_reaction_unsupported(self):
        found, _value = self.inbound(type="location", latitude=24.2, longitude=83.03, place="Pipri")
        self.assertEqual(found["location"], {"latitude": 24.2, "longitude": 83.03, "name": "Pipri"})
        wamid = self.sent(plain())
        found, _value = self.inbound(type="reaction", emoji="👍")
        self.assertEqual(found["reaction"], {"message_id": wamid, "emoji": "👍"})
        found, _value = self.inbound(type="unsupported")
        self.assertEqual(found["errors"][0]["code"], 131051)

    def test_goes_to_the_number_last_written_from(self):
        other = "100000000000002"
        self.simulator.add_number(other)
        self.assertEqual(
            self.simulator.graph(
                "POST", f"{other}/messages", {"messaging_product": "whatsapp", **plain()}
            )[0],
            200,
        )
        _found, value = self.inbound(text="STOP")
        self.assertEqual(value["metadata"]["phone_number_id"], other)

    def test_refused(self):
        for message in (
            {"text": ""},
            {"type": "nothing"},
            {"type": "button", "button": "x"},
            {"type": "document", "data": "***"},
            {"text": "x", "message": "wamid.x"},
            {"type": "location"},
            {"type": "image", "mime_type": "text/html"},
            {"text": "x", "timestamp": "soon"},
            {"text": "x", "phone_number_id": "5"},
        ):
            with self.subTest(message=message), self.assertRaises(SimulatorError):
                self.simulator.inbound(NUMBER, **message)
        with self.assertRaises(SimulatorError):
            self.simulator.inbound("who", text="x")
        self.assertEqual(self.simulator.state()["inbound"], 0)

    def test_context_of_a_free_reply(self):
        first = self.simulator.inbound(NUMBER, text="प्रश्न")
        self.sent(
            {
                "to": NUMBER,
                "type": "text",
                "text": {"body": "उत्तर"},
                "context": {"message_id": first},
            }
        )
        self.assertEqual(self.simulator.messages(to=NUMBER)[1]["context"], first)
        self.assertEqual(
            json.loads(self.simulator.webhooks()[0]["body"])["entry"][0]["id"],
            self.simulator.waba_id,
        )
