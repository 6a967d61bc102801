"""Platform users and the Open edX accounts behind them."""
