"""Charts as SVG, coloured by the style sheets' tokens."""
