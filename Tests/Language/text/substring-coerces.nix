[ (builtins.substring 0 2 { outPath = "abc"; }) (builtins.stringLength { __toString = s: "abcd"; }) ]
