# A float among many integers: all are compared as numbers, and the first of equal ones stays.
let
  items = builtins.genericClosure {
    startSet = builtins.genList (i: { key = i * 2; }) 100 ++ [ { key = 7.5; } { key = 4.0; } { key = 3; } { key = 3.0; } { key = 7; } ];
    operator = { key }: if key == 7.5 then [ { key = 6; } { key = 199; } { key = 199.0; } ] else [ ];
  };
in
map (item: item.key) items
