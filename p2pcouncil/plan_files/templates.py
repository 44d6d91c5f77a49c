"""Tables to begin with: one for each layout."""

from typing import Literal

Layout = Literal["list", "coefficients", "flows"]

_TEMPLATES: dict[Layout, str] = {
    "list": """\
# A line for each thing that is used (input), worked (labour, in hours) or let out (pollutant).
# All of them are for the output in the same technique; an empty product means the one above.
product,technique,unit,output,kind,item,quantity,item unit
bread,Mill Lane,loaf,100,input,flour,60,kg
,,,,input,energy,120,kWh
,,,,labour,baking,12,h
,,,,labour,selling,3,h
bread,Old Town,loaf,50,input,flour,35,kg
,,,,input,energy,40,kWh
,,,,labour,baking,8,h
flour,,kg,1000,input,grain,1250,kg
,,,,input,energy,80,kWh
,,,,labour,milling,9,h
grain,,kg,5000,input,grain,200,kg
,,,,input,energy,400,kWh
,,,,labour,farming,90,h
energy,,kWh,10000,input,energy,300,kWh
,,,,labour,maintenance,45,h
,,,,pollutant,CO2,650,kg
""",
    "coefficients": """\
# What one unit of each column takes of each row, and the hours of work for it.
coefficients,agriculture,industry,services
agriculture,0.1,0.15,0.02
industry,0.2,0.3,0.1
services,0.05,0.1,0.15
labour,0.6,0.35,0.7
unit,t,t,1000 h
""",
    "flows": """\
# What the whole output of each column takes of each row; the total is all output, final demand included.
flows,agriculture,industry,total
agriculture,150,500,1000
industry,200,100,2000
labour,300,500,
""",
}


def template(layout: Layout) -> str:
    """A small table in a layout, ready to be filled in."""
    return _TEMPLATES[layout]
