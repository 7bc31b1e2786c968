"""Events in Botmeter's own format."""
