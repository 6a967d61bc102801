"""What the site's database can keep, what its errors mean, and searches for what it cannot hold."""
