"""Charts: Vega-Lite specs made in Python, drawn to SVG on the server, coloured by the tokens of the style sheets.

`drawing` draws and mends, `plane` is the sheet of coordinates that every chart is laid on, and each
other module turns one small frozen value into drawings. Nothing here asks for data or makes addresses.
"""
