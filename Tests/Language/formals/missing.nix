# differs from 2.8.0: the newest Nix leaves out the position of the function
({ a, b }: a) { a = 1; }
