let l = builtins.genList (i: { k = i - (i / 3) * 3; inherit i; }) 100; s = builtins.sort (a: b: a.k < b.k) l; in map (x: x.i) s
