"""Routes of the review page, by what they are for."""
