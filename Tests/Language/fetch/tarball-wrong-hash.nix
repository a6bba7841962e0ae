# differs from 2.8.0: the input is named by its URL (newest Nix's Input::checkLocks)
fetchTarball {
  url = "file://${toString ./data}/pkg.tgz";
  sha256 = "sha256-AAAAnk8au4eZ9G2xJh9jIioARcw0DZGkLmj3r/q31tA=";
}
