"""Several photos: of one place, or of one flight in time."""
