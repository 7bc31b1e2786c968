"""The vocabulary: frozen values, their checks and the error tree. Standard library only.

Everything else in Botmeter imports this package; it imports nothing of Botmeter.
"""
