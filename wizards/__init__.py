from . import outage_update
