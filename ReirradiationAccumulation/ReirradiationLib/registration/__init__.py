"""First floor: engines that find a :class:`SpatialTransform`, and measures of how good it is."""
