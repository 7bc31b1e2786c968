"""Charts: frozen values drawn as SVG on the server, coloured by the tokens of the style sheets.

`svg` writes elements, `plane` places them and knows the widths that charts are drawn at, and each other
module draws one kind of chart. Nothing here reads data or makes addresses.
"""
