let s = builtins.mapAttrs (n: v: v) s; in s
