let s = { or = 2; x.or = 3; }; in [ s.or s.x.or (s ? or) (s.y or 4) ]
