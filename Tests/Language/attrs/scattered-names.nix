# Each name of a set is found and no other, also where names that came up long before and long after are in one set.
let
  indices = n: builtins.genList (i: i) n;
  make = prefix: n: builtins.listToAttrs (map (i: { name = "${prefix}${toString i}"; value = i; }) (indices n));
  early = make "early" 90;
  between = make "between" 4000;
  late = builtins.seq (builtins.attrNames between) (make "late" 3);
  every = n: builtins.listToAttrs (builtins.filter (pair: pair.value / n * n == pair.value) (map (i: { name = "between${toString i}"; value = i; }) (indices 4000)));
  sets = [ (early // late) (early // { between2000 = 2000; } // late) (every 7 // late) (early // every 2) (late // { between5 = 5; }) (every 50 // early) ];
  all = early // between // late // { unknown = 0; };
  found = set: builtins.filter (name: set ? ${name}) (builtins.attrNames all);
  isRight = set: found set == builtins.attrNames set && map (name: set.${name}) (found set) == map (name: all.${name}) (found set);
in
map (set: [ (builtins.length (found set)) (isRight set) ]) sets
