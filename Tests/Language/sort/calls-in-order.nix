# differs from 2.8.0: the newest Nix sorts by peeksort, whose calls of the comparator are seen by trace
let
  precedes = a: b: builtins.trace "${toString a} < ${toString b}" (a < b);
in
{
  inserted = builtins.sort precedes [ 3 1 2 ];
  runs = builtins.length (builtins.sort precedes [ 10 11 12 13 14 15 16 17 18 9 8 7 6 5 4 3 2 1 19 20 ]);
}
