import logging
import re
import secrets
import time

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, http
from odoo.http import content_disposition, request

from ..models.bill_problem import MAX_TEXT
from ..tools import link_token
from ..tools.bill_page_texts import TEXTS, texts
from ..tools.pdf import bill_pdf
from ..tools.phone import PhoneError, normalise_mobile
from ..tools.rate_limit import RateLimit, caller
from .routes import open_route

_logger = logging.getLogger(__name__)

# A problem in 500 letters of Hindi, nine bytes each on the way, and the other fields.
MAX_BYTES = 16 * 1024
FORM_HOURS = 24

# Wrong links from one address. Right ones open all the same: a village may share an address.
GUESSES = RateLimit(30, 600)
# What one link may ask for.
VIEWS = RateLimit(120, 600)
DOWNLOADS = RateLimit(20, 600)
REPORTS = RateLimit(5, 3600)
REPORTS_BY_ADDRESS = RateLimit(20, 3600)

LANGUAGES = ("hi", "en")
HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class BillPage(http.Controller):
    """The page of a bill, for whoever has its link.

    There is no user and no session (``auth="none"``, no cookie): the token in the path is all that
    counts, also for the form, which no other site can send without knowing it. What opens nothing
    gives the same answer whatever the reason.
    """

    @open_route("/bill/<string:token>", "GET")
    def page(self, token, lang="hi", sent=None, **_params):
        """The bill in HTML, Hindi unless ``lang`` is ``en``."""
        bill, lang = self._open(token), self._language(lang)
        if not bill:
            return self._refuse(lang)
        if not VIEWS.hit(token):
            return self._busy(lang)
        return self._page(bill, token, lang, sent=bool(sent))

    @open_route("/bill/<string:token>/pdf", "GET")
    def pdf(self, token, lang="hi", **_params):
        """The bill as PDF."""
        bill, lang = self._open(token), self._language(lang)
        if not bill:
            return self._refuse(lang)
        if not DOWNLOADS.hit(token):
            return self._busy(lang)
        language = bill.partner_id.lang or "hi_IN"
        name = f"bill_{bill.account_no[-4:]}_{bill.period:%Y-%m}.pdf"
        return request.make_response(
            bill_pdf(bill._document_data(language)[bill.id]),
            headers=[
                *HEADERS.items(),
                ("Content-Type", "application/pdf"),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    @open_route("/bill/<string:token>/problem", "POST", max_content_length=MAX_BYTES)
    def problem(self, token, lang="hi", **form):
        """Take a problem with the bill and show the page again."""
        bill, lang = self._open(token), self._language(lang)
        if not bill:
            return self._refuse(lang)
        form = {key: str(form.get(key) or "")[: 2 * MAX_TEXT] for key in (*_FIELDS, "homepage")}
        error, mobile = self._check(bill, token, form)
        if error:
            return self._page(bill, token, lang, form=form, error=error, status=422)
        # A field that nobody sees is filled by robots: they hear what they want to hear.
        if not form["homepage"]:
            if not (
                REPORTS_BY_ADDRESS.hit(caller(request.httprequest.remote_addr))
                and REPORTS.hit(token)
            ):
                return self._page(bill, token, lang, form=form, error="error_many", status=429)
            try:
                with bill.env.cr.savepoint():
                    bill.problem_ids._report(bill, form["kind"], form["text"].strip(), mobile)
            except UniqueViolation:
                _logger.debug("A problem was reported twice at the same moment; one is kept")
        return self._answer("", 303, [("Location", f"/bill/{token}?lang={lang}&sent=1")])

    # === WHAT IT IS MADE OF === #

    def _env(self):
        """Environment of the server."""
        # The rights of the system: a caller without a name has none of their own, and what they may
        # see is the one bill whose token they have.
        return request.env(user=SUPERUSER_ID, su=True)

    def _open(self, token):
        return self._env()["discom.bill"]._from_public_token(token)

    def _language(self, lang):
        return lang if lang in LANGUAGES else LANGUAGES[0]

    def _form_token(self, bill, token, hour):
        return f"{hour}.{link_token.sign(bill._link_key(), f'problem/{token}/{hour}')}"

    def _is_form_token(self, bill, token, text):
        """Whether a form was given out by this page within the last :data:`FORM_HOURS`."""
        if not re.fullmatch(r"\d{1,9}\.[0-9a-f]{32}", text):
            return False
        hour = int(text.split(".")[0])
        now = int(time.time() // 3600)
        return 0 <= now - hour <= FORM_HOURS and secrets.compare_digest(
            text, self._form_token(bill, token, hour)
        )

    def _check(self, bill, token, form):
        """``(name of the text that says what is wrong, mobile in E.164 form)``, either empty."""
        mobile = ""
        if not self._is_form_token(bill, token, form["form"]):
            return "error_stale", mobile
        if f"kind_{form['kind']}" not in TEXTS:
            return "error_kind", mobile
        if not form["text"].strip() and form["kind"] == "other":
            return "error_text", mobile
        if len(form["text"]) > MAX_TEXT:
            return "error_long", mobile
        if form["mobile"].strip():
            try:
                mobile = normalise_mobile(form["mobile"])
            except PhoneError:
                return "error_mobile", mobile
        return "", mobile

    def _page(self, bill, token, lang, status=200, **values):
        nonce = secrets.token_urlsafe(12)
        hour = int(time.time() // 3600)
        body = bill._render_page(
            lang,
            path=f"/bill/{token}",
            nonce=nonce,
            form_token=self._form_token(bill, token, hour),
            limit=MAX_TEXT,
            **values,
        )
        return self._answer(body, status, nonce=nonce)

    def _refuse(self, lang):
        """The one answer to all links that open nothing, or to too many of them."""
        if not GUESSES.hit(caller(request.httprequest.remote_addr)):
            return self._busy(lang)
        return self._message("gone", lang, 404)

    def _busy(self, lang):
        return self._message("busy", lang, 429)

    def _message(self, name, lang, status):
        nonce = secrets.token_urlsafe(12)
        body = self._env()["discom.bill"]._render_public(
            "discom.bill_page_message",
            lang,
            name=name,
            nonce=nonce,
            # Nothing is known of who reads it, and the page of the bill has the switch.
            other=texts("hi" if lang == "en" else "en"),
            other_language="hi" if lang == "en" else "en",
        )
        return self._answer(body, status, nonce=nonce)

    def _answer(self, body, status, headers=(), nonce=None):
        policy = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        if nonce:
            policy += f"; img-src data:; style-src 'nonce-{nonce}'"
        return request.make_response(
            body,
            status=status,
            headers=[
                *HEADERS.items(),
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Security-Policy", policy),
                *headers,
            ],
        )


_FIELDS = ("kind", "text", "mobile", "form")
