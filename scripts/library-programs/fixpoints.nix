{ lib }:
let
  base = final: { a = 1; b = final.a + 1; list = [ final.b ]; };
  first = final: prev: { a = prev.a + 10; c = final.b * 2; };
  second = final: prev: { list = prev.list ++ [ final.c ]; };
  extensible = lib.makeExtensible base;
  graph = [ "shoes" "socks" "shirt" "tie" ];
  before = x: y: { socks = [ "shoes" ]; shirt = [ "tie" ]; }.${x} or [ ] == [ y ];
in
{
  fix = lib.fix base;
  extended = lib.fix (lib.extends second (lib.extends first base));
  composed = lib.fix (lib.extends (lib.composeExtensions first second) base);
  many = lib.fix (lib.extends (lib.composeManyExtensions [ first second first ]) base);
  extensible = removeAttrs ((extensible.extend first).extend second) [ "extend" "__unfix__" ];
  converge = lib.converge (x: x / 2) 1000;
  sorted = lib.toposort before graph;
  overridden =
    let f = lib.makeOverridable ({ x ? 1, y ? 2 }: { sum = x + y; }) { x = 5; };
    in [ f.sum (f.override { y = 10; }).sum ((f.override (old: { x = old.x * 2; })).override { y = 0; }).sum ];
  deep = (lib.fix (self: lib.genAttrs (map toString (lib.range 0 300)) (n: if n == "0" then 0 else 1 + self.${toString (lib.toInt n - 1)})))."300";
}
