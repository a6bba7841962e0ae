# differs from 2.8.0: the newest Nix has no thunk for an empty list
{ empty = [ ]; inner = [ [ ] ]; }
