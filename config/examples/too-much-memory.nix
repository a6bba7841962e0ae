# Needs far more memory than a job of 64 MiB gets: ten million numbers, all kept.
let
  numbers = builtins.genList (i: { value = i; square = i * i; }) 10000000;
  forced = builtins.deepSeq numbers numbers;
in
builtins.length forced + (builtins.elemAt forced 9999999).square
