# The primes below 2,000, by trial division with the primes found so far.
let
  isPrime = primes: n:
    let
      candidates = builtins.filter (p: p * p <= n) primes;
    in
    builtins.all (p: n / p * p != n) candidates;
  step = primes: n: if isPrime primes n then primes ++ [ n ] else primes;
  primes = builtins.foldl' step [ ] (builtins.genList (i: i + 2) 1998);
in
{
  count = builtins.length primes;
  largest = builtins.elemAt primes (builtins.length primes - 1);
  sum = builtins.foldl' (a: b: a + b) 0 primes;
}
