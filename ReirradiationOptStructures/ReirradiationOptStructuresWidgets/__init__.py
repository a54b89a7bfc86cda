"""What the window of Reirradiation Optimization Structures is made of; only its module file imports it."""
