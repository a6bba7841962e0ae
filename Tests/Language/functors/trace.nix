# differs from 2.8.0: the newest Nix says that a functor was called
{ __functor = self: x: throw "inside"; } 1
