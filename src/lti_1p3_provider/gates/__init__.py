"""What a registration may open."""
