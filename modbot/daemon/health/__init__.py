"""Whether all is well, for humans and machines: status, metrics, and the server for both."""
