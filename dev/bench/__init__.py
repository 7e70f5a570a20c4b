"""Measures the add-on against yardsticks taken in the same run; see README.md."""
