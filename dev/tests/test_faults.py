"""The small form of the fault run."""

from . import fault_run


class SmallFaultRun(fault_run.FaultRun):
    """Each thing is torn down once."""

    count = 400
    rounds = 1
