[ (x: x) (x:y) ]
