# differs from 2.8.0: the newest Nix leaves out the position of the function
let f = { a, b }: a; in f { a = 1; }
