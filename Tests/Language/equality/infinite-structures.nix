let a = { x = a; }; in a == a
