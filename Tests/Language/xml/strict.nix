# Without places.
{ a = 1; f = x: x; t = { b = 1 + 1; }; }
