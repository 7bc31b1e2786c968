"""Charts as SVG, coloured by the style sheets' tokens: `svg` writes elements, `plane` places them."""
