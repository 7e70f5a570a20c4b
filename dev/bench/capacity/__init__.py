"""What the state's consumers would need: ``python -m dev.bench.capacity``.

Reckons a month and two years of five companies from the costs that docs/benchmarks.md holds, and
writes docs/capacity.md and the sizes in docs/deployment.md. No chance and no clock is in it: the
same benchmarks give the same text. What is not measured here stands in :mod:`.assumed` with its
source.

:mod:`.costs` reads the benchmarks, :mod:`.load` what consumers cause, :mod:`.database` what one
database needs for it, :mod:`.company` what the databases of a company need together,
:mod:`.bears` where a single database ends, :mod:`.page` writes.
"""
