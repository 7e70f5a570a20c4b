"""Pictures of the manual, taken of the running demo: ``make screenshots``."""
