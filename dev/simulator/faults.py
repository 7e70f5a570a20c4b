"""Faults on demand: rules that make chosen requests go wrong."""

from dataclasses import asdict, dataclass, field, fields

from .errors import GraphError

KINDS = ("error", "http", "slow", "drop", "refuse", "hang", "garbage", "held")
ENDPOINTS = ("messages", "media", "templates", "accounts", "*")
_DEFAULT_DELAY_MS = {"slow": 1000, "hang": 30000, "held": 5000}


class FaultError(ValueError):
    """A rule that makes no sense."""


@dataclass
class Fault:
    """One rule; the keys are described in README.md."""

    id: int
    kind: str = "error"
    code: int | None = None
    via: str = "sync"
    details: str | None = None
    subcode: int | None = None
    title: str | None = None
    is_transient: bool | None = None
    retry_after: float | None = None
    status: int | None = None
    delay_ms: float | None = None
    rate: float = 1
    numbers: list = field(default_factory=list)
    count: int | None = None
    skip: int = 0
    phone_number_id: str | None = None
    endpoint: str = "messages"
    hits: int = 0
    seen: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise FaultError(f"kind must be one of {', '.join(KINDS)}")
        if self.kind == "error" and not isinstance(self.code, int):
            raise FaultError("an error needs its code, a number")
        if self.via not in ("sync", "webhook"):
            raise FaultError("via must be sync or webhook")
        if self.via == "webhook" and (self.kind != "error" or self.endpoint != "messages"):
            raise FaultError("only the error of a message can come by webhook")
        if self.kind == "held" and self.endpoint != "messages":
            raise FaultError("only a message can be held")
        if self.endpoint not in ENDPOINTS:
            raise FaultError(f"endpoint must be one of {', '.join(ENDPOINTS)}")
        for name in ("rate", "skip", "count", "delay_ms", "retry_after", "status", "subcode"):
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0
            ):
                raise FaultError(f"{name} must be a number, not negative")
        if not isinstance(self.numbers, list):
            raise FaultError("numbers must be a list")
        self.numbers = [str(number).lstrip("+") for number in self.numbers]
        if self.delay_ms is None:
            self.delay_ms = _DEFAULT_DELAY_MS.get(self.kind, 0)

    def error(self):
        """:return: the GraphError that this rule tells"""
        return GraphError(
            self.code,
            self.details,
            subcode=self.subcode,
            title=self.title,
            status=self.status,
            is_transient=self.is_transient,
            retry_after=self.retry_after,
        )


_GIVEN = {f.name for f in fields(Fault)} - {"id", "hits", "seen"}


class FaultRules:
    """The rules in force, in order; the first that fits a request is used.

    :param random: the simulator's source of chance
    """

    def __init__(self, random):
        self._random = random
        self._next_id = 1
        self.rules = []

    def clear(self, fault_id=None):
        """Remove one rule, or all of them."""
        self.rules = [r for r in self.rules if fault_id is not None and r.id != fault_id]

    def add(self, given):
        """Add the rule(s) that the admin API was given; a list replaces all rules.

        :raises FaultError: and then nothing is changed
        """
        many = isinstance(given, list)
        made = [self._make(one) for one in (given if many else [given])]
        self.rules = made if many else self.rules + made

    def _make(self, given):
        if not isinstance(given, dict):
            raise FaultError("a rule is an object")
        unknown = set(given) - _GIVEN
        if unknown:
            raise FaultError(f"unknown keys: {', '.join(sorted(unknown))}")
        rule = Fault(id=self._next_id, **given)
        self._next_id += 1
        return rule

    def pick(self, endpoint, phone_number_id=None, number=None):
        """:return: the first rule that hits this request, or None"""
        for rule in self.rules:
            if rule.endpoint not in ("*", endpoint):
                continue
            if rule.phone_number_id and rule.phone_number_id != phone_number_id:
                continue
            if rule.numbers and number not in rule.numbers:
                continue
            rule.seen += 1
            if rule.seen <= rule.skip:
                continue
            if rule.count is not None and rule.seen > rule.skip + rule.count:
                continue
            if rule.rate < 1 and self._random.random() >= rule.rate:
                continue
            rule.hits += 1
            return rule
        return None

    def as_list(self):
        """:return: the rules for the admin API"""
        return [asdict(rule) for rule in self.rules]
