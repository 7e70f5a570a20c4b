"""Meta's error codes: title, HTTP status, and the JSON in which they are told."""

import secrets

# code: (title, HTTP status, details used when none is given)
CATALOGUE = {
    0: ("AuthException", 401, "We were unable to authenticate the app user."),
    1: ("API Unknown", 500, "Invalid request or possible server error."),
    2: ("API Service", 503, "Temporary due to downtime or due to being overloaded."),
    3: ("API Method", 403, "Capability or permissions issue."),
    4: ("API Too Many Calls", 429, "The app has reached its API call rate limit."),
    10: ("Permission Denied", 403, "Permission is either not granted or has been removed."),
    33: ("Parameter value is not valid", 400, "The business phone number has been deleted."),
    100: ("Invalid parameter", 400, "A parameter is unsupported or misspelled."),
    190: ("Access token has expired", 401, "The access token has expired."),
    200: ("API Permission", 403, "Permission is either not granted or has been removed."),
    368: ("Temporarily blocked for policies violations", 403, "The account is restricted."),
    2200: ("Callback verification failed", 400, "The callback URL could not be verified."),
    80007: ("Rate limit issues", 429, "The WhatsApp Business Account reached its rate limit."),
    130403: ("Message blocked", 403, "The user blocked this business."),
    130429: ("Rate limit hit", 429, "Cloud API message throughput has been reached."),
    130472: ("User's number is part of an experiment", 400, "Message was not sent."),
    130497: ("Business account is restricted", 403, "Not allowed to message this country."),
    131000: ("Something went wrong", 500, "Message failed to send due to an unknown error."),
    131005: ("Access denied", 403, "Permission is either not granted or has been removed."),
    131008: ("Required parameter is missing", 400, "A required parameter is missing."),
    131009: ("Parameter value is not valid", 400, "A parameter value is not valid."),
    131016: ("Service unavailable", 503, "A service is temporarily unavailable."),
    131021: ("Recipient cannot be sender", 400, "Sender and recipient number is the same."),
    131026: ("Message undeliverable", 400, "The recipient cannot receive this message."),
    131030: ("Recipient phone number not in allowed list", 400, "Not in the allowed list."),
    131031: ("Account has been locked", 403, "The account is restricted or disabled."),
    131037: ("Display name approval needed", 400, "The display name is not approved yet."),
    131042: ("Business eligibility payment issue", 400, "The payment method has a problem."),
    131045: ("Incorrect certificate", 500, "The phone number could not be registered."),
    131047: ("Re-engagement message", 400, "More than 24 hours passed since the last reply."),
    131048: ("Spam rate limit hit", 429, "Sending from this number is restricted for now."),
    131049: ("Meta chose not to deliver", 400, "Kept back for a healthy ecosystem."),
    131050: ("User has stopped marketing messages", 400, "The user stopped marketing messages."),
    131051: ("Unsupported message type", 400, "Message type is not supported."),
    131052: ("Media download error", 400, "The media sent by the user could not be fetched."),
    131053: ("Media upload error", 400, "The media could not be used."),
    131056: ("Pair rate limit hit", 429, "Too many messages to this recipient in a short time."),
    131057: ("Account in maintenance mode", 500, "The account is in maintenance mode."),
    131059: ("Invalid cursor", 400, "The paging cursor is not valid."),
    131062: ("Recipient id not allowed", 400, "This message cannot go to this user id."),
    131064: ("Template misclassification limit", 429, "Sending is limited for now."),
    132000: ("Number of parameters does not match the expected number of params", 400, ""),
    132001: ("Template name does not exist in the translation", 404, ""),
    132005: ("Translated text too long", 400, "The translated text is too long."),
    132007: ("Template content policy violated", 400, "Template content violates a policy."),
    132012: ("Parameter format does not match format in the created template", 400, ""),
    132015: ("Template is paused", 400, "The template is paused for low quality."),
    132016: ("Template is disabled", 400, "The template is disabled for low quality."),
    132068: ("Flow is blocked", 400, "The flow is blocked."),
    132069: ("Flow is throttled", 400, "The flow is throttled."),
    133000: ("Incomplete deregistration", 500, "A previous deregistration failed."),
    133004: ("Server temporarily unavailable", 503, "Server is temporarily unavailable."),
    133005: ("Two step verification PIN mismatch", 400, "The PIN is incorrect."),
    133010: ("Phone number not registered", 400, "Register the phone number first."),
    133016: ("Account register deregister rate limit exceeded", 429, "Too many attempts."),
    134011: ("Terms of service not accepted", 400, "Accept the terms first."),
    135000: ("Generic user error", 400, "Message failed for an unknown request parameter."),
}
_TRANSIENT = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057, 133004})


class GraphError(Exception):
    """A refusal in Meta's terms.

    :param int code: Meta's error code
    :param str details: text of ``error_data.details``
    :param subcode: ``error_subcode``
    :param title: short text; the catalogue's when left out
    :param status: HTTP status; the catalogue's when left out
    :param user_title: ``error_user_title``, for errors shown to a template's author
    :param user_msg: ``error_user_msg``
    :param is_transient: whether Meta calls it transient; by code when left out
    :param retry_after: seconds for the ``Retry-After`` header
    """

    def __init__(
        self,
        code,
        details=None,
        *,
        subcode=None,
        title=None,
        status=None,
        user_title=None,
        user_msg=None,
        is_transient=None,
        retry_after=None,
    ):
        known_title, known_status, known_details = CATALOGUE.get(code, ("Error", 400, ""))
        self.code = code
        self.title = title or known_title
        self.details = known_details if details is None else details
        self.subcode = subcode
        self.status = status or known_status
        self.user_title = user_title
        self.user_msg = user_msg
        self.is_transient = code in _TRANSIENT if is_transient is None else is_transient
        self.retry_after = retry_after
        super().__init__(f"(#{code}) {self.title}: {self.details}")

    def as_answer(self):
        """:return: the JSON object of an HTTP answer"""
        error = {
            "message": f"(#{self.code}) {self.title}",
            "type": "OAuthException",
            "code": self.code,
        }
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.is_transient:
            error["is_transient"] = True
        if self.user_title or self.user_msg:
            error["error_user_title"] = self.user_title or self.title
            error["error_user_msg"] = self.user_msg or self.details
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
        return {"error": error}

    def as_status_error(self):
        """:return: the entry of ``errors`` in a failed status callback"""
        return {
            "code": self.code,
            "title": self.title,
            "message": self.title,
            "error_data": {"details": self.details or self.title},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }
