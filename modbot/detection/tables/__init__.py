"""The tables that canonical text and signals read, and the script that builds them."""
