# differs from 2.8.0: the newest Nix says what was found
if 1 then 2 else 3
