# differs from 2.8.0: the newest Nix names tokens as they are written
let if = 1; in 2
