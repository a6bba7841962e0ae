if false then throw "a" else 1
