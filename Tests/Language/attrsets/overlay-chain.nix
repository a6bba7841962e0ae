let
  fix = f: let x = f x; in x;
  extends = o: f: final: let prev = f final; in prev // o final prev;
  base = final: { a = 1; b = final.a + 1; };
  one = final: prev: { a = prev.a + 10; };
  two = final: prev: { c = final.b + prev.a; };
in fix (extends two (extends one base))
