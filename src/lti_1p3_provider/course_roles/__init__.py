"""What people of a platform's course become in the course here: roles that launches give, and what takes them back."""
