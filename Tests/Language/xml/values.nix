# Every kind of value as XML.
builtins.toXML {
  int = 1; negative = -7; float = 2.5; tiny = 1.0e-10; string = "x<\"\n>&'\t"; "null" = null; yes = true; no = false;
  list = [ 1 [ ] [ [ 2 ] ] ]; set = { }; nested = { a = { b = { }; }; }; "name & <quote>\"" = 1; computed = 1 + 1;
  pattern = { b, a ? 1 }: a; ellipsis = { a, ... }: a; all = args@{ z, y }: args; both = { a, ... }@args: args; plain = x: x;
  curried = x: y: x; partial = (x: y: x) 1; primop = map; applied = map (x: x);
}
