"""Upload, look up, download and delete files."""

import hashlib

from .common import NUMBER, PDF, SimulatorCase


class TestMedia(SimulatorCase):
    def test_upload_and_download(self):
        status, answer = self.upload()
        self.assertEqual((status, list(answer)), (200, ["id"]))
        status, node = self.simulator.graph("GET", answer["id"])
        self.assertEqual(status, 200)
        self.assertEqual(node["mime_type"], "application/pdf")
        self.assertEqual(node["file_size"], len(PDF))
        self.assertEqual(node["sha256"], hashlib.sha256(PDF).hexdigest())
        path = node["url"].removeprefix(self.simulator.url)
        self.assertEqual(self.simulator.call("GET", path)[0], 401)
        token = {"Authorization": f"Bearer {self.simulator.token}"}
        self.assertEqual(self.simulator.call("GET", path, headers=token), (200, PDF))
        self.assertEqual(self.simulator.call("GET", path + "0", headers=token)[0], 404)

    def test_type_field_wins_over_the_part(self):
        status, answer = self.upload(
            mime_type="application/octet-stream",
            fields={"messaging_product": "whatsapp", "type": "application/pdf"},
        )
        self.assertEqual(status, 200, answer)

    def test_bytes_that_look_like_a_form(self):
        content = b'%PDF\r\n--edg\r\n\r\n--edgy\r\nname="file"\r\n'
        media_id = self.upload(content)[1]["id"]
        self.assertEqual(self.simulator.call("GET", f"/simulator/media/{media_id}")[1], content)

    def test_refused_files(self):
        self.assertRefused(131053, self.upload(mime_type="application/zip"))
        self.assertRefused(131053, self.upload(b""))
        self.assertRefused(131053, self.upload(b"x" * (5 * 1024 * 1024 + 1), "image/png"))
        self.assertRefused(100, self.upload(fields={"messaging_product": "sms"}))
        self.assertRefused(100, self.upload(content=None))
        path = f"{self.simulator.phone_number_id}/media"
        self.assertRefused(100, self.simulator.graph("POST", path, {"file": "x"}))
        form = {"Content-Type": "multipart/form-data; boundary=edge"}
        self.assertRefused(100, self.simulator.graph("POST", path, b"--edge\r\nbroken", form))
        self.assertEqual(self.simulator.state()["media"]["uploads"], 0)

    def test_deleted_file_cannot_be_sent(self):
        media_id = self.upload()[1]["id"]
        self.sent(self.bill(media_id))
        self.assertEqual(self.simulator.graph("DELETE", media_id), (200, {"success": True}))
        self.assertRefused(100, self.simulator.send(self.bill(media_id)))
        self.assertRefused(100, self.simulator.graph("GET", media_id))

    def test_expired_file_cannot_be_sent(self):
        media_id = self.upload()[1]["id"]
        self.simulator.settings(media_ttl_s=0)
        self.assertRefused(100, self.simulator.send(self.bill(media_id)))

    def test_file_belongs_to_its_number(self):
        other = "100000000000002"
        self.simulator.add_number(other)
        media_id = self.upload(phone_number_id=other)[1]["id"]
        self.assertRefused(100, self.simulator.send(self.bill(media_id)))
        query = f"?phone_number_id={self.simulator.phone_number_id}"
        self.assertRefused(100, self.simulator.graph("GET", media_id + query))
        self.assertEqual(self.simulator.graph("GET", f"{media_id}?phone_number_id={other}")[0], 200)

    def test_old_contents_are_forgotten_but_ids_live(self):
        self.simulator.settings(media_keep_mb=0.001)
        first = self.upload(PDF + b"a" * 900)[1]["id"]
        self.upload(PDF + b"b" * 900)
        self.sent(self.bill(first))
        self.assertEqual(self.simulator.call("GET", f"/simulator/media/{first}")[0], 404)
        self.assertIsNone(self.simulator.messages(to=NUMBER)[0]["media"]["url"])
