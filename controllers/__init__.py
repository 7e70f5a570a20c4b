from . import bill
from . import metrics
from . import webhook
