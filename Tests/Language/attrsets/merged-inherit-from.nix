# Sources of inheritance keep to their set when sets are merged.
let x = { p = 1; q = 2; }; y = { r = 3; }; in
{ a = { inherit (x) p; inherit (y) r; }; a.b = 4; a.c = { inherit (x) q; }; a.c.d = 5; }
