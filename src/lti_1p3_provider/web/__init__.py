"""What our pages and their requests share: addresses and origins, frames, forms that need no cookie, lists that are
read only."""
