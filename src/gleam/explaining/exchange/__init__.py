"""The benchmark in the forms that others read, and their edited texts back in."""
