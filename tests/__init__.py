from . import test_consumer_access
