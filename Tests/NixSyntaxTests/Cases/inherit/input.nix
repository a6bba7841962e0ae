{ inherit a b; inherit (c) d "e" ${"f"}; inherit; inherit (g); }
