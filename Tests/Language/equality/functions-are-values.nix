# A function equals itself inside containers if both places hold one value. A delayed expression is a value of its own.
let
  set = { f = x: x; };
  f = x: x;
  chosen = if true then f else null;
  selected = set.f;
  make = _: { g = x: x; };
in
{
  shared = {
    variable = [ f ] == [ f ];
    delayed = [ chosen ] == [ chosen ];
    selection = [ selected ] == [ selected ];
    argument = (x: [ x ]) f == (x: [ x ]) f;
    formal = ({ x }: [ x ]) { x = f; } == [ f ];
    body = (let y = f; in [ y ]) == [ f ];
    inherited = let inherit (set) f; in [ f ] == [ f ];
    update = set == set // { };
    attrValues = builtins.attrValues { inherit f; } == [ f ];
    listToAttrs = { x = f; } == builtins.listToAttrs [ { name = "x"; value = f; } ];
    filter = [ f ] == builtins.filter (x: true) [ f ];
    foldl = builtins.foldl' (all: x: all ++ [ x ]) [ ] [ f ] == [ f ];
    elem = builtins.elem f [ f ];
  };
  apart = {
    selections = [ set.f ] == [ set.f ];
    forcedSelection = builtins.seq selected ([ selected ] == [ set.f ]);
    inheritedTwice = set == { inherit (set) f; };
    let_ = [ (let y = f; in y) ] == [ f ];
    conditional = [ chosen ] == [ f ];
    made = make 1 == make 1;
    arguments = (x: [ x ]) set.f == (x: [ x ]) set.f;
    elements = [ (builtins.elemAt [ f ] 0) ] == [ f ];
    mapped = map (x: x) [ f ] == map (x: x) [ f ];
    alternative = [ (set.f or null) ] == [ (set.f or null) ];
    generated = builtins.genList (_: f) 1 == builtins.genList (_: f) 1;
    elemOfSelections = builtins.elem set.f [ set.f ];
  };
}
