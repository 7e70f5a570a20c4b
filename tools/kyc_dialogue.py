"""The dialogue in which a consumer proves an account number and consents, without a database.

::

    (none) --KYC--> account --number--> proof --right--> consent --yes or no--> (none)
                                              --right, but another number is proved--> (none)
    (none) --"not my account"--> which (only where several accounts share the number) --> (none)

:func:`advance` takes one step. What it knows of accounts is handed in; what is to be done and said
comes back as an :class:`Answer`. It says nothing of an account but the last four digits that the
writer has typed.
"""

import collections
import dataclasses
import enum
import hmac
import re
from collections.abc import Callable
from decimal import Decimal

from .phone import to_latin_digits

#: Wrong account numbers and proofs in 24 hours, from one phone and for one account.
TRIES = 5
#: Texts that are not understood before the dialogue gives up.
MISSES = 3

YES_WORDS = frozenset({"हाँ", "हां", "हा", "जी", "जी हाँ", "जी हां", "सहमत", "सहमत हूँ", "सहमत हूं",
                       "हाँ सहमत हूँ", "haan", "han", "ha", "yes", "y", "agree", "i agree",
                       "yes i agree"})  # fmt: skip
NO_WORDS = frozenset({"नहीं", "नही", "ना", "जी नहीं", "nahi", "nahin", "no", "n"})
_NUMBER = re.compile(r"\d(?:[\d, -]*\d)?(?:\.\d{1,2})?(?!\d)")
_ACCOUNT_LENGTHS = (10, 12)


class Step(enum.StrEnum):
    """What the dialogue waits for."""

    ACCOUNT = "account"
    PROOF = "proof"
    CONSENT = "consent"
    WHICH = "which"


@dataclasses.dataclass(slots=True)
class Connection:
    """What the dialogue knows of an account.

    :ivar last4: end of the account number
    :ivar mine: the writer's number is on it
    :ivar settled: and is proved, and consent is given
    :ivar held: another number is proved on it
    :ivar codes: codes printed on the newest bills
    :ivar amounts: last amounts paid, in rupees; empty where they are no sufficient proof
    """

    id: int
    last4: str
    mine: bool = False
    settled: bool = False
    held: bool = False
    codes: tuple[str, ...] = ()
    amounts: tuple[Decimal, ...] = ()


@dataclasses.dataclass(slots=True)
class Writer:
    """Who writes.

    :ivar usable: the number is one that can be kept
    :ivar tries: wrong account numbers and proofs of the last 24 hours
    :ivar account_tries: wrong proofs of the last 24 hours for each account, by id, whoever sent
        them; one object for all writers
    :ivar mine: ids of the accounts with this number
    :ivar find: returns the :class:`Connection` of an account number, or None
    :ivar get: returns the :class:`Connection` with an id, or None
    """

    usable: bool
    tries: int
    account_tries: collections.Counter
    mine: list[int]
    find: Callable
    get: Callable


@dataclasses.dataclass(slots=True)
class Said:
    """One text of the writer.

    :ivar text: as typed
    :ivar words: the same, folded (:func:`keywords.fold`)
    :ivar command: of the button pressed or the keyword written: ``start``, ``yes``, ``no``,
        ``notmine``; empty for any other text
    :ivar connection: id of the account that the button, or the message replied to, is about
    """

    text: str
    words: str
    command: str = ""
    connection: int | None = None


@dataclasses.dataclass(slots=True)
class Answer:
    """What follows from one step.

    :ivar say: key of the text to send
    :ivar values: what goes into the text
    :ivar step: what is waited for next, None where the dialogue is over
    :ivar connection: id of the account that is spoken of, or None
    :ivar misses: texts in a row that were not understood
    :ivar do: ``prove``, ``ask_staff``, ``given``, ``withdrawn`` or ``release``: to be done to
        ``connection``
    :ivar attempt: (id of the account or None, kind, whether right): to be kept; kinds are
        ``account``, ``code`` and ``amount``
    :ivar evidence: what proved the account: ``code``, ``amount`` or ``number``
    """

    say: str
    values: dict = dataclasses.field(default_factory=dict)
    step: Step | None = None
    connection: int | None = None
    misses: int = 0
    do: str = ""
    attempt: tuple | None = None
    evidence: str = ""


def account_number(text):
    """Return the account number in ``text``, 10 or 12 digits, or None where there is not one."""
    found = {
        digits
        for number in _NUMBER.findall(to_latin_digits(text))
        if len(digits := re.sub(r"\D", "", number)) in _ACCOUNT_LENGTHS and "." not in number
    }
    return found.pop() if len(found) == 1 else None


def is_account_number(text):
    """Tell whether ``text`` is an account number and nothing else."""
    digits = re.sub(r"[\s./-]", "", to_latin_digits(text))
    return digits.isascii() and digits.isdigit() and len(digits) in _ACCOUNT_LENGTHS


def advance(step, connection_id, misses, said, writer):
    """Take one step of the dialogue.

    Wrong tries are counted on ``writer`` at once, so that the next text of the
    same batch finds them.

    :param Step step: what was waited for, None at the beginning
    :param connection_id: id of the account that was spoken of, or None
    :param int misses: texts in a row that were not understood
    :rtype: Answer
    """
    if not writer.usable:
        return Answer("unusable")
    current = writer.get(connection_id) if connection_id else None
    match said.command:
        case "notmine":
            if step == Step.PROOF and current and not current.mine:
                # Said of the number just written, not of one that is on record.
                return _begin(writer)
            return _not_mine(said, writer)
        case "yes" | "no":
            pressed = writer.get(said.connection) if said.connection else None
            # A button stays on the phone for ever; it counts while the account is the writer's.
            if not (pressed and pressed.mine):
                return Answer("stale_button")
            return _consent(pressed, said.command)
        case "start":
            number = account_number(said.text)
            return _account(number, writer) if number else _begin(writer)
    match step:
        case Step.PROOF if current:
            return _proof(current, misses, said, writer)
        case Step.CONSENT if current and current.mine:
            if said.words in YES_WORDS | NO_WORDS:
                return _consent(current, "yes" if said.words in YES_WORDS else "no")
            return _missed("consent_unclear", step, current, misses)
        case Step.WHICH:
            return _which(said, misses, writer)
    number = account_number(said.text)
    if number:
        return _account(number, writer)
    return _missed("account_unclear", Step.ACCOUNT, None, misses)


def _begin(writer):
    if writer.tries >= TRIES:
        return Answer("locked")
    return Answer("ask_account", step=Step.ACCOUNT)


def _account(number, writer):
    """An account number was written."""
    if writer.tries >= TRIES:
        return Answer("locked")
    connection = writer.find(number)
    if connection is None:
        writer.tries += 1
        attempt = (None, "account", False)
        if writer.tries >= TRIES:
            return Answer("locked", attempt=attempt)
        values = {"left": TRIES - writer.tries}
        return Answer("account_unknown", values, Step.ACCOUNT, attempt=attempt)
    values = {"last4": connection.last4}
    if connection.mine:
        if connection.settled:
            return Answer("settled", values, connection=connection.id)
        return _ask_consent(connection, evidence="number")
    if writer.account_tries[connection.id] >= TRIES:
        return Answer("locked", connection=connection.id)
    if not connection.codes and not connection.amounts:
        return Answer("no_proof", values, connection=connection.id)
    say = "ask_proof" if connection.amounts else "ask_code"
    return Answer(say, values, Step.PROOF, connection.id)


def _proof(connection, misses, said, writer):
    """A proof was written, or another account number."""
    if number := account_number(said.text):
        return _account(number, writer)
    if _tries_left(connection, writer) <= 0:
        return Answer("locked", connection=connection.id)
    numbers = _NUMBER.findall(to_latin_digits(said.text))
    if len(numbers) != 1:
        return _missed("proof_unclear", Step.PROOF, connection, misses)
    kind = _proved_by(numbers[0], connection)
    if kind:
        if connection.held:
            # The paper may have come into other hands: nobody loses a proved number by it alone.
            values = {"last4": connection.last4}
            answer = Answer("ask_staff", values, connection=connection.id, do="ask_staff")
        else:
            answer = _ask_consent(connection, evidence=kind)
        answer.attempt = (connection.id, kind, True)
        return answer
    writer.tries += 1
    writer.account_tries[connection.id] += 1
    kind = "code" if _is_code(numbers[0]) else "amount"
    attempt = (connection.id, kind, False)
    left = _tries_left(connection, writer)
    if left <= 0:
        return Answer("locked", connection=connection.id, attempt=attempt)
    values = {"last4": connection.last4, "left": left}
    return Answer("proof_wrong", values, Step.PROOF, connection.id, attempt=attempt)


def _tries_left(connection, writer):
    return TRIES - max(writer.tries, writer.account_tries[connection.id])


def _is_code(number):
    return "." not in number and len(re.sub(r"\D", "", number)) == 6


def _proved_by(number, connection):
    """Return ``code`` or ``amount`` where ``number`` proves the account, else None."""
    digits = re.sub(r"\D", "", number).encode()
    # Every code is compared, each in constant time: the time taken tells nothing.
    codes = [hmac.compare_digest(digits, code.encode()) for code in connection.codes]
    if _is_code(number) and any(codes):
        return "code"
    if Decimal(re.sub(r"[^\d.]", "", number)) in connection.amounts:
        return "amount"
    return None


def _ask_consent(connection, evidence):
    return Answer(
        "ask_consent",
        {"last4": connection.last4},
        Step.CONSENT,
        connection.id,
        do="prove",
        evidence=evidence,
    )


def _consent(connection, word):
    action = "given" if word == "yes" else "withdrawn"
    values = {"last4": connection.last4}
    return Answer(f"consent_{action}", values, connection=connection.id, do=action)


def _not_mine(said, writer):
    """The writer has nothing to do with an account that has this number."""
    if said.connection in writer.mine:
        return _release(writer.get(said.connection))
    if not writer.mine:
        return Answer("none_mine")
    if len(writer.mine) == 1:
        return _release(writer.get(writer.mine[0]))
    return Answer("ask_which", {"accounts": _ends(writer)}, Step.WHICH)


def _which(said, misses, writer):
    """The last four digits of one of the writer's accounts are expected."""
    digits = re.sub(r"\D", "", to_latin_digits(said.text))[-4:]
    found = [
        connection
        for connection in map(writer.get, writer.mine)
        if connection.last4 == digits and len(digits) == 4
    ]
    if len(found) == 1:
        return _release(found[0])
    answer = _missed("which_unclear", Step.WHICH, None, misses)
    answer.values["accounts"] = _ends(writer)
    return answer


def _ends(writer):
    return ", ".join(f"…{writer.get(each).last4}" for each in writer.mine)


def _release(connection):
    values = {"last4": connection.last4}
    return Answer("released", values, connection=connection.id, do="release")


def _missed(say, step, connection, misses):
    """A text that does not answer the question."""
    if misses + 1 >= MISSES:
        return Answer("given_up")
    return Answer(
        say,
        {"last4": connection.last4} if connection else {},
        step,
        connection.id if connection else None,
        misses + 1,
    )
