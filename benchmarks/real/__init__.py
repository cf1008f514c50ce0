"""Private sets of real imagery: how they become atlases, places tables, trainings and a page of figures."""
