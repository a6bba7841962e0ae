# differs from 2.8.0: a function is a value at once, so it prints as one also where nothing forced it
{ a = 1 + 1; b = 2; c = [ (1 + 1) ]; d = x: x; }
