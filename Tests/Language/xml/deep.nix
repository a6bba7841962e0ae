# Depth is no matter of the native stack.
builtins.stringLength (builtins.toXML (builtins.foldl' (a: i: [ a ]) 1 (builtins.genList (i: i) 2000)))
