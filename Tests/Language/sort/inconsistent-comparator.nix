# differs from 2.8.0: the newest Nix sorts by peeksort, which keeps every element whatever the comparator says
let
  numbers = builtins.genList (i: i * 37 - (i * 37 / 101) * 101) 90;
  isBefore = a: b: let x = a * 7 + b * 13; in x - (x / 5) * 5 < 2;
  sorted = builtins.sort isBefore numbers;
in
{
  elements = builtins.sort builtins.lessThan sorted == builtins.sort builtins.lessThan numbers;
  inherit sorted;
  always = builtins.sort (a: b: true) (builtins.genList (i: i) 40);
}
