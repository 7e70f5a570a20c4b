from . import bill
from . import export
from . import json
from . import metrics
from . import webhook
