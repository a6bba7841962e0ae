# differs from 2.8.0: the newest Nix gives the place before the message, in the trace
let s = { a = 1; };
in s.b
