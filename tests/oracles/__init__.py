"""Our counts and prices held against public libraries, live: `make oracles RUNS=5000`.

The libraries are heavy, so they live in a virtual environment of their own, and the suite replays what they
answered once: `tests/vectors/tally_oracles.json.gz`, made by ``--record``, and `tests/vectors/input_output.json`.
"""
