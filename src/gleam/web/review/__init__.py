"""The page on which people revise a benchmark's texts."""
