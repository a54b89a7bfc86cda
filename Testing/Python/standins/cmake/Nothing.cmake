# Packaging is Slicer's business.
