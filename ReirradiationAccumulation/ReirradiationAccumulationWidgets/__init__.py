"""What the windows of both modules are made of; nothing here runs by itself, and only module files import it."""
