"""First floor: radiobiology, dose mapping, structures as samples, DVH and accumulation."""
