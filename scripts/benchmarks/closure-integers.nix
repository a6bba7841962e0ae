# A closure of 300,000 integers, of which each is found once, and one of 150,000, of which each is found thrice.
[ (builtins.length (builtins.genericClosure {
    startSet = [ { key = 1; } ];
    operator = { key }: if key == 300000 then [ ] else [ { key = key + 1; } ];
  }))
  (import ./growth/closure-integers.nix 150000)
]
