from . import bill
from . import json
from . import metrics
from . import webhook
