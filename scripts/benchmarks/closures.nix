# Functions that make, compose and keep functions.
let
  compose = f: g: x: f (g x);
  add = a: b: c: a + b + c;
  chain = n: builtins.foldl' (f: i: compose f (add i 1)) (x: x) (builtins.genList (i: i) n);
  functions = builtins.genList (i: chain 20) 100;
  run = x: builtins.foldl' (a: f: f a) x functions;
in builtins.foldl' (a: r: a + run r) 0 (builtins.genList (r: r) 3000)
