# A union or removal that changes nothing gives a set of its own, unless one side of the union is empty.
let
  set = { x = { y = 1; }; z = 2; };
  part = { z = 3; };
in
{
  itself = [ set (set // set) ];
  overridden = [ set (part // set) ];
  unioned = [ set (set // { }) ({ } // set) ];
  removed = [ set (removeAttrs set [ ]) (removeAttrs set [ "a" ]) ];
  empty = [ (removeAttrs { } [ "a" ]) (removeAttrs { } [ ]) ];
}
