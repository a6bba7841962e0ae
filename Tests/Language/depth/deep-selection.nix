let nest = n: if n == 0 then { end = 1; } else { a = nest (n - 1); }; s = nest 100; walk = n: s: if n == 0 then s.end else walk (n - 1) s.a; in walk 100 s
