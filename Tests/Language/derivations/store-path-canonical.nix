# differs from 2.8.0: the newest Nix makes the path canonical first
builtins.storePath "/nix//store/./aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-foo/"
