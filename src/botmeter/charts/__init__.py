"""Charts: values drawn as SVG, coloured by the tokens of the style sheets.

`svg` writes elements, `plane` places them, and each other module draws one kind of chart.
"""
