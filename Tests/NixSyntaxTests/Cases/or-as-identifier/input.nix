[ (f or) (or: or) { or = 1; }.or ]
