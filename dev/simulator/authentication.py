"""Templates of category AUTHENTICATION: Meta writes their text, the author only chooses its parts.

Shape: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/copy-code-button-authentication-templates/
"""

from .errors import GraphError

EXPIRATION_MAX = 90
LABEL_MAX = 25
# How Meta hands out the button it made of an OTP button.
CODE_URL = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"
_TEXTS = {
    "hi": (
        "*{{1}}* आपका सत्यापन कोड है।",
        "अपनी सुरक्षा के लिए, यह कोड किसी को न बताएँ।",
        "यह कोड {} मिनट में समाप्त हो जाएगा।",
        "कोड कॉपी करें",
    ),
    "en": (
        "*{{1}}* is your verification code.",
        "For your security, do not share this code.",
        "This code expires in {} minutes.",
        "Copy code",
    ),
}


def _refuse(message):
    return GraphError(100, message, subcode=2388072, user_title="Invalid", user_msg=message)


def write_components(components, language):
    """Check the components of a create body and write the texts that Meta would.

    :param list components: as given by the author
    :param str language: of the template; texts of other languages than Hindi are English here
    :raises GraphError: for anything that Meta does not let an author choose
    :return: the components as Meta hands them out
    """
    if not isinstance(components, list) or not all(isinstance(c, dict) for c in components):
        raise _refuse("components must be a list of objects.")
    given = {str(component.get("type")).upper(): component for component in components}
    if len(given) < len(components) or not {"BODY", "BUTTONS"} <= set(given) <= {
        "BODY",
        "FOOTER",
        "BUTTONS",
    }:
        raise _refuse("An authentication template has a body, buttons, and may have a footer.")
    hindi = language.split("_")[0] == "hi"
    body, advice, expiry, label = _TEXTS["hi" if hindi else "en"]
    if "text" in given["BODY"]:
        raise _refuse("The body of an authentication template has no text of its own.")
    recommended = given["BODY"].get("add_security_recommendation", False)
    if not isinstance(recommended, bool):
        raise _refuse("add_security_recommendation must be true or false.")
    text = f"{body} {advice}" if recommended else body
    made = [{"type": "BODY", "text": text, "example": {"body_text": [["123456"]]}}]
    if "FOOTER" in given:
        minutes = given["FOOTER"].get("code_expiration_minutes")
        if set(given["FOOTER"]) != {"type", "code_expiration_minutes"}:
            raise _refuse("The footer takes code_expiration_minutes and nothing else.")
        if isinstance(minutes, bool) or not isinstance(minutes, int):
            raise _refuse("code_expiration_minutes must be a whole number.")
        if not 1 <= minutes <= EXPIRATION_MAX:
            raise _refuse(f"code_expiration_minutes must be from 1 to {EXPIRATION_MAX}.")
        made.append({"type": "FOOTER", "text": expiry.format(minutes)})
    made.append({"type": "BUTTONS", "buttons": [_button(given["BUTTONS"], label)]})
    return made


def _button(component, label):
    buttons = component.get("buttons")
    if not isinstance(buttons, list) or len(buttons) != 1 or not isinstance(buttons[0], dict):
        raise _refuse("An authentication template has one button.")
    button = buttons[0]
    if str(button.get("type")).upper() != "OTP":
        raise _refuse("The button of an authentication template is of type OTP.")
    if str(button.get("otp_type")).upper() != "COPY_CODE":
        raise _refuse("The simulator knows otp_type COPY_CODE only.")
    text = button.get("text", label)
    if not isinstance(text, str) or not 0 < len(text) <= LABEL_MAX:
        raise _refuse(f"The text of the button has 1 to {LABEL_MAX} characters.")
    return {
        "type": "URL",
        "text": text,
        "url": CODE_URL,
        "example": [CODE_URL.replace("{{1}}", "123456")],
    }
