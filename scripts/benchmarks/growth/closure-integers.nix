# From n = 200000: a closure of integers, each of which is found up to three times.
n: builtins.length (builtins.genericClosure {
  startSet = [ { key = 1; } ];
  operator = { key }: if key * 2 > n then [ ] else [ { key = key * 2; } { key = key * 2 + 1; } { key = key / 3; } ];
})
