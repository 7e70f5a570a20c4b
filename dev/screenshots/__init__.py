"""Pictures of the manual and of the reports, taken of the running demo: ``make screenshots``."""
