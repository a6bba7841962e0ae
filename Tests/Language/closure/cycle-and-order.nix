# Breadth first, in the order in which keys are found; each key once.
map (x: x.key) (builtins.genericClosure { startSet = [ { key = 10; } { key = 3; } { key = 10; } ]; operator = { key, ... }: [ { key = key / 2; } { key = (key + 7) / 3; } ]; })
