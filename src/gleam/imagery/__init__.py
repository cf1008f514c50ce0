"""Reading images, metadata and georeferenced rasters, and bringing every view towards the bird's view."""
