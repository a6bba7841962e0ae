# Keeps ten million numbers, which takes far more memory than the 64 MiB that the job may use.
let
  numbers = builtins.genList (i: { value = i; square = i * i; }) 10000000;
  forced = builtins.deepSeq numbers numbers;
in
builtins.length forced + (builtins.elemAt forced 9999999).square
