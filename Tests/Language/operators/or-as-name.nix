# `or` is also an ordinary name in some places.
let or = 1; s = { or = 2; }; in [ s.or ({ inherit or; }).or ]
