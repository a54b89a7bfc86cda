"""Whether a planning system will take an object, of whatever origin."""
