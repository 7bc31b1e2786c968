"""The functions that `import botmeter` offers."""
