let a = 5; b = 3; a-b = "name"; in [ a-b (a - b) (a -b) ]
