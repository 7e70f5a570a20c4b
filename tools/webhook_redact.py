"""Take what concerns a phone out of the body of a webhook call."""

import json

#: Lists within a change, and the keys by which an item names a phone or a person.
LISTS = {
    "statuses": ("recipient_id", "recipient_user_id"),
    "messages": ("from", "from_user_id"),
    "contacts": ("wa_id", "user_id"),
    "user_preferences": ("wa_id", "user_id"),
}
GONE = '{"erased": true}'


def redact(payload, people):
    """Return ``payload`` without the items about ``people``.

    A body that cannot be read, or names them elsewhere too, goes as a whole.

    :param str payload: JSON as Meta sent it
    :param set people: numbers as Meta writes them, 919415000001, and ids of persons
    """
    try:
        body = json.loads(payload)
        for entry in body["entry"]:
            for change in entry["changes"]:
                for name, keys in LISTS.items():
                    items = change["value"].get(name)
                    if items:
                        change["value"][name] = [
                            item for item in items if not people & {item.get(key) for key in keys}
                        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return GONE
    text = json.dumps(body)
    return GONE if any(person in text for person in people) else text
