# differs from 2.8.0: the newest Nix checks overflow
4294967296 * 4294967296
