# From n = 60000: a list is sorted by a written comparison.
n: builtins.head (builtins.sort (a: b: a < b) (builtins.genList (i: i * 7919 - (i * 7919 / n) * n) n))
