"""POST /{phone}/messages: what is accepted, and what is refused with Meta's code."""

import copy

from .common import NUMBER, SimulatorCase, outage, plain, text


class TestSend(SimulatorCase):
    def test_answer_has_metas_shape(self):
        status, answer = self.simulator.send(self.bill(biz_opaque_callback_data="key-1"))
        self.assertEqual(status, 200)
        wamid = answer["messages"][0].pop("id")
        self.assertRegex(wamid, r"^wamid\.[A-Za-z0-9+/]+=*$")
        self.assertEqual(
            answer,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": NUMBER, "wa_id": NUMBER}],
                "messages": [{"message_status": "accepted"}],
            },
        )

    def test_message_is_filled_in(self):
        wamid = self.sent(self.bill())
        [message] = self.simulator.messages(to=NUMBER)
        self.assertEqual(message["id"], wamid)
        self.assertEqual(
            message["body"], "प्रिय राम जी, आपका इस माह का बिजली बिल ₹1,240.00 है, कृपया जमा करें।"
        )
        self.assertEqual(message["footer"], "संदेश रोकने के लिए STOP लिखें")
        self.assertEqual(message["media"]["filename"], "Bill.pdf")
        self.assertEqual(message["parameters"], {"name": "राम", "amount": "1,240.00"})
        self.assertEqual(
            [
                button.get("payload") or button.get("url") or button["phone_number"]
                for button in message["buttons"]
            ],
            ["BILL", "https://example.org/b/b%2F9f1c", "+911912"],
        )

    def test_named_parameters_may_come_in_any_order(self):
        body = self.bill()
        body["template"]["components"][1]["parameters"].reverse()
        self.sent(body)
        self.assertEqual(
            self.simulator.messages(to=NUMBER)[0]["parameters"],
            {"name": "राम", "amount": "1,240.00"},
        )

    def test_positional_header_and_body(self):
        self.sent(outage())
        message = self.simulator.messages(to=NUMBER)[0]
        self.assertEqual(message["header"]["text"], "Shutdown on Anpara-2")
        self.assertIn("from 10:00 to 13:00", message["body"])

    def test_any_version_of_the_api(self):
        body = {"messaging_product": "whatsapp", **plain()}
        for version in ("v21.0", "v26.0"):
            status, _answer = self.simulator.call(
                "POST",
                f"/{version}/{self.simulator.phone_number_id}/messages",
                body,
                {"Authorization": f"Bearer {self.simulator.token}"},
            )
            self.assertEqual(status, 200)

    def test_leading_plus_is_let_pass(self):
        _status, answer = self.simulator.send(plain("+" + NUMBER))
        self.assertEqual(answer["contacts"], [{"input": "+" + NUMBER, "wa_id": NUMBER}])

    def test_each_key_is_counted(self):
        for key in ("a", "b", "a"):
            self.sent(plain(biz_opaque_callback_data=key))
        self.assertEqual(self.simulator.key_counts(), {"a": 2, "b": 1})
        self.assertEqual(self.simulator.state()["keys"], {"distinct": 2, "repeated": {"a": 2}})

    def test_free_messages_of_each_kind(self):
        self.simulator.inbound(NUMBER, text="नमस्ते")
        media_id = self.upload()[1]["id"]
        buttons = [{"type": "reply", "reply": {"id": "y", "title": "हाँ"}}]
        rows = [{"rows": [{"id": "1", "title": "बिल"}]}]
        for kind, content in (
            ("text", {"body": "जी"}),
            ("document", {"id": media_id, "filename": "a.pdf", "caption": "बिल"}),
            ("image", {"link": "https://example.org/a.png"}),
            ("location", {"latitude": 24.2, "longitude": "83.03"}),
            (
                "interactive",
                {"type": "button", "body": {"text": "ठीक?"}, "action": {"buttons": buttons}},
            ),
            (
                "interactive",
                {
                    "type": "list",
                    "body": {"text": "चुनें"},
                    "action": {"button": "सूची", "sections": rows},
                },
            ),
            (
                "interactive",
                {
                    "type": "cta_url",
                    "body": {"text": "खोलें"},
                    "action": {
                        "name": "cta_url",
                        "parameters": {"display_text": "खोलें", "url": "https://example.org"},
                    },
                },
            ),
        ):
            with self.subTest(kind=kind, content=content):
                self.sent({"to": NUMBER, "type": kind, kind: content})
        self.assertEqual(self.simulator.state()["statuses"]["failed"], 0)

    def test_mark_as_read(self):
        wamid = self.simulator.inbound(NUMBER, text="बिल")
        self.assertEqual(
            self.simulator.send({"status": "read", "message_id": wamid}), (200, {"success": True})
        )
        self.assertTrue(self.simulator.messages(id=wamid)[0]["read_at"])
        ours = self.sent(plain())
        for unknown in ("wamid.none", ours, None):
            self.assertRefused(
                131009, self.simulator.send({"status": "read", "message_id": unknown})
            )


class TestAuthorization(SimulatorCase):
    def test_token(self):
        path = f"/v25.0/{self.simulator.phone_number_id}/messages"
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": self.simulator.token},
        ):
            with self.subTest(headers=headers):
                answered = self.simulator.call("POST", path, plain(), headers)
                self.assertEqual(answered[0], 401)
                self.assertRefused(190, answered)
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_unknown_number(self):
        error = self.assertRefused(
            100,
            self.simulator.graph(
                "POST", "555/messages", {"messaging_product": "whatsapp", **plain()}
            ),
        )
        self.assertEqual(error["error_subcode"], 33)

    def test_number_that_is_not_registered(self):
        phone = self.simulator.phone_number_id
        self.assertEqual(self.simulator.graph("POST", f"{phone}/deregister")[0], 200)
        self.assertRefused(133010, self.simulator.send(plain()))
        self.assertRefused(
            100,
            self.simulator.graph(
                "POST", f"{phone}/register", {"messaging_product": "whatsapp", "pin": "12"}
            ),
        )
        self.simulator.graph(
            "POST", f"{phone}/register", {"messaging_product": "whatsapp", "pin": "123456"}
        )
        self.sent(plain())


class TestStrict(SimulatorCase):
    def altered(self, change):
        """:return: the bill message after ``change(components)``"""
        body = self.bill(self.media_id)
        change(body["template"]["components"])
        return body

    def setUp(self):
        super().setUp()
        self.media_id = self.upload()[1]["id"]

    def test_envelope(self):
        for code, body in (
            (100, {"messaging_product": "sms", **plain()}),
            (131008, plain(to="")),
            (131008, plain(to=None)),
            (131009, plain(to="9415000001")),
            (131009, plain(to="0919415000001")),
            (131009, plain(to="91 94150 00001")),
            (131009, plain(to="91-9415000001")),
            (131009, plain(to="abc")),
            (131009, plain(to=919415000001)),
            (131009, plain(to="9194150000011111")),
            (131021, plain(to="915444210001")),
            (131009, plain(recipient_type="group")),
            (131051, {"to": NUMBER, "type": "sticker", "sticker": {}}),
            (131051, {"to": NUMBER, "type": ["text"]}),
            (131008, {"to": NUMBER, "type": "text"}),
            (100, plain(biz_opaque_callback_data="x" * 513)),
            (131008, plain(context={})),
        ):
            with self.subTest(code=code, body=body):
                body = {"messaging_product": "whatsapp", **body}
                self.assertRefused(
                    code,
                    self.simulator.graph(
                        "POST", f"{self.simulator.phone_number_id}/messages", body
                    ),
                )
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_body_that_is_no_json(self):
        for body in (b"", b"{", b"[]", b"null", b"\xff"):
            with self.subTest(body=body):
                self.assertRefused(
                    100,
                    self.simulator.graph(
                        "POST", f"{self.simulator.phone_number_id}/messages", body
                    ),
                )

    def test_template_must_exist_and_be_approved(self):
        def named(name, language):
            return {
                "to": NUMBER,
                "type": "template",
                "template": {"name": name, "language": {"code": language}},
            }

        self.assertRefused(132001, self.simulator.send(named("nobody_made_it", "hi")))
        self.assertRefused(132001, self.simulator.send(named("restored", "en")))
        self.assertRefused(131008, self.simulator.send(named("", "hi")))
        self.assertRefused(131008, self.simulator.send(named("restored", "")))
        for status, code in (
            ("PENDING", 132001),
            ("REJECTED", 132001),
            ("PAUSED", 132015),
            ("DISABLED", 132016),
        ):
            self.simulator.add_templates([{"name": "restored", "language": "hi", "status": status}])
            self.assertRefused(code, self.simulator.send(plain()))

    def test_parameter_count(self):
        self.assertRefused(
            132000,
            self.simulator.send(outage(body=("10:00",))),
            "number of localizable_params (1) does not match the expected number of params (2)",
        )
        self.assertRefused(132000, self.simulator.send(outage(body=("1", "2", "3"))))
        self.assertRefused(132000, self.simulator.send(outage(header=())))
        self.assertRefused(132000, self.simulator.send(self.altered(lambda parts: parts.pop(1))))

    def test_parameter_names(self):
        def change(key, value):
            def apply(parts):
                parts[1]["parameters"][0][key] = value

            return apply

        self.assertRefused(
            132012, self.simulator.send(self.altered(change("parameter_name", "nam")))
        )
        self.assertRefused(
            132012, self.simulator.send(self.altered(change("parameter_name", "amount")))
        )
        self.assertRefused(
            100,
            self.simulator.send(self.altered(change("parameter_name", ""))),
            "Parameter name is missing or empty",
        )

    def test_parameter_text(self):
        for code, value in (
            (131008, ""),
            (131008, "  "),
            (131008, None),
            (100, 12),
            (132012, "a\nb"),
            (132012, "a\tb"),
            (132012, "a    b"),
            (132005, "x" * 1025),
        ):
            with self.subTest(value=value):
                self.assertRefused(code, self.simulator.send(outage(body=(value, "13:00"))))
        self.sent(outage(body=("a   b", "13:00")))

    def test_header_too_long(self):
        self.assertRefused(132005, self.simulator.send(outage(header=("x" * 60,))))

    def test_header_file(self):
        def header(value):
            def apply(parts):
                parts[0]["parameters"] = value

            return apply

        document = {"id": self.media_id}
        self.assertRefused(
            132012,
            self.simulator.send(self.altered(header([]))),
            "expected DOCUMENT, received UNKNOWN",
        )
        self.assertRefused(
            132012,
            self.simulator.send(self.altered(header([{"type": "image", "image": document}]))),
        )
        for wrong in ({"id": "123"}, {"id": 5}, {"id": None}, {"link": "ftp://example.org/a.pdf"}):
            with self.subTest(wrong=wrong):
                self.assertRefused(
                    100,
                    self.simulator.send(
                        self.altered(header([{"type": "document", "document": wrong}]))
                    ),
                )
        for wrong in ({}, {"id": self.media_id, "link": "https://example.org/a.pdf"}):
            with self.subTest(wrong=wrong):
                self.assertRefused(
                    131008,
                    self.simulator.send(
                        self.altered(header([{"type": "document", "document": wrong}]))
                    ),
                )
        word = self.upload(b"x", "text/plain", "a.txt")[1]["id"]
        self.assertRefused(
            131053,
            self.simulator.send(
                self.altered(header([{"type": "document", "document": {"id": word}}]))
            ),
        )

    def test_buttons(self):
        def button(**values):
            def apply(parts):
                parts[3].update(values)

            return apply

        for code, values in (
            (131008, {"index": ""}),
            (131009, {"index": "7"}),
            (131009, {"index": "x"}),
            (132012, {"sub_type": "quick_reply"}),
            (131008, {"sub_type": None}),
            (132000, {"parameters": []}),
            (131008, {"parameters": [text("")]}),
            (132012, {"parameters": [text("a b")]}),
            (132000, {"index": "2", "sub_type": "phone_number"}),
        ):
            with self.subTest(values=values):
                self.assertRefused(code, self.simulator.send(self.altered(button(**values))))
        self.assertRefused(
            131008,
            self.simulator.send(self.altered(lambda parts: parts.pop())),
            "requires a parameter",
        )
        self.assertRefused(
            131009,
            self.simulator.send(self.altered(lambda parts: parts.append(copy.deepcopy(parts[3])))),
        )
        self.sent(self.altered(lambda parts: parts.pop(2)))

    def test_unknown_component(self):
        self.assertRefused(
            131009,
            self.simulator.send(
                self.altered(lambda parts: parts.append({"type": "footer", "parameters": []}))
            ),
        )

    def test_free_texts(self):
        def send(kind, content):
            return self.simulator.send({"to": NUMBER, "type": kind, kind: content})

        self.assertRefused(131008, send("text", {"body": ""}))
        self.assertRefused(131008, send("text", {"body": " \n"}))
        self.assertRefused(100, send("text", {"body": "x" * 4097}))
        self.assertRefused(100, send("document", {"id": self.media_id, "caption": "x" * 1025}))
        self.assertRefused(131053, send("image", {"id": self.media_id}))
        self.assertRefused(131009, send("location", {"latitude": 95, "longitude": 1}))

    def test_interactive(self):
        def send(titles, body="ठीक?"):
            buttons = [
                {"type": "reply", "reply": {"id": str(n), "title": title}}
                for n, title in enumerate(titles)
            ]
            return self.simulator.send(
                {
                    "to": NUMBER,
                    "type": "interactive",
                    "interactive": {
                        "type": "button",
                        "body": {"text": body},
                        "action": {"buttons": buttons},
                    },
                }
            )

        self.assertRefused(131009, send(["a", "b", "c", "d"]))
        self.assertRefused(131009, send([]))
        self.assertRefused(131009, send(["a", "a"]))
        self.assertRefused(100, send(["x" * 21]))
        self.assertRefused(131008, send([""]))
        self.assertRefused(131008, send(["a"], body=""))
        self.assertRefused(100, send(["a"], body="x" * 1025))
