"""From a photo to ranked places: tiles, the closer look between them, and the scores around the best."""
