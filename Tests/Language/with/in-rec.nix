rec { s = { x = 1; }; y = with s; x; x = 5; z = with { w = 7; }; w + x; }
