# What is not evaluated is told so.
{ a = 1; t = 1 + 1; l = map (x: x) [ 1 ]; }
