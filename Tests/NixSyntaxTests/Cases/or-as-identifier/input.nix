[ (f or) { or = 1; }.or ]
