"""Ground floor: typed, immutable data that flows through all rooms. Depends on numpy only."""
