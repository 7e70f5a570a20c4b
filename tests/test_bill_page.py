import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tests import Form, HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from ..controllers import bill as controller
from ..tools import formats, link_token
from .test_bill import BillCommon
from .test_pdf import flat, printed

LIMITS = (
    controller.GUESSES,
    controller.VIEWS,
    controller.DOWNLOADS,
    controller.REPORTS,
    controller.REPORTS_BY_ADDRESS,
)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> '; DROP TABLE discom_bill; --"


@tagged("post_install", "-at_install")
class BillPageCommon(BillCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.write(
            {"discom_upi_address": "division@bank", "discom_upi_name": "Official Discom"}
        )
        cls.today = cls.env["discom.bill"]._today()
        cls.discom.name_hi = "परीक्षण विद्युत निगम"
        cls.subdivision_a1.phone = "05446-222000"
        cls.bill = cls.create_bill(
            amount=1234.5,
            disconnection_date=fields.Date.add(cls.today, days=30),
            history=[{"month": f"2025-{month:02}", "units": 10 * month} for month in range(1, 12)]
            + [{"month": "2026-11", "units": 321}],
        )

    @classmethod
    def create_bill(cls, consumer=None, ago=0, issue=True, **vals):
        """A bill of today and of as many months ago, issued whatever the checks say of it."""
        dated = fields.Date.subtract(cls.today, months=ago)
        bill = super().create_bill(
            consumer,
            issue=False,
            **{
                "period": dated.replace(day=1),
                "bill_date": dated,
                "due_date": fields.Date.add(dated, days=15),
                **vals,
            },
        )
        if issue:
            bill._set_state("issued")
            bill._settle(bill.partner_id.ids)
        return bill

    def setUp(self):
        super().setUp()
        for limit in LIMITS:
            limit.clear()
            self.addCleanup(limit.clear)

    def path(self, bill=None):
        bill = bill or self.bill
        return f"/bill/{bill._public_tokens()[bill.id]}"

    def open(self, path, **kwargs):
        return self.url_open(path, allow_redirects=False, **kwargs)

    def assertGone(self, path):
        """The answer to what opens nothing is the same whatever the reason."""
        for door in ("", "/pdf"):
            response = self.open(f"{path}{door}")
            self.assertEqual(response.status_code, 404)
            self.assertIn("यह लिंक नहीं खुल सकता", response.text)
            self.assertIn("This link cannot be opened", response.text)
            self.assertNotIn(self.bill.account_no, response.text)
        report = self.open(f"{path}/problem", data={"kind": "paid", "text": "x"})
        self.assertEqual(report.status_code, 404)
        self.assertFalse(self.env["discom.bill.problem"].search_count([]))
        return re.sub(r"nonce(=\"|-)[\w-]+", "", response.text)

    @contextmanager
    def limit(self, limit, number):
        before, limit.limit = limit.limit, number
        try:
            yield
        finally:
            limit.limit = before


class TestBillPage(BillPageCommon):
    def test_page(self):
        self.bill.partner_id.write({"name": "Ramesh & <b>Sons</b>", "discom_name_hi": HOSTILE})
        response = self.open(self.path())
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "text/html; charset=utf-8")
        text = response.text
        self.assertIn('<html lang="hi">', text)
        for words in (
            "1,234.50",
            formats.day(self.bill.due_date),
            formats.day(self.bill.disconnection_date),
            self.bill.account_no,
            self.bill.name,
            "परीक्षण विद्युत निगम",
            "एक हज़ार दो सौ चौंतीस रुपये पचास पैसे मात्र",
            "ऊर्जा शुल्क",
            "321",
            "05446-222000",
            "1912",
            "हम कभी OTP नहीं माँगते",
            "Official Discom (division@bank)",
            f"••••••{self.bill.partner_id.discom_whatsapp_number[-4:]}",
        ):
            self.assertIn(words, text)
        for words in ("<script", "<img src", "<b>Sons", self.bill._proof_codes().popitem()[1]):
            self.assertNotIn(words, text)
        self.assertIn("&lt;script&gt;alert(1)", text)
        self.assertNotIn(self.bill.partner_id.discom_whatsapp_number[3:], text)
        english = self.open(f"{self.path()}?lang=en").text
        self.assertIn('<html lang="en">', english)
        self.assertIn("Amount to pay", english)
        self.assertIn("Ramesh &amp; &lt;b&gt;Sons", english)
        self.assertIn('<html lang="hi">', self.open(f"{self.path()}?lang=%22%3E%3Cx").text)

    def test_amount_and_date_are_largest(self):
        style = re.search(r"<style.*?</style>", self.open(self.path()).text, re.S)[0]
        sizes = dict(re.findall(r"\.?([\w, ]+) \{[^}]*?font-size: (\d+)px", style))
        amount, date = int(sizes.pop("amount")), int(sizes.pop("date"))
        self.assertGreater(amount, date)
        self.assertGreater(date, max(map(int, sizes.values())))

    def test_upi_link_pays_the_official_address(self):
        text = self.open(self.path()).text
        links = re.findall(r'href="(upi:[^"]+)"', text)
        self.assertEqual(len(links), 1)
        link = parse_qs(urlsplit(links[0].replace("&amp;", "&")).query)
        self.assertEqual((link["pa"], link["am"]), (["division@bank"], ["1234.50"]))
        self.assertIn(self.bill.account_no, link["tn"][0])
        self.assertIn("<svg", text)
        self.env.company.discom_upi_address = False
        text = self.open(self.path()).text
        self.assertNotIn("upi:", text)
        self.assertNotIn("Official Discom", text)

    def test_words_are_those_of_the_amount(self):
        self.pay(234.5, self.bill.bill_date)
        text = self.open(self.path()).text
        self.assertRegex(text, r'class="amount">₹ 1,000.00</div>\s*<p[^>]*>एक हज़ार रुपये मात्र</p>')
        self.assertEqual(text.count("रुपये मात्र"), 1)

    def test_paid_meanwhile(self):
        self.pay(400, self.bill.bill_date)
        text = self.open(self.path()).text
        for words in ("834.50", "400.00", "1,234.50"):
            self.assertIn(words, text)
        self.pay(834.5, self.bill.bill_date)
        text = self.open(self.path()).text
        self.assertIn("जमा हो चुका है", text)
        self.assertNotIn("upi:", text)
        self.assertNotIn("जमा करने की राशि", text)
        paper = flat(printed(self.open(f"{self.path()}/pdf").content, "-raw"))
        self.assertIn("जमा हो चुका है Paid", paper)

    def test_scheme(self):
        """While a scheme runs, the page says what the consumer would pay."""
        note = {"hi": "योजना: ₹ 900.00 जमा करें", "en": f"Scheme {HOSTILE}"}
        with patch.object(
            type(self.bill), "_scheme_offer", lambda bills: {bills.id: {"note": note}}
        ):
            self.assertIn("योजना: ₹ 900.00 जमा करें", self.open(self.path()).text)
            english = self.open(f"{self.path()}?lang=en").text
        self.assertIn("Scheme &lt;script", english)
        self.assertNotIn("<script", english)

    def test_credit(self):
        bill = self.create_bill(self.create_consumer(), amount=100, amount_arrears=-350)
        text = self.open(self.path(bill)).text
        self.assertIn("कुछ जमा नहीं करना है", text)
        self.assertIn("250.00", text)
        self.assertNotIn("upi:", text)

    def test_newer_bill(self):
        """Two amounts would confuse: who opens the older link is told so and pays nothing there."""
        newer = fields.Date.add(self.today, months=1)
        self.create_bill(amount=99, period=newer.replace(day=1))
        text = self.open(self.path()).text
        self.assertIn("नया बिल बन चुका है", text)
        self.assertNotIn("upi:", text)

    def test_basis_is_explained(self):
        consumer = self.create_consumer()
        basis = self.env.ref("discom.bill_basis_prov")
        bill = self.create_bill(consumer, basis_id=basis.id)
        text = self.open(self.path(bill)).text
        self.assertIn(f"{basis.name_hi}", text)
        self.assertIn("(PROV)", text)
        self.assertIn(basis.explanation_hi, text)
        self.assertNotIn(basis.explanation, text)
        self.assertIn(basis.explanation, self.open(f"{self.path(bill)}?lang=en").text)

    def test_arrears_by_month(self):
        consumer = self.create_consumer()
        earlier = self.create_bill(consumer, ago=1, amount=500)
        bill = self.create_bill(consumer, amount=100, amount_arrears=700)
        text = self.open(self.path(bill)).text
        for words in (
            "बकाया, महीनेवार",
            formats.month(earlier.period, "hi_IN"),
            "500.00",
            "इससे पहले का",
            "200.00",
        ):
            self.assertIn(words, text)

    def test_small_and_whole(self):
        """Under 100 KB with all it needs: no script, no file of any server."""
        response = self.open(self.path())
        self.assertLess(len(response.content), 40_000)
        found = re.findall(r'(?:src|href|action|data)="([^"]*)"', response.text)
        own = [
            link for link in found if not link.startswith((self.path(), "tel:", "upi:", "data:"))
        ]
        self.assertEqual(own, [])
        text = response.text.replace('xmlns="http://www.w3.org/2000/svg"', "")
        for words in ("<script", "@import", "url(", "http://", "https://", "style="):
            self.assertNotIn(words, text)

    def test_headers(self):
        for response in (
            self.open(self.path()),
            self.open(f"{self.path()}/pdf"),
            self.open(f"{self.path()}x"),
        ):
            headers = response.headers
            self.assertEqual(headers["Cache-Control"], "private, no-store")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["X-Robots-Tag"], "noindex, nofollow, noarchive")
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertNotIn("Set-Cookie", headers)
        response = self.open(self.path())
        policy = response.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
            self.assertIn(rule, policy)
        nonce = re.search(r"style-src 'nonce-([\w-]+)'", policy)[1]
        self.assertIn(f'<style nonce="{nonce}">', response.text)
        self.assertNotIn(nonce, self.open(self.path()).text)
        self.assertIn('name="robots" content="noindex', response.text)
        robots = self.open("/robots.txt").text
        self.assertIn("Disallow: /", robots)
        self.assertNotIn("/bill", robots)

    def test_pdf(self):
        response = self.open(f"{self.path()}/pdf")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertNotIn(self.bill.account_no, response.headers["Content-Disposition"])
        self.assertIn(self.bill.account_no, flat(printed(response.content)))

    def test_who_is_signed_in_does_not_matter(self):
        self.authenticate("test_clerk_b", "test_clerk_b")
        self.assertEqual(self.open(self.path()).status_code, 200)


class TestBillLink(BillPageCommon):
    def token(self, bill=None, days=1, generation=0, key=None):
        bill = bill or self.bill
        day = bill._today() + timedelta(days=days)
        return link_token.make(key or bill._link_key(), bill.id, day, generation)

    def test_guessed_and_altered(self):
        token = self.token()
        self.assertEqual(self.open(f"/bill/{token}").status_code, 200)
        answers = set()
        with self.limit(controller.GUESSES, 10_000):
            for wrong in (
                "x",
                "A" * 32,
                "_" * 32,
                token[:-1],
                f"{token}A",
                token.swapcase(),
                f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}",
                f"{'B' if token[0] != 'B' else 'C'}{token[1:]}",
                f"{token[:8]}{'A' if token[8] != 'A' else 'B'}{token[9:]}",
                self.token(key=b"another key"),
                "%00" * 5,
                "%E0%A4%85" * 32,
                "%27%20OR%201%3D1--",
            ):
                with self.subTest(wrong=wrong):
                    answers.add(self.assertGone(f"/bill/{wrong}"))
        self.assertEqual(len(answers), 1)

    def test_every_character_counts(self):
        """No second spelling of a token is taken, in whatever place it differs."""
        token = self.token()
        bills = self.env["discom.bill"]
        self.assertEqual(bills._from_public_token(token), self.bill)
        for place, char in enumerate(token):
            for other in "Aa0_-":
                if other != char:
                    altered = token[:place] + other + token[place + 1 :]
                    self.assertFalse(bills._from_public_token(altered), place)

    def test_another_bill(self):
        other = self.create_bill(self.create_consumer(name="Somebody Else"), amount=777.77)
        mine, theirs = self.token(), self.token(other)
        self.assertNotIn("777.77", self.open(f"/bill/{mine}").text)
        self.assertIn("777.77", self.open(f"/bill/{theirs}").text)
        # Their number under my signature, and mine under theirs.
        for mixed in (theirs[:11] + mine[11:], mine[:11] + theirs[11:]):
            self.assertGone(f"/bill/{mixed}")

    def test_expiry(self):
        self.assertEqual(self.open(f"/bill/{self.token(days=0)}").status_code, 200)
        self.assertGone(f"/bill/{self.token(days=-1)}")
        self.env.company.discom_bill_link_days = 3
        token = self.path().split("/")[-1]
        self.assertEqual(link_token.parse(token)[1], self.bill._today() + timedelta(days=3))
        # The day is signed too.
        _bill, day = link_token.parse(token)
        later = link_token.make(b"?", self.bill.id, day + timedelta(days=900), 0)
        self.assertGone(f"/bill/{later[:11]}{token[11:]}")

    def test_revoked(self):
        old = self.path()
        self.assertEqual(self.open(old).status_code, 200)
        self.bill.with_user(self.clerk).action_revoke_links()
        self.assertGone(old)
        new = self.path()
        self.assertNotEqual(old, new)
        self.assertEqual(self.open(new).status_code, 200)
        self.assertIn(self.bill.name, self.bill.partner_id.message_ids[0].body)
        for stranger in (self.clerk_b, self.counter):
            with self.assertRaises(AccessError):
                self.bill.with_user(stranger).action_revoke_links()

    def test_too_many_to_revoke(self):
        more = self.bill | self.create_bill(self.create_consumer())
        with (
            patch("odoo.addons.discom.models.bill_link.REVOKE_LIMIT", 1),
            self.assertRaisesRegex(UserError, "links of 2 bills .* at most 1"),
        ):
            more.with_user(self.clerk).action_ask_revoke_links()
        self.assertFalse(more[0].link_generation)

    def test_revoked_from_a_list(self):
        more = self.bill | self.create_bill(self.create_consumer())
        action = more.with_user(self.clerk).action_ask_revoke_links()
        dialog = self.env[action["res_model"]].with_user(self.clerk).browse(action["res_id"])
        self.assertEqual(dialog.many_count, 2)
        self.assertEqual(more.mapped("link_generation"), [0, 0])
        dialog.action_apply()
        self.assertEqual(more.mapped("link_generation"), [1, 1])

    def test_bills_that_are_not_out(self):
        draft = self.create_bill(self.create_consumer(), issue=False)
        self.assertGone(f"/bill/{self.token(draft)}")
        self.assertFalse(draft.public_url)
        with self.assertRaises(UserError):
            draft.action_open_public_page()
        path = self.path()
        self.cancel_issued(self.bill)
        self.assertGone(path)
        deleted = self.token(draft)
        draft.unlink()
        self.assertGone(f"/bill/{deleted}")

    def test_form_and_batch(self):
        form = Form(self.bill.with_user(self.clerk))
        self.assertTrue(form.public_url.endswith(self.path()))
        self.assertEqual(self.bill.action_open_public_page()["url"], form.public_url)
        bills = self.bill | self.create_bill(self.create_consumer())
        bills._public_urls()
        self.env.invalidate_all()
        with self.assertQueryCount(4):
            self.assertEqual(len(bills._public_tokens()), 2)

    def test_link_is_no_way_round_the_masks(self):
        """Who sees the address masked gets no link by RPC, and none by the button, until it is
        shown in full, which is on record; nor does the paper hold the code for him."""
        consumer = self.bill.partner_id
        consumer.street = "House 7, Behind the temple"
        self.env.flush_all()
        self.authenticate(self.auditor.login, self.auditor.login)

        def call(method, *args):
            return self.make_jsonrpc_request(
                "/web/dataset/call_kw",
                {"model": "discom.bill", "method": method, "args": args, "kwargs": {}},
            )

        found = call("search_read", [["id", "=", self.bill.id]], ["public_url"])
        self.assertEqual(found, [{"id": self.bill.id, "public_url": False}])
        with self.assertRaisesRegex(JsonRpcException, "odoo.exceptions.AccessError"):
            with mute_logger("odoo.http"):
                call("action_open_public_page", self.bill.ids)
        for user, whole in ((self.auditor, False), (self.operator, False), (self.counter, True)):
            with self.subTest(user.login):
                bill = self.bill.with_user(user)
                self.assertEqual(bool(bill.public_url), whole)
                code = bill._document_data("hi_IN")[bill.id]["proof_code"]
                self.assertEqual(code, bill._proof_codes()[bill.id] if whole else "")
        self.env["discom.unmask"].with_user(self.auditor).create(
            {
                "res_model": "res.partner",
                "res_id": consumer.id,
                "reason": "Checks a complaint of the consumer",
            }
        ).action_unmask()
        self.env.invalidate_all()
        self.assertTrue(self.bill.with_user(self.auditor).action_open_public_page()["url"])
        pdf = self.open(f"{self.path()}/pdf")
        self.assertIn(self.bill._proof_codes()[self.bill.id], flat(printed(pdf.content)))

    def test_guessing_is_bounded(self):
        with self.limit(controller.GUESSES, 3):
            self.assertEqual(
                [self.open(f"/bill/{'A' * 31}{n}").status_code for n in range(5)],
                [404, 404, 404, 429, 429],
            )
            # Neighbours behind the same address open theirs.
            self.assertEqual(self.open(self.path()).status_code, 200)
        controller.VIEWS.clear()
        with self.limit(controller.VIEWS, 2), self.limit(controller.DOWNLOADS, 1):
            self.assertEqual(
                [self.open(self.path()).status_code for _n in range(3)], [200, 200, 429]
            )
            pdf = f"{self.path()}/pdf"
            self.assertEqual([self.open(pdf).status_code for _n in range(2)], [200, 429])


class TestBillProblem(BillPageCommon):
    def report(self, bill=None, status=303, form_token=None, **form):
        path = self.path(bill)
        page = self.open(path).text
        token = re.search(r'name="form" value="([^"]+)"', page)[1]
        form = {"kind": "reading", "text": "", "mobile": "", "homepage": "", **form}
        response = self.open(
            f"{path}/problem", data={**form, "form": token if form_token is None else form_token}
        )
        self.assertEqual(response.status_code, status, response.text[:200])
        self.assertNotIn("Set-Cookie", response.headers)
        return response

    def problems(self):
        return self.env["discom.bill.problem"].search([])

    def test_report_and_answer(self):
        response = self.report(text="मीटर 4312 है", mobile="९४१५२ 61234")
        location = urlsplit(response.headers["Location"])
        self.assertEqual((location.path, location.query), (self.path(), "lang=hi&sent=1"))
        self.assertIn("आपकी बात कार्यालय को मिल गई", self.open(response.headers["Location"]).text)
        problem = self.problems()
        self.assertRecordValues(
            problem,
            [
                {
                    "bill_id": self.bill.id,
                    "partner_id": self.bill.partner_id.id,
                    "office_id": self.subdivision_a1.id,
                    "kind": "reading",
                    "text": "मीटर 4312 है",
                    "mobile": "+919415261234",
                    "state": "new",
                    "source": "page",
                    "user_id": self.clerk.id,
                }
            ],
        )
        self.assertEqual(problem.activity_ids.user_id, self.clerk)
        self.assertEqual(self.bill.problem_count, 1)
        self.assertEqual(
            self.bill.action_open_problems()["domain"], [("bill_id", "in", self.bill.ids)]
        )
        mine = problem.with_user(self.clerk)
        mine.action_start()
        with self.assertRaisesRegex(UserError, "answer"):
            mine.action_solve()
        with Form(mine) as form:
            form.answer = f"रीडिंग ठीक की गई {HOSTILE}"
        self.assertNotIn("ठीक की गई", self.open(self.path()).text)
        mine.action_solve()
        self.assertFalse(problem.activity_ids)
        text = self.open(self.path()).text
        self.assertIn("रीडिंग ठीक की गई", text)
        self.assertIn("समाधान हो गया", text)
        self.assertNotIn("<script", text)
        self.assertNotIn("ठीक की गई", self.open(self.path(self.create_bill(ago=1))).text)

    def test_duplicates_are_merged(self):
        self.report(kind="paid", text="paid on 3rd")
        self.report(kind="paid", text=f"paid on 3rd, receipt 77 {HOSTILE}")
        self.report(kind="paid", text="paid on 3rd")
        self.report(kind="name")
        paid = self.problems().filtered(lambda problem: problem.kind == "paid")
        self.assertEqual(len(self.problems()), 2)
        self.assertEqual(paid.report_count, 3)
        notes = [body for body in paid.message_ids.mapped("body") if "again" in body]
        self.assertEqual(len(notes), 1)
        self.assertIn("receipt 77", notes[0])
        self.assertNotIn("<script", notes[0])
        # What was answered is over: who writes again has a new problem.
        paid.answer = "Found"
        paid.action_start()
        paid.action_solve()
        self.report(kind="paid")
        self.assertEqual(len(self.problems()), 3)

    def test_bad_input(self):
        for text, form in (
            ("समस्या चुनें", {"kind": ""}),
            ("समस्या चुनें", {"kind": HOSTILE}),
            ("समस्या चुनें", {"kind": "reading' OR '1'='1"}),
            ("अपनी बात लिखें", {"kind": "other", "text": "  "}),
            ("500 अक्षरों", {"text": "क" * 501}),
            ("मोबाइल नंबर सही नहीं", {"mobile": "12345"}),
            ("मोबाइल नंबर सही नहीं", {"mobile": "9999999999"}),
            ("मोबाइल नंबर सही नहीं", {"mobile": HOSTILE}),
        ):
            with self.subTest(form=form):
                response = self.report(status=422, **{"text": f"mine {HOSTILE}", **form})
                self.assertIn(text, response.text)
                self.assertNotIn("<script", response.text)
                self.assertNotIn("<img", response.text)
        # What was written is not lost.
        self.assertIn("mine &lt;script&gt;", response.text)
        self.assertFalse(self.problems())

    def test_hostile_text_is_kept_as_text(self):
        self.report(text=HOSTILE)
        self.assertEqual(self.problems().text, HOSTILE)

    def test_aadhaar_is_not_kept(self):
        self.report(text="मेरा आधार 2345 6789 0124 है")
        self.assertNotIn("2345 6789", self.problems().text)
        self.assertIn("0124", self.problems().text)

    def test_form_of_another_page_or_day(self):
        """A token of the form made for another bill, made up, or old is refused; none is needed to
        know more than the link itself."""
        other = self.create_bill(self.create_consumer())
        theirs = re.search(r'name="form" value="([^"]+)"', self.open(self.path(other)).text)[1]
        hour, signature = theirs.split(".")
        for wrong in ("", "1.2", theirs, f"{int(hour) + 1}.{signature}", "x" * 5000, HOSTILE):
            with self.subTest(wrong=wrong[:40]):
                self.assertIn("बहुत देर", self.report(status=422, form_token=wrong).text)
        page = controller.BillPage()
        token = self.path().split("/")[-1]
        old = page._form_token(self.bill, token, int(hour) - controller.FORM_HOURS - 1)
        self.report(status=422, form_token=old)
        self.assertFalse(self.problems())

    def test_robots_and_floods(self):
        self.report(homepage="http://spam.example", text="buy")
        self.assertFalse(self.problems())
        with self.limit(controller.REPORTS, 2):
            self.report(text="one")
            self.report(text="two")
            self.assertIn("बहुत संदेश", self.report(status=429, text="three").text)
        self.assertEqual(self.problems().report_count, 2)
        response = self.open(f"{self.path()}/problem", data={"text": "x" * 20_000})
        self.assertEqual(response.status_code, 413)
        self.assertEqual(self.open(f"{self.path()}/problem").status_code, 405)

    def test_one_problem_of_a_kind_is_open(self):
        """Two reports at one moment: the one that comes second finds the first."""
        self.report(kind="paid", text="first")
        search = type(self.env["discom.bill.problem"]).search
        self.patch(
            type(self.env["discom.bill.problem"]),
            "search",
            lambda self, domain, **kw: (
                self.browse() if ("kind", "=", "paid") in domain else search(self, domain, **kw)
            ),
        )
        with self.assertLogs("odoo.sql_db", "ERROR"):
            self.report(kind="paid", text="second")
        self.assertEqual(self.env["discom.bill.problem"].search_count([]), 1)

    def test_at_the_counter(self):
        """Who comes to the counter is written down there, and goes to the clerk all the same."""
        with Form(self.env["discom.bill.problem"].with_user(self.counter)) as form:
            form.bill_id = self.bill
            form.kind = "name"
            form.text = "Spelt wrong"
        problem = form.record
        self.assertEqual((problem.source, problem.user_id), ("staff", self.clerk))
        for vals in (
            {"state": "solved"},
            # The page shows the answer of what is closed.
            {"date_closed": "2026-01-01 10:00:00"},
            {"source": "page"},
            {"report_count": 0},
        ):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "buttons"):
                problem.write(vals)
        with self.assertRaises(UserError):
            self.env["discom.bill.problem"].create(
                {"bill_id": self.bill.id, "kind": "paid", "state": "solved"}
            )
        problem.user_id = self.manager
        self.assertEqual(problem.activity_ids.user_id, self.manager)

    def test_nearest_clerk_with_least_to_do(self):
        near = self.create_user("test_near", "group_billing_clerk", self.subdivision_a1)
        second = self.create_user("test_second", "group_billing_clerk", self.subdivision_a1)
        for kind in ("reading", "paid", "name", "other"):
            self.report(kind=kind, text="x")
        self.assertEqual(
            [
                len(self.problems().filtered(lambda p, u=user: p.user_id == u))
                for user in (near, second)
            ],
            [2, 2],
        )

    def test_other_offices_see_nothing(self):
        self.report(text="x")
        problem = self.problems().with_user(self.clerk_b)
        self.assertFalse(self.env["discom.bill.problem"].with_user(self.clerk_b).search([]))
        for attempt in (lambda: problem.read(["text"]), problem.action_start):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                attempt()
        with self.assertRaises(AccessError):
            self.problems().with_user(self.auditor).action_start()
        with self.assertRaises(UserError):
            self.problems().with_user(self.administrator).unlink()


@tagged("post_install", "-at_install")
class TestBillPageTour(BillPageCommon):
    """A consumer with a phone, then the clerk, in a browser."""

    browser_size = "390x844"
    touch_enabled = True

    def test_from_the_page_to_the_staff_and_back(self):
        answer = controller.BillPage._answer

        def signalling(page, body, *args, **kwargs):
            # The script of the test ends with the page that sends, so the next one tells.
            response = answer(page, body, *args, **kwargs)
            if "sent" in request.params:
                response.headers["Content-Security-Policy"] += "; script-src 'unsafe-inline'"
                response.data += b"<script>console.log('test successful')</script>"
            return response

        with patch.object(controller.BillPage, "_answer", signalling):
            self.browser_js(
                self.path(),
                code="""
                    if (document.documentElement.scrollWidth > window.innerWidth) {
                        throw new Error("the page is wider than the phone");
                    }
                    document.querySelector("summary").click();
                    document.querySelector("input[value=reading]").click();
                    document.querySelector("textarea").value = "मीटर पर 4312 है";
                    document.querySelector("form button").click();
                """,
            )
        problem = self.env["discom.bill.problem"].search([])
        self.assertEqual(problem.text, "मीटर पर 4312 है")
        self.start_tour("/odoo/discom-bill-problems", "discom_bill_problem", login="test_clerk")
        self.assertEqual((problem.state, problem.answer), ("solved", "नई रीडिंग पर बिल बनेगा"))
        self.browser_js(
            f"{self.path()}?sent=1",
            code="""
                const text = document.body.innerText;
                for (const words of ["आपकी बात कार्यालय को मिल गई", "नई रीडिंग पर बिल बनेगा"]) {
                    if (!text.includes(words)) {
                        throw new Error(`not there: ${words}`);
                    }
                }
                if (document.documentElement.scrollWidth > window.innerWidth) {
                    throw new Error("the page is wider than the phone");
                }
                console.log("test successful");
            """,
        )
