let k = "a"; in [ ({ a = 1; }.${k} or 2) ({ b = 1; }.${k} or 2) ({ b = 1; }."a b" or 3) ]
