let from = n: { v = n; next = from (n + 1); }; take = n: s: if n == 0 then [ ] else [ s.v ] ++ take (n - 1) s.next; in take 5 (from 1)
