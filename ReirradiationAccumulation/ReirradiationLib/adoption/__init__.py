"""From nodes that 3D Slicer loaded to a case of the files behind them; nothing in the scene is changed."""
