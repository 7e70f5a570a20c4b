"""Settings of the simulator: names, defaults, and the check of what the admin API is given."""

import dataclasses
from dataclasses import dataclass, field

STATUSES = ("sent", "delivered", "read")
_CHOICES = {
    "read_mode": ("auto", "manual", "off"),
    "order": ("normal", "reversed", "shuffled"),
    "daily_limit_via": ("sync", "webhook"),
}
_RATES = ("jitter", "read_rate", "delivered_rate", "duplicate_rate", "lost_rate")
_AT_LEAST_ONE = ("batch", "webhook_concurrency", "retry_factor")


class SettingError(ValueError):
    """A setting that does not exist, or a value it cannot take."""


@dataclass
class Settings:
    """Every knob of the simulator. Meaning and units of each: README.md."""

    webhook_url: str = ""
    token: str = "simulator-token"
    app_secret: str = "simulator-secret"
    verify_token: str = "simulator-verify"
    latency_ms: float = 0
    sent_ms: float = 300
    delivered_ms: float = 900
    read_ms: float = 2500
    jitter: float = 0
    read_mode: str = "auto"
    read_rate: float = 1
    delivered_rate: float = 1
    statuses: list = field(default_factory=lambda: list(STATUSES))
    order: str = "normal"
    duplicate_rate: float = 0
    lost_rate: float = 0
    batch: int = 1
    webhook_concurrency: int = 8
    webhook_timeout_s: float = 10
    retry_first_s: float = 1
    retry_factor: float = 2
    retry_max_s: float = 600
    retry_for_s: float = 7 * 86400
    throughput: int = 80
    pair_interval_s: float = 6
    pair_burst: int = 45
    daily_limit: int = 0
    daily_window_s: float = 86400
    daily_limit_via: str = "sync"
    not_on_whatsapp: dict = field(
        default_factory=lambda: {"numbers": [], "suffixes": [], "rate": 0}
    )
    window_check: bool = True
    template_review_ms: float = 2000
    template_reject: list = field(default_factory=list)
    template_marketing: list = field(default_factory=list)
    template_edits_per_day: int = 1
    template_name_lock_s: float = 30 * 86400
    media_keep_mb: float = 256
    media_ttl_s: float = 30 * 86400
    seed: int = 0

    def update(self, values):
        """Set several settings at once, all or none.

        :param dict values: setting name to value
        :raises SettingError: naming the first setting that is wrong
        """
        if not isinstance(values, dict):
            raise SettingError("settings must be an object of name: value")
        checked = {name: _checked(name, value) for name, value in values.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def as_dict(self):
        """:return: all settings, a copy that can be changed freely"""
        return dataclasses.asdict(self)


_DEFAULTS = Settings()


def _checked(name, value):
    if name not in Settings.__dataclass_fields__:
        raise SettingError(f"there is no setting {name!r}")
    default = getattr(_DEFAULTS, name)
    if name == "not_on_whatsapp":
        return _absentees(value)
    if name == "webhook_url" and value is None:
        return ""
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingError(f"{name} must be one of {', '.join(_CHOICES[name])}")
    if isinstance(default, bool):
        good = isinstance(value, bool)
    elif isinstance(default, (int, float)):
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        if good and isinstance(default, int) and Settings.__annotations__[name] is int:
            good = value == int(value)
            value = int(value)
    else:
        good = isinstance(value, type(default))
    if not good:
        raise SettingError(f"{name} cannot be {value!r}")
    if name in _RATES and value > 1:
        raise SettingError(f"{name} is a share, from 0 to 1")
    if name in _AT_LEAST_ONE and value < 1:
        raise SettingError(f"{name} must be at least 1")
    if name == "statuses" and not set(value) <= set(STATUSES):
        raise SettingError(f"statuses can hold {', '.join(STATUSES)}")
    return value


def _absentees(value):
    if not isinstance(value, dict) or not set(value) <= {"numbers", "suffixes", "rate"}:
        raise SettingError("not_on_whatsapp holds numbers, suffixes and rate")
    rate = value.get("rate", 0)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise SettingError("not_on_whatsapp.rate is a share, from 0 to 1")
    lists = {}
    for name in ("numbers", "suffixes"):
        items = value.get(name, [])
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise SettingError(f"not_on_whatsapp.{name} is a list of digits as text")
        lists[name] = [item.lstrip("+") for item in items]
    return {**lists, "rate": rate}
