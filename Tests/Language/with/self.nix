with { inherit (with { q = 1; }; { r = q; }) r; }; r
