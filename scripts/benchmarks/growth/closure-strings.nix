# From n = 240000: a closure of strings.
n: builtins.length (builtins.genericClosure {
  startSet = [ { key = "node 1"; number = 1; } ];
  operator = { number, ... }:
    if number * 2 > n then [ ] else map (i: { key = "node ${toString i}"; number = i; }) [ (number * 2) (number * 2 + 1) (number / 3) ];
})
