# Functions on strings.
{ lib }:
let
  inherit (lib) lists;
in
rec {
  characters = text: builtins.genList (i: builtins.substring i 1 text) (builtins.stringLength text);

  unlines = builtins.concatStringsSep "\n";
  commas = builtins.concatStringsSep ", ";
  arrows = builtins.concatStringsSep " -> ";

  startsWith = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;

  # The text without the prefix, or unchanged if it does not begin with it.
  withoutPrefix = prefix: text:
    if startsWith prefix text
    then builtins.substring (builtins.stringLength prefix) (-1) text
    else text;

  # The parts between the occurrences of one character.
  splitOn = separator: text:
    builtins.foldl'
      (parts: c:
        if c == separator
        then parts ++ [ "" ]
        else lists.init parts ++ [ (lists.last parts + c) ])
      [ "" ]
      (characters text);

  # The text with spaces appended, up to at least `width` bytes.
  padRight = width: text:
    text + builtins.concatStringsSep "" (builtins.genList (_: " ") (lists.max 0 (width - builtins.stringLength text)));

  # The text with spaces prepended, up to at least `width` bytes.
  padLeft = width: text:
    builtins.concatStringsSep "" (builtins.genList (_: " ") (lists.max 0 (width - builtins.stringLength text))) + text;

  # The number that decimal digits denote.
  toInteger = text:
    let
      digits = { "0" = 0; "1" = 1; "2" = 2; "3" = 3; "4" = 4; "5" = 5; "6" = 6; "7" = 7; "8" = 8; "9" = 9; };
      digit = c: digits.${c} or (throw "'${text}' is not a number");
    in
    if text == "" then throw "an empty text is not a number"
    else builtins.foldl' (n: c: n * 10 + digit c) 0 (characters text);
}
