# Of the place where it is written; a binding of the name does not matter.
let
  __curPos = 1;
  there = { inherit (__curPos) line column; };
in
[ there.line there.column (baseNameOf __curPos.file) ]
