[ (builtins.mapAttrs (n: v: n + toString v) { a = 1; b = 2; }) (builtins.mapAttrs (throw "f") { }) (builtins.attrNames (builtins.mapAttrs (n: v: throw n) { a = 1; })) ]
