"""What every page of ours needs: addresses, who may frame it, and which site it is of."""
