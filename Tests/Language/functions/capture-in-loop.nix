let fs = map (n: x: n + x) [ 1 2 3 ]; in map (f: f 10) fs
