# Keys of one type, many of them, in the order in which they are found; numbers that are equal are one key.
let
  numbers = builtins.genericClosure {
    startSet = [ { key = 1; } ];
    operator = { key }: if key > 20000 then [ ] else [ { key = key * 2; } { key = key * 2 + 1; } { key = 1; } { key = 9223372036854775807 - key / 1000; } ];
  };
  strings = builtins.genericClosure {
    startSet = [ { key = ""; } { key = "start"; } ];
    operator = { key }: if builtins.stringLength key > 9 then [ ] else [ { key = key + "a"; } { key = key + "b"; } { key = "start"; } ];
  };
  paths = builtins.genericClosure {
    startSet = [ { key = /.; } ];
    operator = { key }: if builtins.stringLength (toString key) > 9 then [ ] else [ { key = key + "/a"; } { key = key + "/b"; } { key = /a; } ];
  };
  hash = items: builtins.hashString "md5" (builtins.concatStringsSep "," (map (item: toString item.key) items));
in
map (items: [ (builtins.length items) (hash items) ]) [ numbers strings paths ]
