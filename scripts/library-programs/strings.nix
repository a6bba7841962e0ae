{ lib }:
{
  split = lib.splitString "." "a.b..c";
  joined = lib.concatMapStringsSep ", " (x: "<${x}>") [ "a" "b" ];
  mapped = lib.concatImapStrings (i: x: "${toString i}${x}") [ "x" "y" ];
  affixes = [ (lib.hasPrefix "ab" "abc") (lib.hasSuffix "bc" "abc") (lib.hasInfix "b" "abc") (lib.removePrefix "a" "abc") (lib.removeSuffix "c" "abc") ];
  cases = [ (lib.toUpper "straße-äb") (lib.toLower "ABC") ];
  escaped = [ (lib.escapeShellArg "it's") (lib.escapeShellArgs [ "a b" "c" ]) (lib.escape [ "(" ")" ] "(x)") (lib.strings.escapeNixString "a\${b}\"") (lib.escapeXML "<a b='c'>&") (lib.escapeRegex "[a].*") ];
  characters = lib.stringToCharacters "abc";
  fixed = [ (lib.fixedWidthString 5 "0" "42") (lib.fixedWidthNumber 4 7) ];
  versions = [ (lib.versionOlder "1.2" "1.10") (lib.versionAtLeast "2.0" "2.0pre") (lib.versions.major "3.4.5") (lib.versions.majorMinor "3.4.5") (lib.getVersion "firefox-91.0.1") (lib.getName "firefox-91.0.1") ];
  numbers = [ (lib.toInt " 42 ") (lib.toInt "-7") (builtins.tryEval (lib.toInt "0b1")) (lib.toHexString 3735928559) (lib.toBaseDigits 8 64) ];
  replaced = lib.replaceStrings [ "a" "b" ] [ "b" "a" ] "abba";
  matched = lib.strings.match or builtins.match "(.*)-([0-9.]+)" "name-1.2";
  flags = [ (lib.enableFeature true "ssl") (lib.withFeatureAs true "x" "/y") (lib.boolToString false) ];
  paths = [ (lib.makeBinPath [ "/a" "/b" ]) (lib.makeSearchPath "lib" [ "/a" "/b" ]) ];
  generators = [
    (lib.generators.toINI { } { s = { a = 1; b = true; }; t.c = "x"; })
    (lib.generators.toKeyValue { } { a = 1; b = "y"; })
    (lib.generators.toPretty { } { a = [ 1 "x" null ]; b = { }; c = 1.5; d.e = true; })
    (lib.generators.toJSON { } { a = [ 1 { b = null; } ]; })
  ];
}
