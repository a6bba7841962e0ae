# Functions that take sets with defaults and hand them on.
let
  make = { id, kind ? "plain", size ? id * 2, tags ? [ ], ... }: { inherit id kind size tags; };
  grow = { id, size, kind, ... }@record: record // { size = size + id; kind = if size > 100 then "big" else kind; };
  one = i: (grow (grow (make { id = i; extra = 1; })));
  total = builtins.foldl' (a: i: let r = one i; in a + r.size + (if r.kind == "big" then 1 else 0)) 0 (builtins.genList (i: i) 900000);
in total
