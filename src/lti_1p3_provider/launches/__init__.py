"""The doors of a launch: login, launch, content."""
