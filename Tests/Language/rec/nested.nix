rec { a = 1; b = rec { c = a; a = 2; d = a; }; e = b.c; }
