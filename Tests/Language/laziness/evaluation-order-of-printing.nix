# --strict evaluates attributes and elements in the order in which they are printed.
{ b = builtins.trace "b" 1; a = [ (builtins.trace "a0" 1) (builtins.trace "a1" 2) ]; }
