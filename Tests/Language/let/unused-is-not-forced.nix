let a = throw "no"; b = 1; in b
