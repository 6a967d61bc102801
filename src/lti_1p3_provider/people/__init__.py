"""What is known of one person: to show it, to hand it out, and to forget it."""
