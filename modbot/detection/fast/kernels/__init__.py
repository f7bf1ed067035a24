"""Compiled with numba; imported only where acceleration was asked for."""
