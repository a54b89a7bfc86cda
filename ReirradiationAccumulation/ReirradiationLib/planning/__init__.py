"""Second floor: what the sums mean for the new plan – scorecard, limits and optimization structures."""
