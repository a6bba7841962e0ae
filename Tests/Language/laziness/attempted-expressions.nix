# Expressions that may be evaluated where they are passed: nothing can tell when they are.
let
  ignore = a: b: b;
  second = x: ignore (x + 1) 2;
  limit = 1152921504606846975;
  try = e: (builtins.tryEval e).success;
  count = n: sum: if n == 0 then sum else count (n - 1) (sum + n);
  pair = x: { less = x < 0; next = x + 1; half = 1 / x; };
  fixed = let a = b + 1; b = if try (throw "b") then 1 else c * 2; c = 20; in a;
  cycle = rec { a = if builtins.length list == 2 then b + 1 else 0; b = 1; list = [ (a + 1) (b + 1) ]; };
  compare = s: x: ignore (x == s) (x == s && x != null);
  set = { a = 1; b.c = "text"; t = throw "t"; f = x: x; };
  test = s: [ (s ? a) (s ? z) (s.b ? c && s.b.c == "text") (s.z or 1 == 1) (s.a == 1 -> !(s ? b.c.d)) ];
  lazy = s: ignore (s.t == 1 || s.z + 1 == 2) (s.b.c == "text");
  deep = x: let y = x * x; z = y - x; in { inherit y z; w = if z < 0 then -z else z + limit; };
  words = if set.a == 1 then "one" else "many";
in {
  unused = [ (second "s") (second null) (second (throw "x")) (second { }) (second 1.5) ];
  numbers = [ (count 1000 0) (limit + limit) (-limit - 2) (deep 1) (deep (-5)) (deep 2147483648).y ];
  floats = [ (count 10 0.5) (deep 0.5).z ((x: [ (x * 2) (x == 1) (x < 2) ]) 1.0) ];
  halves = map (x: (pair x).less) [ 0 1 ];
  pairs = [ (pair 1) (pair (-1)) (pair (-1)).next ];
  cycle = [ cycle.a cycle.list ];
  comparisons = [
    (compare "text" "text") (compare "text" "texts") (compare null null) (compare 1 null) (compare [ ] [ ])
    (compare map map) (compare true false) (compare 1 1.0) (compare { a = 1; } { a = 1; })
    (compare (limit + limit) (limit + limit))
  ];
  functions = let f = x: x; same = a: b: [ a ] == [ b ]; in [ (same f f) (same set.f set.f) (same (set.f or f) set.f) ];
  inherit fixed words;
  tests = [ (test set) (test { a = 2; b = null; }) (lazy set) ];
}
