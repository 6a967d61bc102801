"""Who may launch us: registrations, their deployments, and the keys with which we sign."""
