from . import bill
from . import webhook
