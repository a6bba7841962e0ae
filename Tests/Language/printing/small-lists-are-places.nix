# A list of one or two elements is printed whole wherever another thunk gives it; only the same place repeats.
let
  id = x: x;
  s = { l = [ 1 ]; pair = [ 1 2 ]; };
  same = if true then s.l else null;
  self = [ self ];
  f = { x, y ? x }: [ x y ];
in
{
  selected = [ s.l s.l s.pair s.pair ];
  inherit (s) l;
  called = [ (id s.l) (id s.l) ];
  variable = let l = [ 1 ]; in [ l l ];
  conditional = [ same s.l ];
  elements = let l = [ [ 1 ] ]; in [ (builtins.head l) (builtins.elemAt l 0) ];
  generated = let l = [ 1 ]; in builtins.genList (i: l) 2;
  scope = with s; [ l l ];
  default = f { x = [ 1 ]; };
  inherit self;
}
