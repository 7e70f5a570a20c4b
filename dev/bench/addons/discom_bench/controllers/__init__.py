from . import null
