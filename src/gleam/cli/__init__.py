"""The command line: one file per verb, each with ``register(app)``, and no logic of its own."""
