# What a group defers is not set before the group is complete: not by an empty group among its values.
let
  f = x: x;
  group = rec {
    first = [ last.x ];
    second = {
      x = rec { };
      y = [ rec { } ];
    };
    third = last.x;
    inherit (rec { }) ;
    fourth = { inherit (f third last) ; };
    fifth = rec { inherit (f first last.x) ; };
    last = {
      x = rec { };
      y = f 5;
    };
  };
  c = b;
  b.${"b"} = rec { };
in
[
  group
  c
]
