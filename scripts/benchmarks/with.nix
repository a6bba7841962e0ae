# Names that are found through one to three `with`.
let
  one = { a = 1; b = 2; };
  two = { c = 3; d = 4; };
  three = { e = 5; f = 6; };
  sum = n: acc: if n == 0 then acc else sum (n - 1) (with one; with two; with three; acc + a + b + c + d + e + f);
  rounds = builtins.genList (r: sum 3000 r) 640;
in builtins.foldl' (a: b: a + b) 0 rounds
