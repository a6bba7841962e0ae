# The default `x ? f` is the value of the variable itself. That of another formal, or what only a `with` binds, is not.
let
  f = x: x;
  delayed = (z: z) f;
  set = { f = x: x; };
in
{
  shared = {
    default = ({ x ? f }: [ x ] == [ f ]) { };
    two = ({ x ? f, y ? f }: { a = x; } == { a = y; }) { };
    delayed = ({ x ? delayed }: [ x ] == [ delayed ]) { };
    parameter = (g: { x ? g }: [ x ] == [ g ]) delayed { };
    argument = ({ x ? f }: [ x ] == [ delayed ]) { x = delayed; };
    recursive = (rec { g = x: x; h = { x ? g }: [ x ] == [ g ]; }).h { };
    inherited = (let inherit (set) f; in ({ x ? f }: [ x ] == [ f ]) { });
    global = ({ x ? map }: [ x ] == [ map ]) { };
  };
  apart = {
    formal = ({ x, y ? x }: [ x ] == [ y ]) { x = f; };
    laterFormal = ({ y ? x, x ? f }: [ x ] == [ y ]) { };
    selection = ({ x ? set.f }: [ x ] == [ set.f ]) { };
    made = ({ x ? (z: z) f }: [ x ] == [ f ]) { };
    with_ = (with { g = f; }; { x ? g }: [ x ] == [ f ]) { };
  };
}
