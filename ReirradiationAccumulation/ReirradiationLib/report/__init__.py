"""Third floor: the evaluation as data, as JSON and as a self-contained HTML report."""
