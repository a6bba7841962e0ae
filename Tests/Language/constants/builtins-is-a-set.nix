let b = builtins // { add = a: b: "mine"; }; in [ (b.add 1 2) (with b; add 1 2) (builtins.elem "map" (builtins.attrNames builtins)) ]
